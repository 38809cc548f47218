"""Elish and hard_elish: an exponential linear unit times a sigmoid."""

import math

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import register
from acts_jax.activations.exponential import elu_or_line
from acts_jax.activations.exponentials import decay_minus_one, deep_sigmoid, deep_unit, lifted_exp
from acts_jax.activations.numerics import elementwise, gated, keep_nan, partials_of


def _elish(x):
    return gated(elu_or_line(x), deep_sigmoid(x))


@register(
    family="exponential_gated",
    range=(-0.17157287525380988, math.inf),
    formula=(
        r"\begin{cases} x \, \sigma(x), & x \ge 0 \\ "
        r"(e^x - 1) \, \sigma(x), & x < 0 \end{cases}"
    ),
    reference="Basirat & Roth 2018, arXiv:1808.00783",
)
@elementwise(*partials_of(_elish, deep_unit))
def elish(x: jax.Array) -> jax.Array:
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
    return _elish(x) * deep_unit(x)


def _hard_elish_slope(x):
    inside = jnp.clip(x, -1, 0)
    below = lifted_exp(inside) * ((inside + 1) / 2) + decay_minus_one(inside) / 2
    above = jnp.where(x < 1, (2 * x + 1) / 2, 1.0)
    return keep_nan(jnp.where(x <= -1, 0, jnp.where(x < 0, below, above)), x)


@register(
    family="exponential_gated",
    range=(-0.09967315152874262, math.inf),
    kinks=(-1.0, 1.0),
    formula=(
        r"\begin{cases} x \, h(x), & x \ge 0 \\ (e^x - 1) \, h(x), & x < 0 \end{cases}, \quad "
        r"h(x) = \min(\max(\tfrac{x + 1}{2}, 0), 1)"
    ),
    reference="Basirat & Roth 2018, arXiv:1808.00783",
)
@elementwise(_hard_elish_slope)
def hard_elish(x: jax.Array) -> jax.Array:
    r"""Elish with a piecewise linear gate h in place of the sigmoid.

    .. math::
        f(x) = \begin{cases} x \, h(x), & x \ge 0 \\ (e^x - 1) \, h(x), & x < 0 \end{cases}
        \qquad h(x) = \min(\max(\tfrac{x + 1}{2}, 0), 1)

    The derivative is 0 at -1 and 1 at 1, as further out; at 0 it is 1/2 from both sides.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.0996732, of x's shape.
    """
    return elu_or_line(x) * jnp.clip((x + 1) / 2, 0, 1)
