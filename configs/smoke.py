"""A sweep of seconds, to see that everything works.

python -m experiments.sweep --config=configs/smoke.py --workdir=runs/smoke
"""

from acts_jax.sweep.config import make_config


def get_config():
    """Two depths, three activations, three rates, two seeds."""
    return make_config(
        activation=("sigmoid", "relu", "prelu"),
        depth=(1, 2),
        width=16,
        learning_rate=(0.01, 0.1, 1.0),
        epochs=4,
        evals=2,
        seed=(0, 1),
    )
