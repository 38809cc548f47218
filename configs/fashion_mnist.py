"""Eight activations at three depths on 70,000 pictures of clothes.

    python -m experiments.prepare --dataset=fashion_mnist
    python -m experiments.sweep --config=configs/fashion_mnist.py --workdir=runs/fashion

The networks are those of configs/digits.py; the test set is the published one.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """Batches are larger and epochs fewer than for digits, since there is fifty times the data."""
    return make_config(
        # Data
        dataset="fashion_mnist",  # 60,000 training and 10,000 test images of 28x28 pixels
        preprocessing="symmetric",  # pixels in [-1, 1]
        # Network
        activation=("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "gelu", "silu"),
        depth=(2, 4, 8),  # hidden layers
        width=64,  # units per hidden layer
        init="second_moment",  # N(0, gain^2 / fan_in): each activation by its own gain
        # Optimizer
        optimizer="momentum",
        momentum=0.9,
        learning_rate=(0.003, 0.01, 0.03, 0.1),
        # Schedule
        batch_size=256,  # examples
        epochs=10,
        evals=2,
        seed=(0, 1, 2),
    )
