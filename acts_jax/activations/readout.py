"""Whole-vector functions that give a distribution: softmax, sparsemax and their relatives."""

import functools
import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.catalogue import register
from acts_jax.activations.rectified import relu

_jit = functools.partial(jax.jit, static_argnames="axis")


def _rounded_once(function, x, **options):
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        x = x.astype(float)
    return function(x.astype(jnp.promote_types(x.dtype, jnp.float32)), **options).astype(x.dtype)


def _along(axis, function, x):
    """A function of the last axis, applied to another one."""
    return jnp.moveaxis(_rounded_once(function, jnp.moveaxis(x, axis, -1)), -1, axis)


@register(
    family="readout",
    parameters={},
    elementwise=False,
    range=(0, 1),
    formula=r"\frac{e^{x_i}}{\sum_j e^{x_j}}",
    reference="Bridle 1990",
)
@_jit
def softmax(
    x: jax.Array, axis: int | tuple[int, ...] = -1, where: jax.Array | None = None
) -> jax.Array:
    r"""Softmax over an axis: a categorical distribution.

    .. math::
        f(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}

    Of two classes it is the sigmoid of the difference. It belongs on the readout. The axis is
    the last one in `jax.nn` and Keras, too; PyTorch asks for it.

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.
        axis: the axis of the classes, or several.
        where: which of the classes take part, broadcasts against x; by default all.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the axis.
    """
    return _rounded_once(jax.nn.softmax, x, axis=axis, where=where)


@register(
    family="readout",
    parameters={},
    elementwise=False,
    range=(-math.inf, 0),
    formula=r"x_i - \log \sum_j e^{x_j}",
    aliases=("logsoftmax",),
)
@_jit
def log_softmax(
    x: jax.Array, axis: int | tuple[int, ...] = -1, where: jax.Array | None = None
) -> jax.Array:
    r"""Logarithm of the softmax over an axis.

    .. math::
        f(x)_i = x_i - \log \sum_j e^{x_j}

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.
        axis: the axis of the classes, or several.
        where: which of the classes take part, broadcasts against x; by default all.

    Returns:
        [..., classes], values in (-inf, 0] whose exponentials sum to 1.
    """
    return _rounded_once(jax.nn.log_softmax, x, axis=axis, where=where)


@register(
    family="readout",
    parameters={},
    elementwise=False,
    range=(0, 1),
    formula=r"\frac{e^{-x_i}}{\sum_j e^{-x_j}}",
)
@_jit
def softmin(x: jax.Array, axis: int = -1) -> jax.Array:
    r"""Softmax of -x over an axis: the smallest entry is the most likely.

    .. math::
        f(x)_i = \frac{e^{-x_i}}{\sum_j e^{-x_j}}

    Args:
        x: [..., classes]; float dtypes are kept, integers become floats.
        axis: the axis of the classes.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the axis.
    """
    return _rounded_once(lambda x: jax.nn.softmax(-x, axis), x)


def _below_largest(x):
    return x - lax.stop_gradient(jnp.max(x, axis=-1, keepdims=True))


def _sorted_sums(x, axis):
    """Cumulative sums of x, sorted from its largest entry down, and 1, 2, ..., n beside them."""
    ordered = -jnp.sort(-x, axis=axis)
    count = jnp.broadcast_to(jnp.arange(1, x.shape[axis] + 1, dtype=x.dtype), x.shape)
    return ordered, jnp.cumsum(ordered, axis=axis), count


def _last_of(threshold, supported):
    size = jnp.sum(supported, axis=-1, keepdims=True)
    return jnp.take_along_axis(threshold, size - 1, axis=-1)


@jax.custom_jvp
def _sparsemax_threshold(x):
    ordered, sums, count = _sorted_sums(x, -1)
    return _last_of((sums - 1) / count, 1 + count * ordered > sums)


@_sparsemax_threshold.defjvp
def _sparsemax_threshold_jvp(primals, tangents):
    (x,), (dx,) = primals, tangents
    threshold = _sparsemax_threshold(x)
    support = (x > threshold).astype(x.dtype)
    mean = jnp.sum(support * dx, axis=-1, keepdims=True) / jnp.sum(support, -1, keepdims=True)
    return threshold, mean


@register(
    family="readout",
    parameters={},
    elementwise=False,
    range=(0, 1),
    formula=r"\operatorname{arg\,min}_{p \in \Delta} \lVert p - x \rVert^2",
    reference="Martins & Astudillo 2016, arXiv:1602.02068",
)
@_jit
def sparsemax(x: jax.Array, axis: int = -1) -> jax.Array:
    r"""Sparsemax over an axis: a distribution with exact zeros.

    .. math::
        f(x) = \operatorname{arg\,min}_{p \in \Delta} \lVert p - x \rVert^2 = \max(x - \tau(x), 0)

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.
        axis: the axis of the classes.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the axis.
    """

    def project(x):
        x = _below_largest(x)
        return relu(x - _sparsemax_threshold(x))

    return _along(axis, project, x)


@jax.custom_jvp
def _entmax_threshold(x):
    ordered, sums, count = _sorted_sums(x, -1)
    mean = sums / count
    spread = jnp.cumsum(jnp.square(ordered), axis=-1) - count * jnp.square(mean)
    threshold = mean - jnp.sqrt(jnp.maximum((1 - spread) / count, 0))
    return _last_of(threshold, threshold <= ordered)


@_entmax_threshold.defjvp
def _entmax_threshold_jvp(primals, tangents):
    (x,), (dx,) = primals, tangents
    threshold = _entmax_threshold(x)
    weight = relu(x - threshold)
    mean = jnp.sum(weight * dx, axis=-1, keepdims=True) / jnp.sum(weight, -1, keepdims=True)
    return threshold, mean


@register(
    family="readout",
    parameters={},
    elementwise=False,
    range=(0, 1),
    formula=r"\max\left(\tfrac{x_i}{2} - \tau(x), 0\right)^2, \quad \sum_i f(x)_i = 1",
    reference="Peters, Niculae, Martins 2019, arXiv:1905.05702",
)
@_jit
def entmax15(x: jax.Array, axis: int = -1) -> jax.Array:
    r"""1.5-entmax over an axis: between softmax and sparsemax.

    .. math::
        f(x)_i = \max\left(\tfrac{x_i}{2} - \tau(x), 0\right)^2

    with tau such that the sum is 1.

    Args:
        x: [..., classes], the logits; float dtypes are kept, integers become floats.
        axis: the axis of the classes.

    Returns:
        [..., classes], values in [0, 1] that sum to 1 along the axis.
    """

    def project(x):
        x = _below_largest(x) / 2
        return jnp.square(relu(x - _entmax_threshold(x)))

    return _along(axis, project, x)
