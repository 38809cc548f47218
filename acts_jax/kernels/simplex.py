"""Distributions over an axis: softmax and its logarithm, and those with exact zeros."""

import functools

import jax
import jax.numpy as jnp

from acts_jax.kernels.derivatives import widened, with_derivatives
from acts_jax.kernels.exponentials import exponential
from acts_jax.kernels.logarithms import log1p_within_one
from acts_jax.kernels.piecewise import relu_slope

Axis = int | tuple[int, ...] | None


def softmax(x: jax.Array, axis: Axis = -1, where: jax.Array | None = None) -> jax.Array:
    """exp(x), divided by its sum; 0 where `where` is false."""
    if where is None:
        return _softmax(x, axis)
    return jnp.where(where, _softmax(jnp.where(where, x, -jnp.inf), axis), 0)


def log_softmax(x: jax.Array, axis: Axis = -1, where: jax.Array | None = None) -> jax.Array:
    """x - log(sum(exp(x))); minus infinity where `where` is false."""
    if where is None:
        return _log_softmax(x, axis)
    return jnp.where(where, _log_softmax(jnp.where(where, x, -jnp.inf), axis), -jnp.inf)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _softmax(x, axis):
    _, e, total, _ = _parts(widened(x), axis)
    return (e / total).astype(x.dtype)


@_softmax.defjvp
def _softmax_jvp(axis, primals, tangents):
    s = _softmax(*primals, axis)
    return s, _softmax_tangent(s, *tangents, axis)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _log_softmax(x, axis):
    below, _, total, others = _parts(widened(x), axis)
    # where one entry has more than half, its logarithm is that of 1 + the others
    logarithm = jnp.where(total < 2, log1p_within_one(others), jnp.log(total))
    return (below - logarithm).astype(x.dtype)


@_log_softmax.defjvp
def _log_softmax_jvp(axis, primals, tangents):
    s = _softmax(*primals, axis)
    return _log_softmax(*primals, axis), _log_softmax_tangent(s, *tangents, axis)


def _parts(x, axis):
    """x below its largest entry, exp of that, their sum, and the sum without one largest entry."""
    below = x - jnp.max(x, axis, keepdims=True, initial=-jnp.inf)
    e = exponential(below)
    total = jnp.sum(e, axis, keepdims=True)
    others = jnp.sum(jnp.where((e == 1) & (total < 2), 0, e), axis, keepdims=True)
    return below, e, total, jnp.minimum(others, 1)


def _keeping_nothing_else(tangent_of):
    # what is computed of the distribution is computed again on the way back
    return functools.partial(jax.checkpoint, prevent_cse=False, static_argnums=(2,))(tangent_of)


@_keeping_nothing_else
def _log_softmax_tangent(s, tangent, axis):
    return _centred(widened(s), widened(tangent), axis).astype(s.dtype)


@_keeping_nothing_else
def _softmax_tangent(s, tangent, axis):
    wide = widened(s)
    return (wide * _centred(wide, widened(tangent), axis)).astype(s.dtype)


def _centred(s, tangent, axis):
    """The tangent less its mean under s, without cancelling at an entry that has more than half."""
    confident = s > 0.5
    rest = jnp.where(confident, 0, s)
    mean_of_rest = jnp.sum(rest * tangent, axis, keepdims=True)
    missing = jnp.sum(rest, axis, keepdims=True)
    mean = jnp.sum(s * tangent, axis, keepdims=True)
    return jnp.where(confident, missing * tangent - mean_of_rest, tangent - mean)


@with_derivatives(relu_slope)
def _relu(x):
    return jnp.maximum(x, 0)


def _over_last_axis(threshold_of):
    """A function over the last axis as one over an axis, several or all, computed in float32."""

    @functools.wraps(threshold_of)
    def over(x, axis: Axis = -1):
        axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
        last = tuple(range(-len(axes), 0))
        moved = jnp.moveaxis(widened(x), tuple(axes), last)
        kept = moved.shape[: moved.ndim - len(axes)]
        if x.size == 0:
            return x
        flat = threshold_of(moved.reshape(*kept, -1))
        return jnp.moveaxis(flat.reshape(moved.shape), last, tuple(axes)).astype(x.dtype)

    return over


def _below_largest(x):
    return x - jax.lax.stop_gradient(jnp.max(x, axis=-1, keepdims=True))


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


@_over_last_axis
def sparsemax(x: jax.Array) -> jax.Array:
    """The distribution nearest to x."""
    x = _below_largest(x)
    return _relu(x - _sparsemax_threshold(x))


@_over_last_axis
def entmax15(x: jax.Array) -> jax.Array:
    """The distribution max(x / 2 - tau, 0)^2."""
    x = _below_largest(x) / 2
    return jnp.square(_relu(x - _entmax_threshold(x)))
