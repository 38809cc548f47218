"""Arithmetic with infinities, NaN and polynomials."""

import jax
import jax.numpy as jnp
from jax import lax


def keep_nan(value: jax.Array, x: jax.Array) -> jax.Array:
    """The value, but NaN where x is NaN: for values selected by comparisons of x."""
    return jnp.where(x == x, value, x)


def bounded(x: jax.Array, bound: float | None = None) -> jax.Array:
    """x clipped to [-bound, bound] (finite numbers by default): bounded(inf) * 0 is 0."""
    bound = float(jnp.finfo(x.dtype).max) if bound is None else bound
    return clipped(x, -bound, bound)


def clipped(x: jax.Array, low: float, high: float) -> jax.Array:
    """x clipped to [low, high], in x's dtype whatever the default one is."""
    return lax.clamp(jnp.asarray(low, x.dtype), x, jnp.asarray(high, x.dtype))


def scaled(parameter: jax.Array, x: jax.Array) -> jax.Array:
    """parameter * x, with 0 * inf = 0: a parameter at 0 removes the term."""
    return parameter * jnp.where(parameter == 0, bounded(x), x)


def gated(x: jax.Array, gate: jax.Array) -> jax.Array:
    """x * gate for a gate that levels off exponentially: inf * 0 = 0. Not differentiable."""
    return jnp.where(gate == 0, bounded(x), x) * gate


def polynomial(coefficients: tuple[float, ...], x: jax.Array) -> jax.Array:
    """Horner's rule; the lowest degree comes first."""
    result = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result = result * x + coefficient
    return result


def upper_half(x: jax.Array) -> jax.Array:
    """x with the lower half of its digits cut off: products of two such numbers are exact."""
    integer, mask = (jnp.int64, -(1 << 27)) if x.dtype == jnp.float64 else (jnp.int32, -(1 << 12))
    return lax.bitcast_convert_type(lax.bitcast_convert_type(x, integer) & mask, x.dtype)
