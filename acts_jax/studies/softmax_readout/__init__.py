"""Softmax where it belongs, on the readout; as the sigmoid of two classes; and in hidden layers.

The class probabilities of test examples are looked at one by one; then two classes are told apart
with either head, and networks with softmax in their hidden layers are compared with the others.
"""

from acts_jax.studies.softmax_readout.claim import study as study
