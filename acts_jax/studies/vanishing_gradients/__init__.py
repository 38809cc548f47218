"""The vanishing gradient: what each layer does to the error on its way back, by depth.

Texts bound the factor of a sigmoid layer by the largest slope of the sigmoid, 1/4. Here both
factors of every layer, f' and the weights above it, are measured apart, in networks of several
depths from two distributions of initial weights, before and after training.
"""

from acts_jax.studies.vanishing_gradients.claim import study as study
