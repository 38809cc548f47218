"""Eight sigmoids on one scale, trained side by side.

    python -m experiments.sigmoid_family

trains 8 activations x 5 learning rates x 5 seeds = 200 networks. All eight have slope 1 at 0 and
range (-1, 1), so the same initial weights suit all.
"""

from acts_jax.sweep.config import make_config
from acts_jax.theory import scaled_sigmoids


def get_config():
    """Every comma list or tuple is an axis; the sweep is the product of the axes."""
    return make_config(
        # Data
        dataset="digits",
        preprocessing="symmetric",  # pixels in [-1, 1]
        # Network
        activation=(*scaled_sigmoids.CATALOGUE, *scaled_sigmoids.MADE),
        depth=3,  # hidden layers
        width=64,  # units per hidden layer
        # Optimizer
        optimizer="momentum",
        momentum=0.9,
        learning_rate=(0.01, 0.03, 0.1, 0.3, 1.0),
        # Schedule
        batch_size=64,  # examples
        epochs=30,  # passes over the training set
        evals=1,  # evaluations after the one at initialisation
        seed=(0, 1, 2, 3, 4),
    )
