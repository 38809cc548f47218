"""Shrinkage: activations that pull towards 0, hard_shrink, soft_shrink and tanh_shrink."""

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.numerics import (
    bounded,
    elementwise,
    keep_nan,
    polynomial,
    with_derivatives,
)
from acts_jax.activations.special_functions import hyperbolic_tangent

# x - tanh(x) = x^3 P(x^2) / Q(x^2), from the continued fraction of tanh
_SHRINK_P = (11486475.0, 810810.0, 12870.0, 44.0)
_SHRINK_Q = (34459425.0, 16216200.0, 945945.0, 13860.0, 45.0)


def _outside(x, threshold):
    return keep_nan(jnp.where(jnp.abs(x) > threshold, 1.0, 0.0), x)


@register(
    family="shrinkage",
    parameters={"threshold": Parameter(0.5, low=0)},
    kinks=(-0.5, 0.5),
    formula=r"\begin{cases} x, & |x| > \lambda \\ 0, & |x| \le \lambda \end{cases}",
    reference="Donoho & Johnstone 1994, Biometrika 81:425",
    aliases=("hardshrink",),
)
@elementwise(_outside, lambda x, threshold: jnp.zeros_like(x))
def hard_shrink(x: jax.Array, threshold: jax.Array | float = 0.5) -> jax.Array:
    r"""Hard shrinkage, hard thresholding.

    .. math::
        f(x) = \begin{cases} x, & |x| > \lambda \\ 0, & |x| \le \lambda \end{cases}

    It jumps at both thresholds, where the derivative is 0, as in PyTorch and Keras; so is the
    derivative by the threshold everywhere. The threshold is 0.5 in both, too; `tensorflow_addons`
    has two, lower and upper.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        threshold: lambda, 0 or more; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.

    Raises:
        ValueError: if threshold is a plain number below 0.
    """
    return keep_nan(jnp.where(jnp.abs(x) > threshold, x, 0), x)


@register(
    family="shrinkage",
    parameters={"threshold": Parameter(0.5, low=0)},
    kinks=(-0.5, 0.5),
    formula=r"\operatorname{sign}(x) \max(|x| - \lambda, 0)",
    reference="Donoho 1995, IEEE Trans. Inf. Theory 41:613",
    aliases=("softshrink",),
)
@elementwise(_outside, lambda x, threshold: jnp.where(jnp.abs(x) > threshold, -lax.sign(x), 0))
def soft_shrink(x: jax.Array, threshold: jax.Array | float = 0.5) -> jax.Array:
    r"""Soft shrinkage, soft thresholding: the proximal operator of the absolute value.

    .. math::
        f(x) = \operatorname{sign}(x) \max(|x| - \lambda, 0)

    The derivative is 0 at both thresholds, as in PyTorch and Keras, whose threshold is 0.5, too.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        threshold: lambda, 0 or more; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.

    Raises:
        ValueError: if threshold is a plain number below 0.
    """
    return x - jnp.clip(x, -threshold, threshold)


@with_derivatives(lambda x: 2 * lax.tanh(x) * _sech_squared(x))
def _tanh_squared(x):
    return jnp.where(jnp.abs(x) < 1, jnp.square(hyperbolic_tangent(x)), 1 - _sech_squared(x))


def _sech_squared(x):
    e = jnp.exp(-2 * jnp.abs(x))
    return 4 * e / jnp.square(1 + e)


@register(
    family="shrinkage",
    formula=r"x - \tanh x",
    aliases=("tanhshrink",),
)
@elementwise(_tanh_squared)
def tanh_shrink(x: jax.Array) -> jax.Array:
    r"""Tanh shrinkage, with derivative :math:`\tanh^2 x`.

    .. math::
        f(x) = x - \tanh x

    Near 0 it is x^3 / 3, of which the plain difference in PyTorch and Keras keeps no digit
    below 0.01.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        x's dtype and shape.
    """
    near = bounded(x, 1)
    z = jnp.square(near)
    near = z * near * (polynomial(_SHRINK_P, z) / polynomial(_SHRINK_Q, z))
    return jnp.where(jnp.abs(x) < 1, near, x - hyperbolic_tangent(x))
