"""SBAF and A-ReLU of Saha, Bora and others: how near they come to the sigmoid and the ReLU.

Their shapes are held to the formulas, the best fits of each to its targets measured, and networks
trained with each beside networks with what it is to approximate.
"""

from acts_jax.studies.saha_bora.claim import study as study
