"""S-shaped activations: bounded, increasing, and smooth."""

import math

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import POSITIVE, register
from acts_jax.kernels import error_function, hyperbolic, logistic, powers, rationals, trigonometric
from acts_jax.kernels.elementwise import elementwise


@register(range=(0, 1), reference="Verhulst 1838", aliases=("logistic",))
@elementwise(logistic.sigmoid)
def sigmoid(x: ArrayLike) -> jax.Array:
    r"""Sigmoid, the logistic function.

    .. math::
        \sigma(x) = \frac{1}{1 + e^{-x}}

    The derivative :math:`\sigma(x) (1 - \sigma(x))` is at most 1/4, at 0, and keeps all its
    digits in both tails. `jax.nn.sigmoid` returns 0 for it from x = 17 on.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, 1], of x's shape.
    """
    return 1 / (1 + jnp.exp(-x))


@register(range=(-1, 1), reference="LeCun et al. 1998")
@elementwise(hyperbolic.tanh)
def tanh(x: ArrayLike) -> jax.Array:
    r"""Hyperbolic tangent.

    .. math::
        f(x) = \tanh x, \qquad \tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}}

    The derivative :math:`1 - \tanh^2 x = 4 e^{-2|x|} / (1 + e^{-2|x|})^2` is 1 at 0, above 1/4
    for :math:`|x| < \operatorname{artanh}(\sqrt 3 / 2) = 1.3169579`, and keeps all its digits
    in the tails, where `jax.nn.tanh` returns 0 for it.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-1, 1], of x's shape.
    """
    return jnp.tanh(x)


@register(
    range=(-1.7159, 1.7159),
    reference="LeCun, Bottou, Orr, Mueller 1998, Efficient BackProp",
    aliases=("lecun_tanh",),
)
@elementwise(hyperbolic.scaled_tanh)
def scaled_tanh(x: ArrayLike) -> jax.Array:
    r"""LeCun's tanh, scaled so that f(1) = 1 and f(-1) = -1 and the second derivative peaks there.

    .. math::
        f(x) = 1.7159 \tanh \frac{2 x}{3}

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-1.7159, 1.7159], of x's shape.
    """
    return 1.7159 * jnp.tanh(2 * x / 3)


@register(range=(-math.pi / 2, math.pi / 2), aliases=("atan",))
@elementwise(trigonometric.arctan)
def arctan(x: ArrayLike) -> jax.Array:
    r"""Arctangent.

    .. math::
        f(x) = \arctan x, \qquad f'(x) = \frac{1}{1 + x^2}

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-pi/2, pi/2], of x's shape.
    """
    return jnp.arctan(x)


@register(
    range=(-math.pi / 2, math.pi / 2),
    reference="Gudermann 1830, J. reine angew. Math.",
    aliases=("gd",),
)
@elementwise(hyperbolic.gudermannian)
def gudermannian(x: ArrayLike) -> jax.Array:
    r"""Gudermannian function, whose derivative is the hyperbolic secant.

    .. math::
        f(x) = 2 \arctan \tanh \frac{x}{2}, \qquad f(x) = \int_0^x \frac{dt}{\cosh t}

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-pi/2, pi/2], of x's shape.
    """
    return 2 * jnp.arctan(jnp.tanh(x / 2))


@register(range=(-1, 1), reference="Glaisher 1871, Philosophical Magazine 42")
@elementwise(error_function.erf)
def erf(x: ArrayLike) -> jax.Array:
    r"""Error function.

    .. math::
        \operatorname{erf} x = \frac{2}{\sqrt \pi} \int_0^x e^{-t^2} dt

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-1, 1], of x's shape.
    """
    return lax.erf(x)


@register(
    parameters={"alpha": POSITIVE},
    range=(0, 1),
    reference="Richards 1959, J. Exp. Bot. 10:290",
    aliases=("generalised_logistic",),
)
@elementwise(logistic.generalized_logistic)
def generalized_logistic(x: ArrayLike, alpha: ArrayLike = 2.0) -> jax.Array:
    r"""Generalised logistic function; alpha = 1 is the sigmoid.

    .. math::
        f(x) = (1 + e^{-x})^{-\alpha}

    The relative error grows in proportion to alpha for alpha above 2.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.

    Returns:
        Values in [0, 1].
    """
    return (1 + jnp.exp(-x)) ** -alpha


@register(parameters={"k": POSITIVE}, range=(-1, 1))
@elementwise(powers.algebraic)
def algebraic(x: ArrayLike, k: ArrayLike = 2.0) -> jax.Array:
    r"""Algebraic sigmoid; k = 1 is softsign, k = 2 is :math:`x / \sqrt{1 + x^2}`.

    .. math::
        f(x) = \frac{x}{(1 + |x|^k)^{1/k}}, \qquad f'(x) = (1 + |x|^k)^{-1 - 1/k}

    It tends to `hard_tanh` as k grows. The accuracy falls as 1/k for k below 1/2.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        k: above 0; broadcasts against x.

    Returns:
        Values in [-1, 1].
    """
    return x / (1 + jnp.abs(x) ** k) ** (1 / k)


@register(
    range=(-1, 1), reference="Bergstra, Desjardins, Lamblin, Bengio 2009", aliases=("soft_sign",)
)
@elementwise(rationals.softsign)
def softsign(x: ArrayLike) -> jax.Array:
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
    return x / (1 + jnp.abs(x))


soft_sign = softsign  # as jax.nn calls it
