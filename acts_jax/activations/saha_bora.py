"""The Saha-Bora activation function and the approximate ReLU of the same authors."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import POSITIVE, Parameter, register
from acts_jax.kernels import powers
from acts_jax.kernels.elementwise import elementwise


@register(
    parameters={"k": POSITIVE, "alpha": Parameter(low=0, high=1)},
    domain=(0, 1),
    range=(1 / 1.49, 1),
    reference="Saha et al. 2018, arXiv:1806.01844; 2020, EPJ ST 229:2629, arXiv:1906.01975",
    aliases=("saha_bora",),
)
@elementwise(powers.sbaf)
def sbaf(x: ArrayLike, k: ArrayLike = 0.98, alpha: ArrayLike = 0.5) -> jax.Array:
    r"""Saha-Bora activation function, real on [0, 1] only.

    .. math::
        y = \frac{1}{1 + k x^\alpha (1 - x)^{1 - \alpha}}, \qquad
        y' = y (1 - y) \frac{x - \alpha}{x (1 - x)}

    For 0 < alpha < 1 it is U-shaped: 1 at both ends, where the derivative is -inf and inf,
    with its minimum at x = alpha. It rises for alpha = 0 and falls for alpha = 1.

    Args:
        x: any shape, in [0, 1]; float dtypes are kept, integers become floats.
        k: above 0; broadcasts against x.
        alpha: in [0, 1]; broadcasts against x.

    Returns:
        Values in [1 / (1 + k), 1], in x's dtype; NaN where x is outside [0, 1].
    """
    return 1 / (1 + k * x**alpha * (1 - x) ** (1 - alpha))


@register(
    parameters={"k": Parameter(), "n": POSITIVE},
    range=(0, math.inf),
    reference="Saha et al. 2020, EPJ ST 229:2629, arXiv:1906.01975",
)
@elementwise(powers.a_relu)
def a_relu(x: ArrayLike, k: ArrayLike = 0.54, n: ArrayLike = 1.3) -> jax.Array:
    r"""Approximate ReLU; not the attention-based function also named AReLU.

    .. math::
        f(x) = \begin{cases} k x^n, & x > 0 \\ 0, & x \le 0 \end{cases}

    The derivative at 0 is 0; it is continuous there for n > 1. With k = 0.54 and n = 1.3 the
    function crosses y = x at 7.7987, and is at most 0.75056 below it before, at 3.2524.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        k: any number; broadcasts against x.
        n: above 0; broadcasts against x.

    Returns:
        Values in [0, inf) for k > 0, in x's dtype.
    """
    return jnp.where(x > 0, k * x**n, 0)
