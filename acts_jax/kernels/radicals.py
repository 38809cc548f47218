"""Square roots of sums of squares that neither overflow nor cancel."""

import jax
import jax.numpy as jnp

from acts_jax.kernels.arithmetic import bounded, keep_nan
from acts_jax.kernels.derivatives import with_derivatives


def _inverse_root(x, alpha):
    """1 / sqrt(1 + alpha x^2); for abs(x) > 1 from 1/x, whose square does not overflow."""
    outside = jnp.abs(x) > 1
    r = jnp.where(outside, jnp.abs(1 / jnp.where(outside, x, 1)), 1)
    return r / _scaled_root(x, alpha)


def _scaled_root(x, alpha):
    # sqrt(1 + alpha x^2), divided by abs(x) for abs(x) > 1
    outside = jnp.abs(x) > 1
    r = jnp.where(outside, 1 / jnp.where(outside, x, 1), x)
    square = jnp.square(r)
    return jnp.sqrt(jnp.where(outside, square + alpha, 1 + alpha * square))


def _root_unit(x, alpha):
    """x / sqrt(1 + alpha x^2)."""
    return jnp.where(jnp.abs(x) > 1, jnp.where(x < 0, -1, 1), x) / _scaled_root(x, alpha)


@with_derivatives(
    lambda x, alpha: -3 * alpha * _root_unit(x, alpha) * _inverse_root(x, alpha) ** 4,
    lambda x, alpha: -1.5 * _root_unit(x, alpha) ** 2 * _inverse_root(x, alpha) ** 3,
)
def _isru_slope(x, alpha):
    square = 1 + (alpha * x) * x
    return 1 / (square * jnp.sqrt(square))


def _isru_by_alpha(x, alpha):
    return -0.5 * _root_unit(x, alpha) ** 3


isru = with_derivatives(_isru_slope, _isru_by_alpha)(_root_unit)


@with_derivatives(
    lambda x, alpha: jnp.where(x < 0, _isru_slope(x, alpha), keep_nan(jnp.ones_like(x), x)),
    lambda x, alpha: _isru_by_alpha(jnp.minimum(x, 0), alpha),
)
def isrlu(x: jax.Array, alpha: jax.Array) -> jax.Array:
    """x above 0, the isru below."""
    return jnp.where(x < 0, _root_unit(x, alpha), x)


def _unit_root(x):
    # sqrt(1 + x^2); beyond 1e18 it serves only in ratios that have reached their limit
    return jnp.sqrt(1 + jnp.square(x))


@with_derivatives(lambda x: 0.5 / _unit_root(bounded(x, 1e12)) ** 3)
def _bent_identity_slope(x):
    x = bounded(x, 1e18)
    return 1 + 0.5 * (x / _unit_root(x))


@with_derivatives(_bent_identity_slope)
def bent_identity(x: jax.Array) -> jax.Array:
    """(sqrt(x^2 + 1) - 1) / 2 + x."""
    inside = bounded(x, 1e18)
    return x * (1 + 0.5 * (inside / (1 + _unit_root(inside))))


def _squareplus_root(x, b):
    # sqrt(x^2 + b), whose square would overflow for large x, and not 0 if x = b = 0
    a = jnp.abs(x)
    return a, jnp.where(a > 1e15, a, jnp.sqrt(jnp.square(x) + _nonzero(b)))


def _nonzero(x):
    return jnp.maximum(x, jnp.finfo(x.dtype).tiny)


def _squareplus_curvature(x, b):
    x = bounded(x, 1e12)
    return 0.5 * b / _nonzero(_squareplus_root(x, b)[1] ** 3)


def _squareplus_slope_by_b(x, b):
    return -0.25 * x / _nonzero(_squareplus_root(bounded(x, 1e12), b)[1] ** 3)


@with_derivatives(_squareplus_curvature, _squareplus_slope_by_b)
def _squareplus_slope(x, b):
    # (1 + x / root) / 2 is (b / 2) / (root (root - x)) for x < 0; 0 if x = b = 0
    a = jnp.minimum(jnp.abs(x), 1.8e19 if x.dtype == jnp.float32 else 1e150)
    square = jnp.square(a) + _nonzero(b)
    small = 0.5 * b / (square + a * jnp.sqrt(square))
    return jnp.where(x <= 0, small, 1 - small)


def _squareplus_by_b(x, b):
    _, root = _squareplus_root(x, b)
    return 0.25 / jnp.where((x == 0) & (b == 0), 1, root)


@with_derivatives(_squareplus_slope, _squareplus_by_b)
def squareplus(x: jax.Array, b: jax.Array) -> jax.Array:
    """(x + sqrt(x^2 + b)) / 2."""
    a, root = _squareplus_root(x, b)
    return jnp.maximum(x, 0) + 0.5 * b / (root + a)
