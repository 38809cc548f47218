"""The normal distribution Phi, and what it gates: gelu, phish."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.kernels.arithmetic import bounded, clipped, polynomial
from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.exponentials import lifted_exponential
from acts_jax.kernels.hyperbolic import halves_of_tanh, hyperbolic_tangent, tanh_excess, tanh_slope
from acts_jax.kernels.lifting import lift, lift_left, unlift, unlift_left

# Minimax polynomials for float32, lowest degree first:
# exp(a^2 / 2) Phi(-a) / t in t = 2 / (2 + a) for a >= 1, relative error 9e-9;
_NORMAL_TAIL = (
    0.199471142, 0.199470885, 0.149605875, 0.0500177943, -0.0660369031, -0.0762249243,
    -0.219664675, 0.668134213, -0.586692784, 0.182932465,
)  # fmt: skip
# its asymptotic series in 1 / a^2, times sqrt(2 pi) a;
_NORMAL_SERIES = (1, -1, 3, -15, 105, -945, 10395)
# (Phi(x) - 1/2) / x in x^2 on [0, 1], relative error of Phi(-1) 5e-10;
_NORMAL = (
    0.398942278, -0.0664903144, 0.00997307838, -0.00118578499, 0.000112952173, -7.46289482e-06,
)  # fmt: skip
# (Phi(x) + x Phi'(x) - 1/2) / x in x^2 on [0, 1], relative error 5.2e-9.
_NORMAL_SLOPE = (
    0.797884557, -0.265961231, 0.0598380434, -0.00948467995, 0.00112730935, -8.85306354e-05,
)  # fmt: skip


# Phish, with the same tail: exp(a^2 / 2) Phi(-a) in (a - 3/2) / (a + 3) on [0, 14.5], relative
# error 5e-9 near 3/2, where the results are largest, and a fraction of a^2 of that far off;
_PHISH_TAIL = (
    0.205780667, -0.406220738, 0.306313369, -0.11994177, 0.000518732011, 0.0165321999,
    -2.97548536e-06, -0.00323154673, -0.000442364981, 0.000698024113,
)  # fmt: skip
# (2 Phi(x) + x Phi'(x) - 1) / x in x^2 on [0, 1], relative error of the sum 7e-9;
_PHISH_NEAR = (
    1.19682678, -0.332450534, 0.0698059528, -0.0106593692, 0.00122966765, -9.22762887e-05,
)  # fmt: skip
# 1 / sqrt(2 pi) = Phi'(0): a float32 and the rest, which rounding it would lose.
_PHI_UPPER, _PHI_REST = 0.3989422917366028, -1.1335170105263179e-08


def normal_tail(a: jax.Array) -> jax.Array:
    """exp(a^2 / 2) Phi(-a) for a >= 1 (float64: 0), Phi the normal distribution."""
    if a.dtype == jnp.float64:
        inside = jnp.minimum(a, 36)
        near = 0.5 * lax.erfc(inside * 0.7071067811865476) * jnp.exp(inside * inside / 2)
        outside = jnp.maximum(a, 36)  # the asymptotic series
        far = polynomial(_NORMAL_SERIES, 1 / jnp.square(outside)) / outside
        return jnp.where(a < 36, near, far / math.sqrt(2 * math.pi))
    t = 2 / (2 + a)
    return t * polynomial(_NORMAL_TAIL, t)


def _lifted_gelu(x):
    """gelu(x) for finite x, lifted for x < 0."""
    a = jnp.abs(x)
    tail = normal_tail(a) * lifted_exponential(-0.5 * jnp.square(a))
    if x.dtype == jnp.float64:  # directly, where nothing is near to flushing to 0
        direct = lift(0.5 * lax.erfc(jnp.minimum(a, 20) * 0.7071067811865476))
        tail = jnp.where(a < 20, direct, tail)
    far = jnp.where(x < 0, -a * tail, x * (1 - unlift(tail)))
    if x.dtype == jnp.float64:
        return far
    near = 0.5 + x * polynomial(_NORMAL, jnp.square(bounded(x, 1)))
    return jnp.where(a < 1, lift_left(x, x * near), far)


def _lifted_gelu_slope(x):
    """The derivative of gelu at finite x, lifted for x < 0."""
    # Phi(x) + x phi(x), with the factor exp(-x^2 / 2) taken out of both terms; on the negative
    # side, and mirrored, since f'(-x) = 1 - f'(x). Near 0 without the factor.
    a = jnp.abs(x)
    difference = (normal_tail(a) - _PHI_UPPER * a) - _PHI_REST * a
    q = difference * lifted_exponential(-0.5 * jnp.square(a))
    far = jnp.where(x < 0, q, 1 - unlift(q))
    if x.dtype == jnp.float64:
        return far
    near = 0.5 + x * polynomial(_NORMAL_SLOPE, jnp.square(bounded(x, 1)))
    return jnp.where(a < 1, lift_left(x, near), far)


def _gelu_curvature(x):
    x = bounded(x, 1e4)
    return (2 - jnp.square(x)) / math.sqrt(2 * math.pi) * jnp.exp(-jnp.square(x) / 2)


@with_derivatives(_gelu_curvature)
def gelu_slope(x: jax.Array) -> jax.Array:
    """Phi(x) + x Phi'(x)."""
    return unlift_left(x, _lifted_gelu_slope(bounded(x, 1e3)))


@with_derivatives(gelu_slope)
def gelu(x: jax.Array) -> jax.Array:
    """x Phi(x)."""
    return unlift_left(x, _lifted_gelu(jnp.where(x < 0, bounded(x, 1e4), x)))


# Phish: value and derivative write their divisions differently, since XLA would compute a common
# one once and pass it through memory. So it would n d below, if their denominator were
# n d + (d - n / 2)^2.


def _phish_curvature(x):
    x = bounded(x, 1e3)
    g, inner = unlift_left(x, _lifted_gelu(x)), unlift_left(x, _lifted_gelu_slope(x))
    gate = hyperbolic_tangent(g)
    return tanh_slope(g) * (2 * inner + x * (_gelu_curvature(x) - 2 * gate * jnp.square(inner)))


@with_derivatives(_phish_curvature)
def _phish_slope(x):
    slope = _phish_slope_float64(x) if x.dtype == jnp.float64 else _phish_slope_float32(x)
    return jnp.where(jnp.abs(x) < 1e-30, x, slope)  # half of which may be subnormal


@with_derivatives(_phish_slope)
def phish(x: jax.Array) -> jax.Array:
    """x tanh(x Phi(x))."""
    if x.dtype == jnp.float64:
        inside = bounded(x, 1e3)
        gate, _ = _tanh_lifted_float64(_lifted_gelu(inside))
        return unlift_left(x, jnp.where(x < 0, inside, x) * gate)
    inside = clipped(x, -20, 9.2)
    a = jnp.abs(inside)
    tail = polynomial(_PHISH_TAIL, (a - 1.5) * (1 / (3 + a)))
    lifted = inside * (tail * lifted_exponential(-0.5 * jnp.square(a)))
    left = unlift(inside * (lifted + lifted * _excess(jnp.square(unlift(lifted)))))
    n, d = halves_of_tanh(inside - unlift(lifted))
    right = inside * (n * d / (jnp.square(d) + 0.25 * jnp.square(n)))
    return jnp.where(x < 0, left, jnp.where(x > 9.2, x, right))


def _phish_slope_float32(x):
    # tanh(g) + x tanh'(g) g' with g = x Phi(x) and its derivative; where g' differs from 1 by
    # less than rounding, 1 + (4 x - 2) exp(-2 x)
    inside = clipped(x, -20, 60)
    a, far = jnp.abs(inside), inside > 6
    tail = polynomial(_PHISH_TAIL, (a / 3 - 0.5) * (1 / (1 + a / 3)))
    e = lifted_exponential(jnp.where(far, -2 * a, -0.5 * jnp.square(a)))
    lifted, drop = inside * (e * tail), inside * (e * (tail - _PHI_UPPER * a))
    # far left tanh(g) is nearly g: both terms without it, and what that lacks
    near = lift(1.0) + lift(inside) * polynomial(_PHISH_NEAR, jnp.square(inside))
    both = jnp.where(inside > -1, near, e * ((2 * tail - _PHI_UPPER * a) - _PHI_REST * a))
    z = jnp.square(unlift(lifted))
    excess = _excess(z)
    left = inside * both + (lifted * excess - drop * (z * jnp.square(1 + excess)))
    n, d = halves_of_tanh(jnp.minimum(inside - unlift(lifted), 6))
    rest, r = jnp.square(d - 0.5 * n), 1 / (jnp.square(d) + 0.25 * jnp.square(n))
    right = r * (n * d + (inside - unlift(drop)) * (rest * (2 - rest * r)))
    right = jnp.where(far, 1 + unlift(e) * (4 * inside - 2), right)
    return jnp.where(x < 0, unlift(left), right)


def _excess(z):
    """tanh(g) / g - 1 for z = g^2 below 0.03."""
    return z * polynomial((-0.3333333, 0.13333, -0.0535), z)


def _phish_slope_float64(x):
    x = bounded(x, 2e3)
    a, lifted, inner = jnp.abs(x), _lifted_gelu(x), _lifted_gelu_slope(x)
    gate, steepness = _tanh_lifted_float64(lifted)
    both = 2 * normal_tail(a) - a / math.sqrt(2 * math.pi)
    both = x * (both * lifted_exponential(-0.5 * jnp.square(a)))
    far = both + ((gate - lifted) - x * inner * jnp.square(unlift_left(x, gate)))
    return unlift_left(x, jnp.where(x < -1, far, gate + x * steepness * inner))


def _tanh_lifted_float64(lifted):
    # tanh(g) and tanh'(g), where below 0 g is given, and tanh(g) returned, lifted
    g = unlift_left(lifted, lifted)
    m = jnp.expm1(-2 * g)
    z = jnp.square(bounded(g, 1))
    tanh = jnp.where(lifted < 0, lifted + lifted * (z * tanh_excess(z)), -m / (2 + m))
    return tanh, 4 * jnp.exp(-2 * g) / jnp.square(2 + m)
