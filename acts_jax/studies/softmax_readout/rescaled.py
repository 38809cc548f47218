"""Softmax brought to the scale of a hidden layer: mean 0, and values of the size of 1."""

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import Activation
from acts_jax.activations.readout import softmax


def _rescaled(x: jax.Array) -> jax.Array:
    r"""n softmax(x) - 1 over the n units of a layer, the last axis.

    The outputs of softmax are 1/n on average, whatever comes in: too little for the next layer,
    whose weights expect values of the size of 1. Here their mean is 0 and they reach up to n - 1.

    .. math::
        f(x)_i = n \frac{e^{x_i}}{\sum_j e^{x_j}} - 1
    """
    return jnp.asarray(x.shape[-1], x.dtype) * softmax(x) - 1


rescaled_softmax = Activation("rescaled_softmax", _rescaled, elementwise=False)
NAME, LABEL = f"{__name__}:rescaled_softmax", "n · softmax − 1"
