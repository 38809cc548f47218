"""SBAF and A-ReLU in networks, beside the functions that they are said to approximate.

python -m experiments.saha_bora

trains 600 networks in 16 programs. Expect SBAF to come no nearer to the sigmoid than a straight
line, and three layers of it to learn only with layer normalisation.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """SBAF sees the sigmoid of the pre-activation: it is defined on [0, 1] only."""
    return make_config(
        # Data
        dataset="digits",
        # Network
        activation=("sigmoid", "relu", "sbaf", "a_relu"),
        sbaf=dict(k=0.98, alpha=(0, 0.5)),  # monotone and U-shaped; 0.98 and 0.5 in the paper
        a_relu=dict(k=0.54, n=1.3),  # as in the paper
        depth=(1, 3),  # hidden layers
        width=32,  # units per hidden layer
        init="second_moment",
        layer_norm=(False, True),  # validation chooses, for every function and depth
        # Optimizer
        optimizer="momentum",
        learning_rate=(0.01, 0.03, 0.1, 0.3, 1, 3),
        # Schedule
        batch_size=64,  # examples
        epochs=30,  # of 18 steps each
        evals=1,  # at the end: what counts is the trained network
        seed="range(0, 5)",
    )
