"""An exponential that meets a line: the elu and its relatives."""

import math

import jax
import jax.numpy as jnp

from acts_jax.kernels.arithmetic import bounded, polynomial
from acts_jax.kernels.derivatives import Pieces, with_derivatives
from acts_jax.kernels.exponentials import (
    decay_minus_one,
    decay_or_line,
    exponential,
    lifted_exponential,
)
from acts_jax.kernels.lifting import unlift

_NEXT_TO_ZERO = 1e-17  # below it exp(u) - 1 rounds to u
# (expm1(u) - u exp(u)) / u^2 = -sum_n u^n (n + 1) / (n + 2)!
_CELU_SERIES = tuple(-(n + 1) / math.factorial(n + 2) for n in range(15))


def _elu_slope(x, alpha):
    e = lifted_exponential(jnp.minimum(x, 0))
    return jnp.where(x > 0, 1, unlift(alpha * e))


@with_derivatives(
    _elu_slope, lambda x, alpha: Pieces(~(x >= 0), decay_minus_one(jnp.minimum(x, 0)), 0)
)
def elu(x: jax.Array, alpha: jax.Array) -> jax.Array:
    """x above 0, alpha (exp(x) - 1) below."""
    return jnp.where(x > 0, x, alpha * decay_minus_one(jnp.minimum(x, 0)))


# Klambauer et al. 2017, equation 14: a fixed point of mean 0 and variance 1.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


@with_derivatives(lambda x: jnp.where(x > 0, SELU_SCALE, _elu_slope(x, SELU_SCALE * SELU_ALPHA)))
def selu(x: jax.Array) -> jax.Array:
    """SELU_SCALE times the elu for SELU_ALPHA."""
    return jnp.where(x > 0, SELU_SCALE * x, elu(x, SELU_SCALE * SELU_ALPHA))


def _celu_by_alpha(x, alpha):
    # expm1(u) - u exp(u), which cancels near 0.
    u = bounded(jnp.minimum(x, 0) / alpha, 1e4)
    near = jnp.square(u) * polynomial(_CELU_SERIES, u)
    return Pieces(~(x >= 0), jnp.where(u > -0.7, near, jnp.expm1(u) - u * jnp.exp(u)), 0)


@with_derivatives(
    lambda x, alpha: jnp.where(x < 0, _celu_slope(x, alpha) / alpha, 0),
    lambda x, alpha: jnp.where(x < 0, -_celu_slope(x, alpha) * bounded(x) / alpha / alpha, 0),
)
def _celu_slope(x, alpha):
    # exp(u), where u > 0 for alpha < 0
    u = jnp.minimum(x, 0) / alpha
    decay = exponential(-jnp.abs(u))
    return jnp.where(x < 0, jnp.where(u > 0, 1 / decay, decay), 1)


@with_derivatives(_celu_slope, _celu_by_alpha)
def celu(x: jax.Array, alpha: jax.Array) -> jax.Array:
    """x above 0, alpha (exp(x / alpha) - 1) below."""
    u = jnp.minimum(x, 0) / alpha
    excess = decay_minus_one(-jnp.abs(u))
    excess = jnp.where(u > 0, -excess / exponential(-jnp.abs(u)), excess)
    # far below 1, u may have lost its digits, or all of itself
    return jnp.where((x >= 0) | (jnp.abs(u) < _NEXT_TO_ZERO), x, alpha * excess)


def _pelu_slope(x, alpha, beta):
    return unlift(alpha / beta * lifted_exponential(jnp.minimum(x, 0) / beta))


def _pelu_by_beta(x, alpha, beta):
    u = bounded(x / beta)
    e = jnp.exp(jnp.minimum(u, 0))
    return -(alpha / beta) * (u * e)


@with_derivatives(_pelu_slope, lambda x, alpha, beta: decay_or_line(x / beta), _pelu_by_beta)
def pelu(x: jax.Array, alpha: jax.Array, beta: jax.Array) -> jax.Array:
    """alpha (exp(x / beta) - 1) below 0, the line of the same slope above."""
    u = x / beta
    return jnp.where(jnp.abs(u) < _NEXT_TO_ZERO, alpha / beta * x, alpha * decay_or_line(u))


def _hard_elish_slope(x):
    inside = jnp.clip(x, -1, 0)
    below = exponential(inside) * ((inside + 1) / 2) + decay_minus_one(inside) / 2
    above = jnp.where(x < 1, (2 * x + 1) / 2, 1)
    return Pieces(~(x <= -1), jnp.where(x < 0, below, above), 0)


@with_derivatives(_hard_elish_slope)
def hard_elish(x: jax.Array) -> jax.Array:
    """The elu times a ramp from -1 to 1."""
    return decay_or_line(x) * jnp.clip((x + 1) / 2, 0, 1)
