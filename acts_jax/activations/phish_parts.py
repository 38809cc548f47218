"""Phish, x tanh(x Phi(x)), and its derivative: one exponential, two divisions for float32."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.exponentials import lifted_exp
from acts_jax.activations.gated import gelu_curvature, gelu_lifted, gelu_slope_lifted
from acts_jax.activations.normal import normal_tail
from acts_jax.activations.numerics import bounded, polynomial, with_derivatives
from acts_jax.activations.sigmoidal import tanh_slope
from acts_jax.activations.special_functions import halves_of_tanh, hyperbolic_tangent, tanh_excess

# On the negative side both are computed 2^16 times too large, so that they do not flush to 0
# before the result does.
_UNIT = 2.0**-16

# Minimax polynomials for float32, lowest degree first:
# exp(a^2 / 2) Phi(-a) in (a - 3/2) / (a + 3) on [0, 14.5], relative error 5e-9 near 3/2, where
# the results are largest, and a fraction of a^2 of that far off;
_TAIL = (
    0.205780667, -0.406220738, 0.306313369, -0.11994177, 0.000518732011, 0.0165321999,
    -2.97548536e-06, -0.00323154673, -0.000442364981, 0.000698024113,
)  # fmt: skip
# (2 Phi(x) + x Phi'(x) - 1) / x in x^2 on [0, 1], relative error of the sum 7e-9;
_NEAR = (
    1.19682678, -0.332450534, 0.0698059528, -0.0106593692, 0.00122966765, -9.22762887e-05,
)  # fmt: skip
# 1 / sqrt(2 pi) = Phi'(0): a float32 and the rest, which rounding it would lose.
_PHI_UPPER, _PHI_REST = 0.3989422917366028, -1.1335170105263179e-08

# Value and derivative write their divisions differently: XLA would compute a common one once and
# pass it through memory. So it would n d below, if their denominator were n d + (d - n / 2)^2.


def phish_value(x: jax.Array) -> jax.Array:
    """x tanh(x Phi(x)). Not differentiable."""
    if x.dtype == jnp.float64:
        inside = bounded(x, 1e3)
        gate, _ = _tanh_lifted_float64(gelu_lifted(inside))
        return _unlift(x, jnp.where(x < 0, inside, x) * gate)
    inside = lax.clamp(jnp.float32(-20), x, jnp.float32(9.2))
    a = jnp.abs(inside)
    tail = polynomial(_TAIL, (a - 1.5) * (1 / (3 + a)))
    lifted = inside * (tail * lifted_exp(-0.5 * jnp.square(a), 16))
    left = inside * (lifted + lifted * _excess(jnp.square(_UNIT * lifted))) * _UNIT
    n, d = halves_of_tanh(inside - _UNIT * lifted)
    right = inside * (n * d / (jnp.square(d) + 0.25 * jnp.square(n)))
    return jnp.where(x < 0, left, jnp.where(x > 9.2, x, right))


def _phish_curvature(x):
    x = bounded(x, 1e3)
    g, inner = _unlift(x, gelu_lifted(x)), _unlift(x, gelu_slope_lifted(x))
    gate = hyperbolic_tangent(g)
    return tanh_slope(g) * (2 * inner + x * (gelu_curvature(x) - 2 * gate * jnp.square(inner)))


@with_derivatives(_phish_curvature)
def phish_slope(x: jax.Array) -> jax.Array:
    """The derivative of phish."""
    slope = _slope_float64(x) if x.dtype == jnp.float64 else _slope_float32(x)
    return jnp.where(jnp.abs(x) < 1e-30, x, slope)  # half of which may be subnormal


def _slope_float32(x):
    # tanh(g) + x tanh'(g) g' with g = x Phi(x) and its derivative; where g' differs from 1 by
    # less than rounding, 1 + (4 x - 2) exp(-2 x)
    inside = lax.clamp(jnp.float32(-20), x, jnp.float32(60))
    a, far = jnp.abs(inside), inside > 6
    tail = polynomial(_TAIL, (a / 3 - 0.5) * (1 / (1 + a / 3)))
    e = lifted_exp(jnp.where(far, -2 * a, -0.5 * jnp.square(a)), 16)
    lifted, drop = inside * (e * tail), inside * (e * (tail - _PHI_UPPER * a))
    # far left tanh(g) is nearly g: both terms without it, and what that lacks
    near = 2.0**16 + (2.0**16 * inside) * polynomial(_NEAR, jnp.square(inside))
    both = jnp.where(inside > -1, near, e * ((2 * tail - _PHI_UPPER * a) - _PHI_REST * a))
    z = jnp.square(_UNIT * lifted)
    excess = _excess(z)
    left = inside * both + (lifted * excess - drop * (z * jnp.square(1 + excess)))
    n, d = halves_of_tanh(jnp.minimum(inside - _UNIT * lifted, 6))
    rest, r = jnp.square(d - 0.5 * n), 1 / (jnp.square(d) + 0.25 * jnp.square(n))
    right = r * (n * d + (inside - _UNIT * drop) * (rest * (2 - rest * r)))
    right = jnp.where(far, 1 + _UNIT * e * (4 * inside - 2), right)
    return jnp.where(x < 0, _UNIT * left, right)


def _excess(z):
    """tanh(g) / g - 1 for z = g^2 below 0.03."""
    return z * polynomial((-0.3333333, 0.13333, -0.0535), z)


def _slope_float64(x):
    x = bounded(x, 2e3)
    a, lifted, inner = jnp.abs(x), gelu_lifted(x), gelu_slope_lifted(x)
    gate, steepness = _tanh_lifted_float64(lifted)
    both = 2 * normal_tail(a) - a / math.sqrt(2 * math.pi)
    both = x * (both * lifted_exp(-0.5 * jnp.square(a), 16))
    far = both + ((gate - lifted) - x * inner * jnp.square(_unlift(x, gate)))
    return _unlift(x, jnp.where(x < -1, far, gate + x * steepness * inner))


def _tanh_lifted_float64(lifted):
    # tanh(g) and tanh'(g), where below 0 g is given, and tanh(g) returned, lifted
    unit = jnp.where(lifted < 0, _UNIT, 1.0)
    y = -2 * lifted
    m = jnp.expm1(y * unit)
    z = jnp.square(bounded(lifted * unit, 1))
    tanh = jnp.where(lifted < 0, lifted + lifted * (z * tanh_excess(z)), -m / (2 + m))
    return tanh, 4 * jnp.exp(y * unit) / jnp.square(2 + m)


def _unlift(x, value):
    return value * jnp.where(x < 0, _UNIT, 1.0)
