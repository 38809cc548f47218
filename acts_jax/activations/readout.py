"""Whole-vector functions for the readout: softmax and log_softmax."""

import math

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import register


def _along_last_axis(function, x):
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        x = x.astype(float)
    return function(x.astype(jnp.promote_types(x.dtype, jnp.float32)), axis=-1).astype(x.dtype)


@register(
    family="readout",
    elementwise=False,
    range=(0, 1),
    formula=r"\frac{e^{x_i}}{\sum_j e^{x_j}}",
    reference="Bridle 1990",
)
@jax.jit
def softmax(x: jax.Array) -> jax.Array:
    r"""Softmax over the last axis: a categorical distribution.

    .. math::
        f(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}

    Of two classes it is the sigmoid of the difference. It belongs on the readout.

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the last axis.
    """
    return _along_last_axis(jax.nn.softmax, x)


@register(
    family="readout",
    elementwise=False,
    range=(-math.inf, 0),
    formula=r"x_i - \log \sum_j e^{x_j}",
    aliases=("logsoftmax",),
)
@jax.jit
def log_softmax(x: jax.Array) -> jax.Array:
    r"""Logarithm of the softmax over the last axis.

    .. math::
        f(x)_i = x_i - \log \sum_j e^{x_j}

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.

    Returns:
        [..., classes], values in (-inf, 0] whose exponentials sum to 1.
    """
    return _along_last_axis(jax.nn.log_softmax, x)
