"""Folding a stack of linear layers into one: y = x W + b."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from acts_jax.models import MLP


def fold(model: MLP, params: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The affine map that an `MLP` is, were its activation the identity.

    W = W1 W2 ... and b = (b1 W2 + b2) W3 + ..., for row vectors x; float64. With another
    activation the network is another function than x W + b.

    Args:
        model: an `MLP` without layer normalisation and skip connections.
        params: its parameters.

    Returns:
        (W [features, num_outputs], b [num_outputs]).

    Raises:
        ValueError: the model has layer normalisation, which is not affine, or skip connections.
    """
    if model.layer_norm:
        raise ValueError("Layer normalisation is not affine: this network cannot be folded.")
    if model.residual:
        raise ValueError("Skip connections are no stack of layers: this network cannot be folded.")
    names = [f"hidden_{i + 1}" for i in range(len(model.hidden_sizes))] + ["readout"]
    layers = [
        [np.asarray(params[n][leaf], np.float64) for leaf in ("kernel", "bias")] for n in names
    ]
    weight, bias = layers[0]
    for next_weight, next_bias in layers[1:]:
        weight, bias = weight @ next_weight, bias @ next_weight + next_bias
    return weight, bias
