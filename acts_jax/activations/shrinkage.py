"""Shrinkage: activations that pull towards 0, hard_shrink, soft_shrink and tanh_shrink."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import NOT_NEGATIVE, register
from acts_jax.kernels import hyperbolic, piecewise
from acts_jax.kernels.elementwise import elementwise


def _both_thresholds(threshold):
    return -threshold, threshold


@register(
    parameters={"threshold": NOT_NEGATIVE},
    kinks=(-0.5, 0.5),
    moved_kinks=_both_thresholds,
    reference="Donoho & Johnstone 1994, Biometrika 81:425",
    aliases=("hardshrink",),
)
@elementwise(piecewise.hard_shrink)
def hard_shrink(x: ArrayLike, threshold: ArrayLike = 0.5) -> jax.Array:
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
    """
    return jnp.where(jnp.abs(x) > threshold, x, 0)


@register(
    parameters={"threshold": NOT_NEGATIVE},
    kinks=(-0.5, 0.5),
    moved_kinks=_both_thresholds,
    reference="Donoho 1995, IEEE Trans. Inf. Theory 41:613",
    aliases=("softshrink",),
)
@elementwise(piecewise.soft_shrink)
def soft_shrink(x: ArrayLike, threshold: ArrayLike = 0.5) -> jax.Array:
    r"""Soft shrinkage, soft thresholding: the proximal operator of the absolute value.

    .. math::
        f(x) = \operatorname{sign}(x) \max(|x| - \lambda, 0)

    The derivative is 0 at both thresholds, as in PyTorch and Keras, whose threshold is 0.5, too.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        threshold: lambda, 0 or more; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    return jnp.sign(x) * jnp.maximum(jnp.abs(x) - threshold, 0)


@register(aliases=("tanhshrink",))
@elementwise(hyperbolic.tanh_shrink)
def tanh_shrink(x: ArrayLike) -> jax.Array:
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
    return x - jnp.tanh(x)
