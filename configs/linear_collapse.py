"""Linear and ReLU networks of 256 hidden units, in 1 to 16 layers, at their own best rates.

    python -m experiments.linear_collapse

trains 2 activations x 5 shapes x 5 learning rates x 5 seeds = 250 networks.
"""

from acts_jax.sweep.config import make_config

UNITS = 256


def get_config():
    """Every comma list or tuple is an axis; the sweep is the product of the axes."""
    return make_config(
        # Data
        dataset="digits",
        preprocessing="unit",  # pixels in [0, 1]
        # Network: the same number of hidden units in every shape
        activation=("identity", "relu"),
        hidden_sizes=["-".join([str(UNITS // depth)] * depth) for depth in (1, 2, 4, 8, 16)],
        init="second_moment",  # keeps the signal alive through 16 layers, for either activation
        # Optimizer
        optimizer="momentum",
        momentum=0.9,
        learning_rate=(0.003, 0.01, 0.03, 0.1, 0.3),
        # Schedule
        batch_size=64,  # examples
        epochs=30,  # passes over the training set
        evals=1,  # at the end: what counts is the trained network
        seed=(0, 1, 2, 3, 4),
    )
