"""Slopes below zero: seven fixed ones beside learned ones from three starting values.

python -m experiments.learn_prelu

trains 1000 networks in 7 programs. `leaky_relu` has the fixed slopes, `prelu` the learned ones. The
weights decay as in He et al. 2015; the learned slopes with them only where `decay_activations`.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """Slopes, learning rates and seeds are traced: one program holds all the fixed slopes."""
    return make_config(
        # Data
        dataset="digits",
        # Network
        activation=("leaky_relu", "prelu"),
        leaky_relu=dict(negative_slope=(0, 0.01, 0.1, 0.25, 0.5, 0.75, 1)),
        prelu=dict(slope=(0, 0.25, 1)),  # where the learned slopes start; 0.25 in the paper
        share=("network", "layer", "channel"),  # what shares one learned slope
        depth=4,  # hidden layers
        width=32,  # units per hidden layer
        init="second_moment",  # variance 2 / ((1 + slope^2) fan_in), as in the paper
        # Optimizer
        optimizer="momentum",
        learning_rate=(0.003, 0.01, 0.03, 0.1, 0.3),
        weight_decay=5e-4,
        decay_activations=(False, True),  # whether the learned slopes decay too
        # Schedule
        batch_size=64,  # examples
        epochs=30,  # of 18 steps each
        evals=10,  # evaluations after the one at initialisation
        seed="range(0, 8)",
    )
