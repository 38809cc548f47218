"""Piecewise quadratic activations, and the ramp that is the derivative of one."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import POSITIVE, register
from acts_jax.kernels import piecewise
from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.elementwise import elementwise


@register(
    range=(0, math.inf),
    reference="So et al. 2021, arXiv:2109.08668",
    aliases=("relu_squared", "relu2"),
)
@elementwise()
@with_derivatives(piecewise.squared_relu_slope)
def squared_relu(x: ArrayLike) -> jax.Array:
    r"""Squared rectified linear unit.

    .. math::
        f(x) = \max(x, 0)^2, \qquad f'(x) = 2 \max(x, 0)

    The derivative is continuous; the second jumps at 0.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf], of x's shape.
    """
    return jnp.maximum(x, 0) ** 2


@register(
    parameters={"beta": POSITIVE},
    range=(0, math.inf),
    reference="Shamir, Lin, Coviello 2020, arXiv:2010.09931",
    aliases=("smooth_relu",),
)
@elementwise(piecewise.smelu)
def smelu(x: ArrayLike, beta: ArrayLike = 0.5) -> jax.Array:
    r"""Smooth rectified linear unit: ReLU with a parabola around 0.

    .. math::
        f(x) = \begin{cases} 0, & x \le -\beta \\ \frac{(x + \beta)^2}{4 \beta}, & |x| < \beta
        \\ x, & x \ge \beta \end{cases}

    The derivative is continuous; the second jumps at -beta and beta. With beta = 1 it is
    `sparse_plus`.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        beta: half the width of the parabola, above 0; broadcasts against x.

    Returns:
        Values in [0, inf), in x's dtype.
    """
    parabola = (x + beta) ** 2 / (4 * beta)
    return jnp.where(x <= -beta, 0, jnp.where(x >= beta, x, parabola))


@register(range=(0, math.inf), reference="Wu, Wang, Zhang, Qin 2024 (sparse-plus in jax.nn)")
@elementwise(piecewise.sparse_plus)
def sparse_plus(x: ArrayLike) -> jax.Array:
    r"""Sparse plus: the softplus of `sparse_sigmoid`; `smelu` with beta = 1.

    .. math::
        f(x) = \begin{cases} 0, & x \le -1 \\ \frac{(x + 1)^2}{4}, & -1 < x < 1 \\
        x, & x \ge 1 \end{cases}

    The derivative is continuous; the second jumps at -1 and 1.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return jnp.where(x <= -1, 0, jnp.where(x >= 1, x, (x + 1) ** 2 / 4))


@register(range=(0, 1), kinks=(-1.0, 1.0), reference="Martins & Astudillo 2016, arXiv:1602.02068")
@elementwise()
@with_derivatives(piecewise.sparse_sigmoid_slope)
def sparse_sigmoid(x: ArrayLike) -> jax.Array:
    r"""Sparse sigmoid, the derivative of `sparse_plus`: two classes' sparsemax.

    .. math::
        f(x) = \frac{\min(\max(x + 1, 0), 2)}{2}

    The derivative is 1/4 at -1 and 1, halfway, as in `jax.nn`.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, 1], of x's shape.
    """
    return jnp.clip((x + 1) / 2, 0, 1)


@register(range=(-1, 1), reference="Wuraola & Patel 2018, IJCNN, doi:10.1109/IJCNN.2018.8489043")
@elementwise()
@with_derivatives(piecewise.sqnl_slope)
def sqnl(x: ArrayLike) -> jax.Array:
    r"""Square nonlinearity: a sigmoid of two parabolas.

    .. math::
        f(x) = \begin{cases} x - \operatorname{sign}(x) \frac{x^2}{4}, & |x| \le 2 \\
        \operatorname{sign} x, & |x| > 2 \end{cases}

    The derivative is continuous; the second jumps at -2, 0 and 2.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-1, 1], of x's shape.
    """
    inside = jnp.clip(x, -2, 2)
    return inside * (1 - jnp.abs(inside) / 4)
