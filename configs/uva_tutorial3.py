"""A published study on Fashion-MNIST: the University of Amsterdam's tutorial on activations.

python -m experiments.sweep --config=configs/uva_tutorial3.py --workdir=runs/uva

trains the tutorial's network with each of six activations, from five seeds where the tutorial has
one. Of its deep network it counts the dead units: the same with --config.activation=relu and
--config.hidden_sizes=256-256-256-256-256-128-128-128-128-128.

Source: Lippe, "Tutorial 3 (JAX): Activation Functions", UvA Deep Learning Tutorials.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """The tutorial's settings; a field has one value wherever the tutorial has."""
    return make_config(
        # Data
        dataset="fashion_mnist",
        preprocessing="symmetric",  # pixels in [-1, 1]
        validation_fraction=1 / 6,  # 10,000 of the 60,000 training images
        # Network
        activation=("sigmoid", "tanh", "relu", "leaky_relu", "elu", "swish"),
        leaky_relu=dict(negative_slope=0.1),
        hidden_sizes="512-256-256-128",
        init="torch_default",  # weights and biases uniform within 1/sqrt(fan_in) of 0
        # Optimizer
        optimizer="momentum",
        momentum=0.9,
        learning_rate=0.01,
        # Schedule
        batch_size=256,  # examples
        epochs=50,  # at most
        evals=50,  # one after every epoch
        patience=7,  # evaluations without a better validation accuracy
        seed=(0, 1, 2, 3, 4),
    )
