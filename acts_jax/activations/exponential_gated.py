"""Elish and hard_elish: an exponential linear unit times a sigmoid."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import register
from acts_jax.activations.exponential import elu
from acts_jax.activations.sigmoidal import sigmoid
from acts_jax.kernels import exponential_linear, logistic
from acts_jax.kernels.elementwise import elementwise


@register(range=(-0.17157287525380988, math.inf), reference="Basirat & Roth 2018, arXiv:1808.00783")
@elementwise(logistic.elish)
def elish(x: ArrayLike) -> jax.Array:
    r"""Exponential linear sigmoid squashing.

    .. math::
        f(x) = \begin{cases} x \, \sigma(x), & x \ge 0 \\
        (e^x - 1) \, \sigma(x), & x < 0 \end{cases}

    The derivative at 0 is 1/2 from both sides; the second jumps there.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.1715729, of x's shape.
    """
    return elu(x) * sigmoid(x)


@register(
    range=(-0.09967315152874262, math.inf),
    kinks=(-1.0, 1.0),
    reference="Basirat & Roth 2018, arXiv:1808.00783",
)
@elementwise(exponential_linear.hard_elish)
def hard_elish(x: ArrayLike) -> jax.Array:
    r"""Elish with a piecewise linear gate h in place of the sigmoid.

    .. math::
        f(x) = \begin{cases} x \, h(x), & x \ge 0 \\ (e^x - 1) \, h(x), & x < 0 \end{cases}, \quad
        h(x) = \min(\max(\tfrac{x + 1}{2}, 0), 1)

    The derivative is 0 at -1 and 1 at 1, as further out; at 0 it is 1/2 from both sides.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.0996732, of x's shape.
    """
    return elu(x) * jnp.clip((x + 1) / 2, 0, 1)
