"""S-shaped activations of powers alone: algebraic and softsign."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.exponentials import lifted_exp, power_within_one, small_power_of_two
from acts_jax.activations.numerics import bounded, elementwise, keep_nan, with_derivatives
from acts_jax.activations.special_functions import log1p_within_one


def _algebraic_parts(x, k):
    # min(|x|, 1), and u = |x|^k or, for |x| > 1, |x|^-k: both in [0, 1].
    a = jnp.abs(x)
    outside = a > 1
    tiny, largest = jnp.finfo(x.dtype).tiny, jnp.finfo(x.dtype).max
    u = power_within_one(jnp.clip(a, tiny, largest), jnp.where(outside, -k, k))
    return jnp.where(outside, 1, a), jnp.where(a == 0, 0, u)


@with_derivatives(
    lambda u, power: power * _of_one_more(u, power - 1),
    lambda u, power: log1p_within_one(u) * _of_one_more(u, power),
)
def _of_one_more(u, power):
    """(1 + u)^power for 0 <= u <= 1 and a power below 0."""
    logarithm = log1p_within_one(u)
    if u.dtype == jnp.float64:
        return lifted_exp(power * logarithm)
    return small_power_of_two(jnp.maximum(power * math.log2(math.e) * logarithm, -127), 0)


def _algebraic_slope(x, k):
    _, u = _algebraic_parts(x, k)
    a = jnp.abs(bounded(x))
    steepness = jnp.where(a > 1, u / jnp.where(a > 1, a, 1), 1)
    return keep_nan(steepness * _of_one_more(u, -(1 + 1 / k)), x)


def _algebraic_by_k(x, k):
    _, u = _algebraic_parts(x, k)
    a = jnp.abs(bounded(x))
    log_a = jnp.abs(jnp.log(jnp.where(a > 0, a, 1)))
    return algebraic(x, k) * (log1p_within_one(u) / k + u / (1 + u) * log_a) / k


@register(
    family="sigmoidal",
    parameters={"k": Parameter(2.0, low=0, closed="neither")},
    range=(-1, 1),
    formula=r"\frac{x}{(1 + |x|^k)^{1/k}}",
)
@elementwise(_algebraic_slope, _algebraic_by_k)
def algebraic(x: jax.Array, k: jax.Array | float = 2.0) -> jax.Array:
    r"""Algebraic sigmoid; k = 1 is softsign, k = 2 is :math:`x / \sqrt{1 + x^2}`.

    .. math::
        f(x) = \frac{x}{(1 + |x|^k)^{1/k}}, \qquad f'(x) = (1 + |x|^k)^{-1 - 1/k}

    It tends to `hard_tanh` as k grows. The accuracy falls as 1/k for k below 1/2.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        k: above 0; broadcasts against x.

    Returns:
        Values in [-1, 1].

    Raises:
        ValueError: if k is a plain number and not above 0.
    """
    size, u = _algebraic_parts(x, k)
    size = size * _of_one_more(u, -1 / k)
    return jnp.where(x < 0, -size, size)


@with_derivatives(lambda x: -2 * lax.sign(x) * _softsign_slope(x) / (1 + jnp.abs(x)))
def _softsign_slope(x):
    return 1 / jnp.square(1 + jnp.abs(x))


@register(
    family="sigmoidal",
    range=(-1, 1),
    formula=r"\frac{x}{1 + |x|}",
    reference="Bergstra, Desjardins, Lamblin, Bengio 2009",
    aliases=("soft_sign",),
)
@elementwise(_softsign_slope)
def softsign(x: jax.Array) -> jax.Array:
    r"""Softsign.

    .. math::
        f(x) = \frac{x}{1 + |x|}, \qquad f'(x) = \frac{1}{(1 + |x|)^2}

    The derivative is continuous; the second jumps at 0, where it is taken to be 0.
    `jax.nn.soft_sign` gives NaN at infinity; this gives 1.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-1, 1], of x's shape.
    """
    x = bounded(x)
    return x / (1 + jnp.abs(x))


soft_sign = softsign  # as jax.nn calls it
