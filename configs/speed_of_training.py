"""How fast a network reaches a training loss: three activations, by depth and learning rate.

python -m experiments.speed_of_training

trains 315 networks in 9 programs.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """Every epoch ends with an evaluation, between which steps are interpolated."""
    return make_config(
        # Data
        dataset="digits",
        # Network
        activation=("sigmoid", "tanh", "relu"),
        depth=(2, 4, 8),  # hidden layers
        width=32,  # units per hidden layer
        init="second_moment",  # each activation with the gain that keeps its signal alive
        # Optimizer
        optimizer="momentum",
        learning_rate=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
        # Schedule
        batch_size=64,  # examples
        epochs=30,  # of 18 steps each: the budget
        evals=30,
        seed=(0, 1, 2, 3, 4),
    )
