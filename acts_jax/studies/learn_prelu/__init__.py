"""The slope below zero: some fixed values tried, or learned by gradient descent (PReLU).

Networks are trained with fixed slopes and with slopes learned from several starts, one for each
network, layer or channel. Every variant is compared at the learning rate that validation chooses
for it: how accurate it is, where learned slopes end, and whether that depends on their start.
"""

from acts_jax.studies.learn_prelu.claim import study as study
