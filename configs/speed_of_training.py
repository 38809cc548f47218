"""How fast large networks reach a training loss: sigmoid and relu, by depth and learning rate.

python -m experiments.speed_of_training

trains 150 networks in 6 programs; the largest have 270,000 parameters, 230 for every training
example. Expect the sigmoid to take about three times as long as relu with 2 layers, ten times with
4, and not to get there with 8.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """Steps are interpolated between two evaluations, which lie densely where relu gets there."""
    return make_config(
        # Data
        dataset="digits",
        # Network
        activation=("sigmoid", "relu"),
        depth=(2, 4, 8),  # hidden layers
        width=192,  # units per hidden layer
        init="second_moment",  # each activation with the gain that keeps its signal alive
        # Optimizer
        optimizer="momentum",
        learning_rate=(0.01, 0.03, 0.1, 0.3, 1),
        # Schedule
        batch_size=64,  # examples
        epochs=30,  # of 18 steps each: the budget
        evals=12,
        eval_spacing="geometric",  # after 1, 2, 3, 6, 10, ... steps
        seed=(0, 1, 2, 3, 4),
    )
