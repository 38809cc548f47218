"""Whole-vector functions that give a distribution: softmax, sparsemax and their relatives."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import register
from acts_jax.kernels import simplex
from acts_jax.kernels.elementwise import vectorwise


@register(elementwise=False, range=(0, 1), reference="Bridle 1990")
@vectorwise(simplex.softmax)
def softmax(
    x: ArrayLike, axis: int | tuple[int, ...] | None = -1, where: ArrayLike | None = None
) -> jax.Array:
    r"""Softmax over an axis: a categorical distribution.

    .. math::
        f(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}

    Of two classes it is the sigmoid of the difference. It belongs on the readout. The axis is
    the last one in `jax.nn` and Keras, too; PyTorch asks for it.

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.
        axis: the axis of the classes, several, or None for all.
        where: which of the classes take part, broadcasts against x; by default all.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the axis.
    """
    e = jnp.exp(x) if where is None else where * jnp.exp(x)
    return e / jnp.sum(e, axis, keepdims=True)


@register(elementwise=False, range=(-math.inf, 0), aliases=("logsoftmax",))
@vectorwise(simplex.log_softmax)
def log_softmax(
    x: ArrayLike, axis: int | tuple[int, ...] | None = -1, where: ArrayLike | None = None
) -> jax.Array:
    r"""Logarithm of the softmax over an axis.

    .. math::
        f(x)_i = x_i - \log \sum_j e^{x_j}

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.
        axis: the axis of the classes, several, or None for all.
        where: which of the classes take part, broadcasts against x; by default all.

    Returns:
        [..., classes], values in (-inf, 0] whose exponentials sum to 1.
    """
    return x - jnp.log(jnp.sum(jnp.exp(x), axis, keepdims=True, where=where))


@register(elementwise=False, range=(0, 1))
@vectorwise(lambda x, axis=-1: simplex.softmax(-x, axis))
def softmin(x: ArrayLike, axis: int | tuple[int, ...] | None = -1) -> jax.Array:
    r"""Softmax of -x over an axis: the smallest entry is the most likely.

    .. math::
        f(x)_i = \frac{e^{-x_i}}{\sum_j e^{-x_j}}

    Args:
        x: [..., classes]; float dtypes are kept, integers become floats.
        axis: the axis of the classes, several, or None for all.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the axis.
    """
    return softmax(-x, axis)


@register(elementwise=False, range=(0, 1), reference="Martins & Astudillo 2016, arXiv:1602.02068")
@vectorwise(simplex.sparsemax)
def sparsemax(x: ArrayLike, axis: int | tuple[int, ...] | None = -1) -> jax.Array:
    r"""Sparsemax over an axis: a distribution with exact zeros.

    .. math::
        f(x) = \operatorname{arg\,min}_{p \in \Delta} \lVert p - x \rVert^2, \qquad
        f(x) = \max(x - \tau(x), 0)

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.
        axis: the axis of the classes, several, or None for all.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the axis.
    """
    size = jnp.cumsum(jnp.ones_like(x), axis)
    largest = jnp.cumsum(-jnp.sort(-x, axis), axis)
    return jnp.maximum(x - jnp.max((largest - 1) / size, axis, keepdims=True), 0)


@register(
    elementwise=False, range=(0, 1), reference="Peters, Niculae, Martins 2019, arXiv:1905.05702"
)
@vectorwise(simplex.entmax15)
def entmax15(x: ArrayLike, axis: int | tuple[int, ...] | None = -1) -> jax.Array:
    r"""1.5-entmax over an axis: between softmax and sparsemax.

    .. math::
        f(x)_i = \max\left(\tfrac{x_i}{2} - \tau(x), 0\right)^2, \quad \sum_i f(x)_i = 1

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.
        axis: the axis of the classes, several, or None for all.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the axis.
    """
    z, size = -jnp.sort(-x / 2, axis), jnp.cumsum(jnp.ones_like(x), axis)
    mean, square = jnp.cumsum(z, axis) / size, jnp.cumsum(z**2, axis) / size
    tau = mean - jnp.sqrt(1 / size - (square - mean**2))
    tau = jnp.max(jnp.where(tau <= z, tau, -jnp.inf), axis, keepdims=True)
    return jnp.maximum(x / 2 - tau, 0) ** 2
