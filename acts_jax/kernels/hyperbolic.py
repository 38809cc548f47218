"""Tanh and what is made of it."""

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.kernels.arithmetic import bounded, gated, polynomial
from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.exponentials import (
    decay_and_rise,
    exponential,
    exponential_decay,
    lifted_exponential,
)
from acts_jax.kernels.lifting import unlift, unlift_left
from acts_jax.kernels.trigonometric import arctan_within_one

# Minimax polynomials for float32, lowest degree first:
# (tanh(x) / x - 1) / x^2 in x^2 for x <= 0.6, relative error of tanh 2.8e-9;
_TANH = (-0.33333298, 0.133319241, -0.0537838252, 0.0207959558, -0.00589514058)
# x times the first over the second is 2 tanh(x / 2), in x^2 for x <= 9.2, where tanh(x) rounds
# to 1; relative error of tanh(x) 9e-9;
_TANH_OF_HALF = (
    (1.0, 0.029769379645586014, 0.00011415701010264456),
    (1.0, 0.11310267448425293, 0.0012060855515301228, 1.2268840237084078e-06),
)
_TANH_SERIES = (
    -1 / 3, 2 / 15, -17 / 315, 62 / 2835, -1382 / 155925, 21844 / 6081075, -929569 / 638512875,
    6404582 / 10854718875, -443861162 / 1856156927625,
)  # fmt: skip


def tanh_excess(z: jax.Array) -> jax.Array:
    """(tanh(x) / x - 1) / x^2 for z = x^2 below 0.36."""
    if z.dtype == jnp.float64:
        x = jnp.sqrt(jnp.where(z > 0.03, z, 1))
        far = (hyperbolic_tangent(x) / x - 1) / jnp.where(z > 0.03, z, 1)
        return jnp.where(z > 0.03, far, polynomial(_TANH_SERIES, z))
    return polynomial(_TANH, z)


def hyperbolic_tangent(x: jax.Array) -> jax.Array:
    """tanh(x); XLA's is 5 ULP off for float32, 6 for float64."""
    return stretched_tanh(x, 1.0, 1.0)


def stretched_tanh(x: jax.Array, rate: float, height: float) -> jax.Array:
    """height * tanh(rate * x)."""
    if x.dtype == jnp.float64:
        m = jnp.expm1(-2 * rate * jnp.abs(x))
        return lax.sign(x) * (-height * m / (2 + m))
    # tanh(x / 2) = n / d gives tanh(x) = 2 n d / (n^2 + d^2), here 2 n d / (2 n d + (d - n)^2):
    # the error of 2 n d cancels where it counts, that of d - n counts little
    inside = bounded(x, 9.2 / rate)
    square = jnp.square(inside)
    upper, lower = ([c * rate ** (2 * i) for i, c in enumerate(p)] for p in _TANH_OF_HALF)
    d = polynomial(lower, square)
    n = (rate * height) * inside * polynomial(upper, square)
    product = n * d
    rest = d - 0.5 / height * jnp.abs(n)
    return product / (jnp.abs(product) / height + jnp.square(rest))


def halves_of_tanh(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """n and d of 2 tanh(x / 2) = n / d, so that tanh(x) = n d / (d^2 + n^2 / 4).

    Args:
        x: float32, at most 9.2 in size, where tanh(x) rounds to 1.
    """
    square = jnp.square(x)
    upper, lower = _TANH_OF_HALF
    return x * polynomial(upper, square), polynomial(lower, square)


@with_derivatives(lambda x: -2 * lax.tanh(x) * tanh_slope(x))
def tanh_slope(x: jax.Array) -> jax.Array:
    """tanh'(x) from exp(-2 |x|); 1 - tanh^2 would be 0 for x > 9."""
    # 4 e with e = exp(-2 |x|), so that it flushes to 0 only where the result does
    e = exponential_decay(x, 2, 4)
    return e / jnp.square(1 + 0.25 * e)


tanh = with_derivatives(tanh_slope)(hyperbolic_tangent)

_LECUN_SCALE = 1.7159


@with_derivatives(lambda x: -4 / 3 * _scaled_tanh_slope(x) * stretched_tanh(x, 2 / 3, 1.0))
def _scaled_tanh_slope(x):
    e = exponential_decay(x, 4 / 3, 8)
    return _LECUN_SCALE / 3 * e / jnp.square(1 + 0.125 * e)


@with_derivatives(_scaled_tanh_slope)
def scaled_tanh(x: jax.Array) -> jax.Array:
    """1.7159 tanh(2 x / 3)."""
    return stretched_tanh(x, 2 / 3, _LECUN_SCALE)


@with_derivatives(lambda x: -_sech(x) * lax.tanh(x))
def _sech(x):
    e = exponential(-jnp.abs(x), 2)
    return e / (1 + 0.25 * (e * e))


@with_derivatives(_sech)
def gudermannian(x: jax.Array) -> jax.Array:
    """2 arctan(tanh(x / 2))."""
    # tiny x: x / 2 may be subnormal, which the hardware takes for 0
    return jnp.where(jnp.abs(x) < 1e-30, x, 2 * arctan_within_one(hyperbolic_tangent(x / 2)))


# x - tanh(x) = x^3 P(x^2) / Q(x^2), from the continued fraction of tanh
_SHRINK_P = (11486475.0, 810810.0, 12870.0, 44.0)
_SHRINK_Q = (34459425.0, 16216200.0, 945945.0, 13860.0, 45.0)


@with_derivatives(lambda x: 2 * lax.tanh(x) * _sech_squared(x))
def _tanh_squared(x):
    return jnp.where(jnp.abs(x) < 1, jnp.square(hyperbolic_tangent(x)), 1 - _sech_squared(x))


def _sech_squared(x):
    e = jnp.exp(-2 * jnp.abs(x))
    return 4 * e / jnp.square(1 + e)


@with_derivatives(_tanh_squared)
def tanh_shrink(x: jax.Array) -> jax.Array:
    """x - tanh(x)."""
    near = bounded(x, 1)
    z = jnp.square(near)
    near = z * near * (polynomial(_SHRINK_P, z) / polynomial(_SHRINK_Q, z))
    return jnp.where(jnp.abs(x) < 1, near, x - hyperbolic_tangent(x))


@with_derivatives(lambda x: tanh(x) + bounded(x, 1e30) * tanh_slope(x))
def lisht(x: jax.Array) -> jax.Array:
    """x tanh(x)."""
    return gated(x, hyperbolic_tangent(x))


def _mish_curvature(x):
    # f = x T, T = tanh(softplus(x)), S the sigmoid: f'' = T' (2 + x (1 - S - 2 T S))
    x = bounded(x, 1e4)
    e = exponential(-jnp.abs(x))
    gate_slope = (4 * e) * (1 + e) / jnp.square(_mish_denominator(x, e))
    gate_slope = gate_slope * jnp.where(x < 0, 1, e)
    gate = jnp.where(x < 0, e * (2 + e), 1 + 2 * e) / _mish_denominator(x, e)
    s = jnp.where(x < 0, e, 1) / (1 + e)
    return gate_slope * (2 + x * ((1 - s) - 2 * gate * s))


def _mish_denominator(x, e):
    return jnp.where(x < 0, 2 + e * (2 + e), 1 + 2 * e * (1 + e))


@with_derivatives(_mish_curvature)
def _mish_slope(x):
    a = jnp.abs(bounded(x, 1e4))
    lifted = lifted_exponential(-a)
    e = unlift(lifted)
    below = unlift((4 * (1 - a) + e * (6 - 4 * a + e * (4 + e))) * lifted)
    above = 1 + e * (4 + e * (6 + 4 * a + e * (4 * (1 + a))))
    # the square of the denominator, which is rounded once only when multiplied out
    left, right = 4 + e * (8 + e * (8 + e * (4 + e))), 1 + e * (4 + e * (8 + e * (8 + 4 * e)))
    return jnp.where(x < 0, below, above) / jnp.where(x < 0, left, right)


@with_derivatives(_mish_slope)
def mish(x: jax.Array) -> jax.Array:
    """x tanh(log(1 + exp(x)))."""
    lifted = lifted_exponential(-jnp.abs(x))
    e = unlift(lifted)
    numerator = jnp.where(x < 0, unlift(bounded(x) * lifted * (2 + e)), x * (1 + 2 * e))
    return numerator / _mish_denominator(x, e)


def _smish_parts(x):
    # tanh(log(1 + s)) = p / (2 + p) with p = (1 + s)^2 - 1, s the sigmoid
    e, lead = decay_and_rise(x)
    return e, lead, jnp.where(x < 0, 2 + e * (6 + 5 * e), 5 + e * (6 + 2 * e))


def _smish_slope(x):
    x = bounded(x, 1e3)
    e, lead, denominator = _smish_parts(x)
    r = 1 / denominator
    numerator = jnp.where(x < 0, 2 + 3 * e, 3 + 2 * e)
    steepness = (1 + e) * jnp.where(x < 0, 1 + 2 * e, e * (2 + e))
    right = (numerator + 4 * x * steepness * r) * r
    # the sum of both terms, which cancels on the left
    left = (4 * (1 + x) + e * (18 + 12 * x + e * (28 + 8 * x + 15 * e))) * r * r
    return unlift_left(x, lead * jnp.where(x < -1, left, right))


@with_derivatives(_smish_slope)
def smish(x: jax.Array) -> jax.Array:
    """x tanh(log(1 + sigmoid(x)))."""
    e, lead, denominator = _smish_parts(x)
    numerator = jnp.where(x < 0, 2 + 3 * e, 3 + 2 * e)
    return unlift_left(x, gated(x, lead * (numerator / denominator)))


def _tanh_exp_parts(x):
    # u = e^x, for x < 0 lifted too; tanh(u) / u - 1 near 0, exp(-2 u) further on
    # and, from x = 5 on, 1 to the last digit of float64
    lifted = lifted_exponential(jnp.minimum(x, 5))
    u = unlift(lifted)
    z = jnp.square(jnp.minimum(u, 0.6))
    return u, jnp.where(x < 0, lifted, u), z * tanh_excess(z), exponential(-2 * u)


def _tanh_exp_curvature(x):
    # with u = exp(x) and T = tanh(u): f'' = u (1 - T^2) (2 + x (1 - 2 u T))
    x = bounded(x, 1e3)
    u = exponential(jnp.minimum(x, 5))
    decay = exponential(-2 * u)
    steepness = 4 * u * decay / jnp.square(1 + decay)
    return steepness * (2 + x * (1 - 2 * u * hyperbolic_tangent(u)))


@with_derivatives(_tanh_exp_curvature)
def _tanh_exp_slope(x):
    x = bounded(x, 1e3)
    u, lead, excess, decay = _tanh_exp_parts(x)
    # u (1 + x) and what tanh(u) and x (1 - tanh(u)^2) u lack of it
    near = (1 + x) + (excess - x * jnp.square(u + u * excess))
    r = 1 / (1 + decay)
    far = (1 - decay) * r + x * u * (4 * decay * jnp.square(r))
    return jnp.where(u < 0.6, unlift_left(x, lead * near), far)


@with_derivatives(_tanh_exp_slope)
def tanh_exp(x: jax.Array) -> jax.Array:
    """x tanh(exp(x))."""
    u, lead, excess, decay = _tanh_exp_parts(x)
    near = unlift_left(x, bounded(x, 1e3) * (lead + lead * excess))
    return jnp.where(u < 0.6, near, x * ((1 - decay) * (1 / (1 + decay))))
