"""Functions in pieces: which piece holds at a kink, at infinity and for NaN."""

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.kernels.arithmetic import bounded, keep_nan, scaled
from acts_jax.kernels.derivatives import with_derivatives


def relu_slope(x: jax.Array) -> jax.Array:
    """1 above 0, 0 at and below it."""
    return keep_nan(jnp.where(x > 0, 1.0, 0.0), x)


def relu6_slope(x: jax.Array) -> jax.Array:
    """1 between 0 and 6, 0 at both and outside."""
    return keep_nan(jnp.where((x > 0) & (x < 6), 1.0, 0.0), x)


def hard_sigmoid_slope(x: jax.Array) -> jax.Array:
    """1/6 between -3 and 3, 0 at both and outside."""
    return keep_nan(jnp.where(jnp.abs(x) < 3, 1 / 6, 0.0), x)


def hard_tanh_slope(x: jax.Array) -> jax.Array:
    """1 from -1 to 1, 0 outside."""
    return keep_nan(jnp.where(jnp.abs(x) <= 1, 1.0, 0.0), x)


def sparse_sigmoid_slope(x: jax.Array) -> jax.Array:
    """1/2 between -1 and 1, 1/4 at both, 0 outside."""
    slope = jnp.where(jnp.abs(x) < 1, 0.5, jnp.where(jnp.abs(x) == 1, 0.25, 0.0))
    return keep_nan(slope, x)


def squared_relu_slope(x: jax.Array) -> jax.Array:
    """2 x above 0, 0 below."""
    return 2 * jnp.maximum(x, 0)


def sqnl_slope(x: jax.Array) -> jax.Array:
    """1 at 0, 0 from -2 and 2 on."""
    return 1 - jnp.minimum(jnp.abs(x), 2) / 2


@with_derivatives(
    lambda x: keep_nan(jnp.where(jnp.abs(x) < 3, (2 * x + 3) / 6, jnp.where(x > 0, 1.0, 0.0)), x)
)
def hard_silu(x: jax.Array) -> jax.Array:
    """x times a ramp from -3 to 3; 0 at minus infinity."""
    return jnp.where(x < 0, bounded(x), x) * (jnp.clip(x + 3, 0, 6) / 6)


@with_derivatives(
    lambda x, slope: keep_nan(jnp.where(x < 0, slope, 1), x),
    lambda x, slope: jnp.minimum(x, 0),
)
def leaky_relu(x: jax.Array, slope: jax.Array) -> jax.Array:
    """x above 0, slope x below."""
    return jnp.where(x >= 0, x, scaled(slope, x))


@with_derivatives(
    lambda x, threshold, value: keep_nan(jnp.where(x > threshold, 1.0, 0.0), x),
    lambda x, threshold, value: jnp.zeros_like(x),
    lambda x, threshold, value: jnp.where(x <= threshold, 1.0, 0.0),
)
def threshold(x: jax.Array, threshold: jax.Array, value: jax.Array) -> jax.Array:
    """x above the threshold, the value at and below it."""
    return keep_nan(jnp.where(x > threshold, x, value), x)


def _srelu_slope(x, tl, al, tr, ar):
    return keep_nan(jnp.where(x <= tl, al, jnp.where(x >= tr, ar, 1)), x)


@with_derivatives(
    _srelu_slope,
    lambda x, tl, al, tr, ar: jnp.where(x <= tl, 1 - al, 0),
    lambda x, tl, al, tr, ar: jnp.minimum(x - tl, 0),
    lambda x, tl, al, tr, ar: jnp.where((x > tl) & (x >= tr), 1 - ar, 0),
    lambda x, tl, al, tr, ar: jnp.where(x > tl, jnp.maximum(x - tr, 0), 0),
)
def srelu(x: jax.Array, *bends: jax.Array) -> jax.Array:
    """x between two thresholds, lines beyond; the bends are threshold and slope, left and right."""
    tl, al, tr, ar = bends
    left, right = x <= tl, x >= tr
    at, slope = jnp.where(left, tl, tr), jnp.where(left, al, ar)
    return keep_nan(jnp.where(left | right, at + scaled(slope, x - at), x), x)


def _smelu_height(x, beta):
    return jnp.clip((x + beta) / (2 * beta), 0, 1)


def _smelu_by_beta(x, beta):
    height = _smelu_height(x, beta)
    return jnp.where(x < beta, height * _smelu_height(-x, beta), 0)


@with_derivatives(_smelu_height, _smelu_by_beta)
def smelu(x: jax.Array, beta: jax.Array) -> jax.Array:
    """0, a parabola from -beta to beta, x."""
    return keep_nan(jnp.where(x < beta, jnp.square(_smelu_height(x, beta)) * beta, x), x)


def _ramp(x):
    return jnp.clip((x + 1) / 2, 0, 1)


@with_derivatives(_ramp)
def sparse_plus(x: jax.Array) -> jax.Array:
    """0, a parabola from -1 to 1, x."""
    return keep_nan(jnp.where(x < 1, jnp.square(_ramp(x)), x), x)


def _outside(x, threshold):
    return keep_nan(jnp.where(jnp.abs(x) > threshold, 1.0, 0.0), x)


@with_derivatives(_outside, lambda x, threshold: jnp.zeros_like(x))
def hard_shrink(x: jax.Array, threshold: jax.Array) -> jax.Array:
    """x where abs(x) is above the threshold, else 0."""
    return keep_nan(jnp.where(jnp.abs(x) > threshold, x, 0), x)


@with_derivatives(_outside, lambda x, threshold: jnp.where(jnp.abs(x) > threshold, -lax.sign(x), 0))
def soft_shrink(x: jax.Array, threshold: jax.Array) -> jax.Array:
    """x, moved towards 0 by the threshold."""
    return x - jnp.clip(x, -threshold, threshold)
