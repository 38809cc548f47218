"""What a function is raced on: the same networks for it and for its rivals.

    python -m experiments.verdict --activation=my_pkg.my_mod:my_fn

starts each function from 13 learning rates with 2 seeds each, and halves them from round to round.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """The activations are set by --activation and --against; the seeds are those of the start."""
    return make_config(
        # Data
        dataset="digits",
        preprocessing="unit",
        # Network
        depth=4,  # hidden layers
        width=64,  # units per hidden layer
        init="second_moment",  # N(0, gain^2 / fan_in): each function by its own gain
        # Optimizer
        optimizer="momentum",
        momentum=0.9,
        learning_rate="logspace(1e-3, 1, 13)",
        # Schedule
        batch_size=64,  # examples
        epochs=30,
        evals=5,
        seed=(0, 1),
    )
