"""Vanishing gradients: the same networks at three depths, from two distributions of weights.

    python -m experiments.vanishing_gradients

trains 4 activations x 3 depths x 2 initialisations x 6 learning rates x 5 seeds = 720 networks.
Expect a sigmoid layer to take away 77% of the gradient with LeCun's weights and 62% with those
that keep the second moment, and these to keep the gradient of the others at its size; and 16
sigmoid layers to stay at chance at every rate, where 16 layers of relu learn.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """Depth is what matters; the learning rate is chosen on validation for each network shape."""
    return make_config(
        # Data
        dataset="digits",
        preprocessing="standardize",
        # Network
        activation=("sigmoid", "tanh", "relu", "selu"),
        depth=(2, 6, 16),  # hidden layers
        width=32,  # units per hidden layer
        init=("lecun_normal", "second_moment"),  # weight variance 1 / fan_in; gain^2 / fan_in
        # Optimizer
        optimizer="momentum",
        learning_rate=(0.003, 0.01, 0.03, 0.1, 0.3, 1),
        # Schedule
        batch_size=64,
        epochs=20,
        evals=1,  # at the end: what counts is the trained network
        seed=(0, 1, 2, 3, 4),
    )
