"""Distributions with exact zeros: the threshold below which an entry is 0, by sorting."""

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.piecewise import relu_slope


@with_derivatives(relu_slope)
def _relu(x):
    return jnp.maximum(x, 0)


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
    weight = _relu(x - threshold)
    mean = jnp.sum(weight * dx, axis=-1, keepdims=True) / jnp.sum(weight, -1, keepdims=True)
    return threshold, mean


def sparsemax(x: jax.Array, axis: int = -1) -> jax.Array:
    """The distribution nearest to x."""
    x = _below_largest(jnp.moveaxis(x, axis, -1))
    return jnp.moveaxis(_relu(x - _sparsemax_threshold(x)), -1, axis)


def entmax15(x: jax.Array, axis: int = -1) -> jax.Array:
    """The distribution max(x / 2 - tau, 0)^2."""
    x = _below_largest(jnp.moveaxis(x, axis, -1)) / 2
    return jnp.moveaxis(jnp.square(_relu(x - _entmax_threshold(x))), -1, axis)
