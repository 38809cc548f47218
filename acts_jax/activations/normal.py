"""The normal distribution Phi in the forms that gelu and its derivative need."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.numerics import polynomial

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


def normal_over(x: jax.Array) -> jax.Array:
    """(Phi(x) - 1/2) / x for float32 and abs(x) <= 1."""
    return polynomial(_NORMAL, jnp.square(x))


def normal_slope(x: jax.Array) -> jax.Array:
    """(Phi(x) + x Phi'(x) - 1/2) / x for abs(x) <= 1, without cancellation near 0."""
    return polynomial(_NORMAL_SLOPE, jnp.square(x))
