"""What the tutorial's notebooks show, one seed each.

Lippe, "Tutorial 3 (JAX): Activation Functions", UvA Deep Learning Tutorials
(phlippe/uvadlc_notebooks at a30e19d), and its PyTorch version (at 1869d52).
"""

import pandas as pd

ACCURACY = pd.DataFrame(
    {
        "JAX": [0.7846, 0.8857, 0.8865, 0.8833, 0.8832, 0.8833],
        "PyTorch": [0.1000, 0.8759, 0.8862, 0.8892, 0.8727, 0.8873],
    },
    index=["sigmoid", "tanh", "relu", "leaky_relu", "elu", "swish"],
)
"""On test: a row per activation, a column per version of the notebook."""

WIDE, DEEP = "512-256-256-128", "256-256-256-256-256-128-128-128-128-128"

DEAD = {
    ("before", WIDE): {"JAX": (0, 0, 3, 7), "PyTorch": (0, 0, 3, 10)},
    ("after", WIDE): {"JAX": (0, 0, 3, 3), "PyTorch": (0, 0, 0, 3)},
    ("before", DEEP): {
        "JAX": (0, 1, 1, 19, 75, 53, 71, 57, 64, 69),
        "PyTorch": (0, 0, 7, 27, 89, 60, 58, 61, 72, 56),
    },
}
"""Units of relu networks that are 0 for all 50,000 training images, by layer."""
