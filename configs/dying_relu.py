"""Dying units: small steps and steps that are far too large, with and without momentum.

    python -m experiments.dying_relu

trains 5 activations x 2 optimizers x 9 learning rates x 5 seeds = 450 networks. Expect relu to lose
few units at any rate that is of use to it and nearly all at rates ten times higher, where it no
longer learns, and no dead unit of the first layer to return.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """The learning rates reach beyond what trains: that is where units die."""
    return make_config(
        # Data
        dataset="digits",
        preprocessing="unit",  # no input is negative: weights that all fall kill a unit of layer 1
        # Network
        activation=("relu", "leaky_relu", "prelu", "elu", "gelu"),
        depth=3,  # hidden layers
        width=64,  # units per hidden layer
        init="he_normal",
        # Optimizer
        optimizer=("sgd", "momentum"),  # sgd: no velocity that could move a dead unit
        learning_rate="logspace(0.01, 2, 9)",
        # Schedule
        batch_size=64,
        epochs=15,
        evals=18,  # looks at the units
        eval_spacing="geometric",  # most of them in the first steps, where most units die
        seed=(0, 1, 2, 3, 4),
    )
