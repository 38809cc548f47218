"""Activations of roots, ratios and logarithms, without an exponential."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import NOT_NEGATIVE, POSITIVE, register
from acts_jax.kernels import logarithms, radicals, rationals
from acts_jax.kernels.elementwise import elementwise


@register(
    parameters={"alpha": POSITIVE},
    range=(-1, 1),
    reference="Carlile, Delamarter, Kinney, Marti, Whitney 2017, arXiv:1710.09967",
)
@elementwise(radicals.isru)
def isru(x: ArrayLike, alpha: ArrayLike = 1.0) -> jax.Array:
    r"""Inverse square root unit, a sigmoid between -1/sqrt(alpha) and 1/sqrt(alpha).

    .. math::
        f(x) = \frac{x}{\sqrt{1 + \alpha x^2}}, \qquad f'(x) = (1 + \alpha x^2)^{-3/2}

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    return x / jnp.sqrt(1 + alpha * x**2)


@register(
    parameters={"alpha": POSITIVE},
    range=(-1, math.inf),
    reference="Carlile, Delamarter, Kinney, Marti, Whitney 2017, arXiv:1710.09967",
)
@elementwise(radicals.isrlu)
def isrlu(x: ArrayLike, alpha: ArrayLike = 1.0) -> jax.Array:
    r"""Inverse square root linear unit: like `elu`, without an exponential.

    .. math::
        f(x) = \begin{cases} x, & x \ge 0 \\ \frac{x}{\sqrt{1 + \alpha x^2}}, & x < 0 \end{cases}

    It is twice continuously differentiable; the derivative at 0 is 1.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.

    Returns:
        Values above -1/sqrt(alpha), in x's dtype.
    """
    return jnp.where(x >= 0, x, x / jnp.sqrt(1 + alpha * x**2))


@register
@elementwise(radicals.bent_identity)
def bent_identity(x: ArrayLike) -> jax.Array:
    r"""Bent identity, of slope 1/2 far left and 3/2 far right.

    .. math::
        f(x) = \frac{\sqrt{x^2 + 1} - 1}{2} + x

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        x's dtype and shape.
    """
    return (jnp.sqrt(x**2 + 1) - 1) / 2 + x


@register(
    parameters={"b": NOT_NEGATIVE}, range=(0, math.inf), reference="Barron 2021, arXiv:2112.11687"
)
@elementwise(radicals.squareplus)
def squareplus(x: ArrayLike, b: ArrayLike = 4.0) -> jax.Array:
    r"""Squareplus, a softplus of one square root.

    .. math::
        f(x) = \frac{x + \sqrt{x^2 + b}}{2}

    With b = 0 it is ReLU, and the derivative at 0 is taken to be 0. b is 4 in `jax.nn` and Keras 3,
    too.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        b: the size of the bend, 0 or more; broadcasts against x.

    Returns:
        Values in [0, inf), in x's dtype.
    """
    return (x + jnp.sqrt(x**2 + b)) / 2


@register(
    reference="Hafner, Pasukonis, Ba, Lillicrap 2023, arXiv:2301.04104", aliases=("log_modulus",)
)
@elementwise(logarithms.symlog)
def symlog(x: ArrayLike) -> jax.Array:
    r"""Symmetric logarithm: the identity near 0, a logarithm far away.

    .. math::
        f(x) = \operatorname{sign}(x) \log(1 + |x|), \qquad f'(x) = \frac{1}{1 + |x|}

    The derivative is continuous; the second jumps at 0, where it is taken to be 0.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        x's dtype and shape.
    """
    return jnp.sign(x) * jnp.log(1 + jnp.abs(x))


@register(
    learned=("p0", "p1", "p2", "p3", "q1", "q2"),
    reference="Molina, Schramowski, Kersting 2019, arXiv:1907.06732; "
    "Boulle, Nakatsukasa, Townsend 2020, arXiv:2004.01902",
    aliases=("pade",),
)
@elementwise(rationals.rational)
def rational(
    x: ArrayLike,
    p0: ArrayLike = 0.0218,
    p1: ArrayLike = 0.5,
    p2: ArrayLike = 1.5957,
    p3: ArrayLike = 1.1915,
    q1: ArrayLike = 0.0,
    q2: ArrayLike = 2.383,
) -> jax.Array:
    r"""Rational function of type (3, 2), a Padé unit, whose coefficients the network learns.

    .. math::
        f(x) = \frac{p_0 + p_1 x + p_2 x^2 + p_3 x^3}{1 + |q_1 x + q_2 x^2|}

    The denominator is at least 1, as in the safe form of Molina et al.; the coefficients start
    at Boullé's approximation of ReLU. With q1 not 0 there are kinks where q1 x + q2 x^2 = 0,
    and the derivative is the one of the positive sign there.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        p0: any number; broadcasts against x.
        p1: any number; broadcasts against x.
        p2: any number; broadcasts against x.
        p3: any number; broadcasts against x.
        q1: any number; broadcasts against x.
        q2: any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    return (p0 + p1 * x + p2 * x**2 + p3 * x**3) / (1 + jnp.abs(q1 * x + q2 * x**2))
