"""Functions in pieces: which piece holds at a kink, at infinity and for NaN."""

import jax
import jax.numpy as jnp

from acts_jax.kernels.arithmetic import bounded, keep_nan, scaled
from acts_jax.kernels.derivatives import Pieces, with_derivatives


def relu_slope(x: jax.Array) -> Pieces:
    """1 above 0, 0 at and below it."""
    return Pieces(~(x <= 0), 1, 0)


def relu6_slope(x: jax.Array) -> Pieces:
    """1 between 0 and 6, 0 at both and outside."""
    return Pieces(~((x <= 0) | (x >= 6)), 1, 0)


def hard_sigmoid_slope(x: jax.Array) -> Pieces:
    """1/6 between -3 and 3, 0 at both and outside."""
    return Pieces(~(jnp.abs(x) >= 3), 1 / 6, 0)


def hard_tanh_slope(x: jax.Array) -> Pieces:
    """1 from -1 to 1, 0 outside."""
    return Pieces(~(jnp.abs(x) > 1), 1, 0)


def sparse_sigmoid_slope(x: jax.Array) -> Pieces:
    """1/2 between -1 and 1, 1/4 at both, 0 outside."""
    return Pieces(~(jnp.abs(x) > 1), Pieces(jnp.abs(x) == 1, 0.25, 0.5), 0)


def squared_relu_slope(x: jax.Array) -> Pieces:
    """2 x above 0, 0 below."""
    return Pieces(~(x <= 0), 2 * jnp.maximum(x, 0), 0)


def sqnl_slope(x: jax.Array) -> Pieces:
    """1 at 0, 0 from -2 and 2 on."""
    return Pieces(~(jnp.abs(x) >= 2), 1 - jnp.minimum(jnp.abs(x), 2) / 2, 0)


def _hard_silu_slope(x):
    return Pieces(~(x <= -3), jnp.where(x >= 3, 1, (2 * bounded(x, 3) + 3) / 6), 0)


@with_derivatives(_hard_silu_slope)
def hard_silu(x: jax.Array) -> jax.Array:
    """x times a ramp from -3 to 3; 0 at minus infinity."""
    return jnp.where(x < 0, bounded(x), x) * (jnp.clip(x + 3, 0, 6) / 6)


@with_derivatives(
    lambda x, slope: Pieces(x < 0, slope, 1),
    lambda x, slope: Pieces(~(x >= 0), jnp.minimum(x, 0), 0),
)
def leaky_relu(x: jax.Array, slope: jax.Array) -> jax.Array:
    """x above 0, slope x below."""
    return jnp.where(x >= 0, x, scaled(slope, x))


@with_derivatives(
    lambda x, threshold, value: Pieces(~(x <= threshold), 1, 0),
    lambda x, threshold, value: 0,
    lambda x, threshold, value: Pieces(x <= threshold, 1, 0),
)
def threshold(x: jax.Array, threshold: jax.Array, value: jax.Array) -> jax.Array:
    """x above the threshold, the value at and below it."""
    return keep_nan(jnp.where(x > threshold, x, value), x)


@with_derivatives(
    lambda x, tl, al, tr, ar: jnp.where(x <= tl, al, jnp.where(x >= tr, ar, 1)),
    lambda x, tl, al, tr, ar: Pieces(x <= tl, 1 - al, 0),
    lambda x, tl, al, tr, ar: Pieces(~(x >= tl), jnp.minimum(x - tl, 0), 0),
    lambda x, tl, al, tr, ar: Pieces((x > tl) & (x >= tr), 1 - ar, 0),
    lambda x, tl, al, tr, ar: Pieces(~((x <= tl) | (x <= tr)), jnp.maximum(x - tr, 0), 0),
)
def srelu(x: jax.Array, *bends: jax.Array) -> jax.Array:
    """x between two thresholds, lines beyond; the bends are threshold and slope, left and right."""
    tl, al, tr, ar = bends
    left, right = x <= tl, x >= tr
    at, slope = jnp.where(left, tl, tr), jnp.where(left, al, ar)
    return keep_nan(jnp.where(left | right, at + scaled(slope, x - at), x), x)


def _smelu_height(x, beta):
    return jnp.clip((x + beta) / (2 * beta), 0, 1)


def _smelu_slope(x, beta):
    return Pieces(~(x <= -beta), _smelu_height(x, beta), 0)


def _smelu_by_beta(x, beta):
    height = _smelu_height(x, beta)
    return Pieces(~(jnp.abs(x) >= beta), height * _smelu_height(-x, beta), 0)


@with_derivatives(_smelu_slope, _smelu_by_beta)
def smelu(x: jax.Array, beta: jax.Array) -> jax.Array:
    """0, a parabola from -beta to beta, x."""
    return keep_nan(jnp.where(x < beta, jnp.square(_smelu_height(x, beta)) * beta, x), x)


def _ramp(x):
    return jnp.clip((x + 1) / 2, 0, 1)


@with_derivatives(lambda x: Pieces(~(x <= -1), _ramp(x), 0))
def sparse_plus(x: jax.Array) -> jax.Array:
    """0, a parabola from -1 to 1, x."""
    return keep_nan(jnp.where(x < 1, jnp.square(_ramp(x)), x), x)


def _outside(x, threshold):
    return Pieces(~(jnp.abs(x) <= threshold), 1, 0)


@with_derivatives(_outside, lambda x, threshold: 0)
def hard_shrink(x: jax.Array, threshold: jax.Array) -> jax.Array:
    """x where abs(x) is above the threshold, else 0."""
    return keep_nan(jnp.where(jnp.abs(x) > threshold, x, 0), x)


@with_derivatives(
    _outside,
    lambda x, threshold: Pieces(jnp.abs(x) <= threshold, 0, Pieces(x > 0, -1, 1)),
)
def soft_shrink(x: jax.Array, threshold: jax.Array) -> jax.Array:
    """x, moved towards 0 by the threshold."""
    return x - jnp.clip(x, -threshold, threshold)
