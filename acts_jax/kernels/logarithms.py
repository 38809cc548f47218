"""Logarithms near 1, and the functions that are made of them."""

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.kernels.arithmetic import bounded, gated, polynomial
from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.exponentials import decay_and_rise
from acts_jax.kernels.lifting import unlift_left

# Minimax polynomials for float32, lowest degree first:
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


def log_cosh_of_half(x: jax.Array) -> jax.Array:
    """log(cosh(x / 2)) for abs(x) <= 1."""
    z = jnp.square(x)
    if x.dtype == jnp.float64:
        return lax.log1p(0.25 * jnp.expm1(x) * -jnp.expm1(-x)) / 2  # cosh^2 = 1 + sinh^2
    return z * polynomial(_LOG_COSH, z)


@with_derivatives(
    with_derivatives(lambda x: -lax.sign(x) / jnp.square(1 + jnp.abs(x)))(
        lambda x: 1 / (1 + jnp.abs(x))
    )
)
def symlog(x: jax.Array) -> jax.Array:
    """sign(x) log(1 + abs(x))."""
    magnitude = jnp.log1p(jnp.abs(x))
    return jnp.where(x < 0, -magnitude, jnp.where(x == 0, x, magnitude))


def _logish_parts(x):
    # log(1 + s) = 2 artanh(w), w = s / (2 + s) = lead * r with s the sigmoid
    e, lead = decay_and_rise(x)
    r = 1 / jnp.where(x < 0, 2 + 3 * e, 3 + 2 * e)
    return e, lead, r, r * jnp.where(x < 0, e, 1)


def _logish_slope(x):
    # gate + x * gate' is lead times both terms; far left these are 1 and x, nearly, and what
    # they lack is added to 1 + x, which loses no digits
    x = bounded(x, 1e3)
    e, lead, r, w = _logish_parts(x)
    left, far = x < 0, x < -1
    gate = r * (jnp.where(far, -3 * e, 2) + two_artanh_excess(w))
    steepness = jnp.where(far, -e * (3 + 2 * e), jnp.where(left, 1, e))
    steepness = steepness / ((1 + e) * jnp.where(left, 1 + 2 * e, 2 + e))
    return unlift_left(x, lead * (jnp.where(far, 1 + x, 0) + (gate + x * steepness)))


@with_derivatives(_logish_slope)
def logish(x: jax.Array) -> jax.Array:
    """x log(1 + sigmoid(x))."""
    _, lead, r, w = _logish_parts(x)
    return unlift_left(x, gated(x, lead * (r * two_artanh_over(w))))
