"""Logarithms, tanh, arctan, erf: accurate in the tails, and faster than XLA's."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.exponentials import lifted_exp, small_power_of_two
from acts_jax.activations.numerics import bounded, polynomial, with_derivatives

# Minimax polynomials for float32, lowest degree first:
# arctan(z) / z in z^2 on [0, 1], relative error 2.4e-9;
_ARCTAN = (
    0.999999998, -0.333332836, 0.19998266, -0.142619331, 0.109420305,
    -0.0837731501, 0.0575520943, -0.0308045892, 0.0107269398, -0.00175392918,
)  # fmt: skip
# (tanh(x) / x - 1) / x^2 in x^2 for x <= 0.6, relative error of tanh 2.8e-9;
_TANH = (-0.33333298, 0.133319241, -0.0537838252, 0.0207959558, -0.00589514058)
# x times the first over the second is 2 tanh(x / 2), in x^2 for x <= 9.2, where tanh(x) rounds
# to 1; relative error of tanh(x) 9e-9;
_TANH_OF_HALF = (
    (1.0, 0.029769379645586014, 0.00011415701010264456),
    (1.0, 0.11310267448425293, 0.0012060855515301228, 1.2268840237084078e-06),
)
# erf(x) / x in x^2 for x <= 1, relative error 1.2e-9; log2(1 - erf(x)) in x for 0.9 <= x <= 4,
# error of erf 1.6e-9;
_ERF = (
    1.12837917, -0.376126258, 0.112835851, -0.0268538118, 0.00518832741, -0.00080101912,
    7.85385334e-05,
)  # fmt: skip
_LOG2_ERFC = (
    -0.000256044238, -1.62699882, -0.919082732, -0.150094386, 0.0321391487, -0.00440833849,
    0.000284476245,
)  # fmt: skip
_TANH_SERIES = (
    -1 / 3, 2 / 15, -17 / 315, 62 / 2835, -1382 / 155925, 21844 / 6081075, -929569 / 638512875,
    6404582 / 10854718875, -443861162 / 1856156927625,
)  # fmt: skip
# (2 artanh(s) / s - 2) / s^2 in s^2 on [0, 1/3], error of artanh 4.5e-9 relative;
_ARTANH = (0.666664131, 0.400216991, 0.2799914, 0.280244631)
# log(1 + z) / z in z on [0, 1], relative error 4.7e-9;
_LOG1P = (
    0.999999995, -0.499999023, 0.333299609, -0.249541202, 0.196758763, -0.153054223,
    0.106033797, -0.0569569133, 0.0198501057, -0.00324373097,
)  # fmt: skip
# log(cosh(x / 2)) / x^2 in x^2 for abs(x) <= 1, error of the logarithm 4e-9.
_LOG_COSH = (0.124999881, -0.00520715386, 0.000343567419, -2.17910876e-05)


@with_derivatives(lambda z: 1 / (1 + z))
def log1p_within_one(z: jax.Array) -> jax.Array:
    """log(1 + z) for 0 <= z <= 1: vectorised, five times faster than `jnp.log1p` on a CPU."""
    if z.dtype == jnp.float64:
        return lax.log1p(z)
    return z * log1p_over(z)


def log1p_over(z: jax.Array) -> jax.Array:
    """log(1 + z) / z for 0 <= z <= 1."""
    if z.dtype == jnp.float64:
        return jnp.where(z == 0, 1, lax.log1p(z) / jnp.where(z == 0, 1, z))
    return polynomial(_LOG1P, z)


def two_artanh_over(w: jax.Array) -> jax.Array:
    """2 artanh(w) / w for 0 <= w <= 1/3."""
    if w.dtype == jnp.float64:
        safe = jnp.where(w == 0, 1, w)
        return jnp.where(w == 0, 2, lax.log1p(2 * safe / (1 - safe)) / safe)
    return 2 + two_artanh_excess(w)


def two_artanh_excess(w: jax.Array) -> jax.Array:
    """2 artanh(w) / w - 2 for 0 <= w <= 1/3; its error is absolute."""
    if w.dtype == jnp.float64:
        return two_artanh_over(w) - 2
    z = jnp.square(w)
    return z * polynomial(_ARTANH, z)


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


def log_cosh_of_half(x: jax.Array) -> jax.Array:
    """log(cosh(x / 2)) for abs(x) <= 1."""
    z = jnp.square(x)
    if x.dtype == jnp.float64:
        return lax.log1p(0.25 * jnp.expm1(x) * -jnp.expm1(-x)) / 2  # cosh^2 = 1 + sinh^2
    return z * polynomial(_LOG_COSH, z)


def arctan_within_one(z: jax.Array) -> jax.Array:
    """arctan(z) for |z| <= 1: vectorised, ten times faster than `jnp.arctan` on a CPU."""
    if z.dtype == jnp.float64:
        return lax.atan(z)
    return z * polynomial(_ARCTAN, z * z)


def error_function(x: jax.Array) -> jax.Array:
    """erf(x); XLA's is 7 ULP off for float32."""
    if x.dtype == jnp.float64:
        return lax.erf(x)
    inside = bounded(x, 1)
    far = error_function_beyond_one(jnp.abs(x))
    far = jnp.where(x < 0, -far, far)
    return jnp.where(inside == x, inside * error_function_over(inside), far)


@with_derivatives(lambda x: 2 / math.sqrt(math.pi) * lifted_exp(-jnp.square(x)))
def error_function_beyond_one(x: jax.Array) -> jax.Array:
    """erf(x) for x >= 1."""
    if x.dtype == jnp.float64:
        return lax.erf(x)
    return 1 - small_power_of_two(polynomial(_LOG2_ERFC, jnp.minimum(x, 4)), 0)


def error_function_over(x: jax.Array) -> jax.Array:
    """erf(x) / x for 0 <= x <= 1."""
    if x.dtype == jnp.float64:
        safe = jnp.where(x == 0, 1, x)
        return jnp.where(x == 0, 2 / math.sqrt(math.pi), lax.erf(safe) / safe)
    return polynomial(_ERF, jnp.square(x))
