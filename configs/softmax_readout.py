"""Softmax on the readout and inside: networks on the ten digits.

    python -m experiments.softmax_readout

trains 3 activations x 9 learning rates x 5 seeds = 135 networks, and 90 on two classes, with a
softmax and with a sigmoid head. Expect softmax inside to fall far behind ReLU, and n softmax - 1,
which differs from it by a scale and a shift alone, to reach as much as ReLU.
"""

from acts_jax.studies.softmax_readout import rescaled
from acts_jax.sweep.config import make_config


def get_config():
    """Every comma list or tuple is an axis; the sweep is the product of the axes."""
    return make_config(
        # Data
        dataset="digits",
        preprocessing="unit",  # pixels in [0, 1]
        # Network: ReLU in the hidden layers, or softmax over the units of each, plain or rescaled
        activation=("relu", "softmax", rescaled.NAME),
        depth=2,  # hidden layers
        width=64,  # units per hidden layer
        # Optimizer
        optimizer="momentum",
        momentum=0.9,
        learning_rate="logspace(0.01, 100, 9)",
        # Schedule
        batch_size=64,  # examples
        epochs=30,  # passes over the training set
        evals=1,  # at the end: what counts is the trained network
        seed=(0, 1, 2, 3, 4),
    )
