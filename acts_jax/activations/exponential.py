"""Activations with an exponential side: elu, celu, selu, pelu, softplus and others."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import POSITIVE, register
from acts_jax.kernels import exponential_linear, exponentials, logistic
from acts_jax.kernels.elementwise import elementwise
from acts_jax.kernels.exponential_linear import SELU_ALPHA, SELU_SCALE


@register(range=(-1, math.inf), reference="Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289")
@elementwise(exponential_linear.elu)
def elu(x: ArrayLike, alpha: ArrayLike = 1.0) -> jax.Array:
    r"""Exponential linear unit.

    .. math::
        f(x) = \begin{cases} x, & x > 0 \\ \alpha (e^x - 1), & x \le 0 \end{cases}

    The derivative is 1 just above 0 and alpha at 0 and just below, as in `jax.nn`; for
    alpha = 1 it is continuous, and the second derivative jumps. alpha is 1 in `jax.nn`, PyTorch
    and Keras, too.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: any number; broadcasts against x.

    Returns:
        Values above -alpha, in x's dtype.
    """
    return jnp.where(x > 0, x, alpha * jnp.expm1(x))


@register(
    range=(-SELU_SCALE * SELU_ALPHA, math.inf),
    kinks=(0.0,),
    reference="Klambauer, Unterthiner, Mayr, Hochreiter 2017, arXiv:1706.02515",
)
@elementwise(exponential_linear.selu)
def selu(x: ArrayLike) -> jax.Array:
    r"""Scaled exponential linear unit.

    .. math::
        f(x) = \lambda \begin{cases} x, & x > 0 \\ \alpha (e^x - 1), & x \le 0 \end{cases}

    with lambda = 1.0507009873554805 and alpha = 1.6732632423543772, so that activations of
    mean 0 and variance 1 keep them. The derivative at 0 is lambda alpha = 1.7580993408, as
    in `jax.nn`, and lambda just above. PyTorch has the same two constants.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -1.7580993, of x's shape.
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


@register(range=(-1, math.inf), reference="Barron 2017, arXiv:1704.07483")
@elementwise(exponential_linear.celu)
def celu(x: ArrayLike, alpha: ArrayLike = 1.0) -> jax.Array:
    r"""Continuously differentiable exponential linear unit.

    .. math::
        f(x) = \max(x, 0) + \min(0, \alpha (e^{x / \alpha} - 1))

    The derivative at 0 is 1 for every alpha; the second jumps there. alpha is 1 in `jax.nn` and
    PyTorch, too; for other values `elu` is another function in all of them.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: any number but 0; broadcasts against x. Below 0 the left side falls exponentially.

    Returns:
        Values above -alpha if alpha is above 0, in x's dtype.
    """
    return jnp.maximum(x, 0) + jnp.minimum(0, alpha * jnp.expm1(x / alpha))


@register(
    parameters={"beta": POSITIVE},
    range=(0, math.inf),
    reference="Dugas, Bengio, Belisle, Nadeau, Garcia 2001",
)
@elementwise(logistic.softplus)
def softplus(x: ArrayLike, beta: ArrayLike = 1.0) -> jax.Array:
    r"""Softplus, a smooth ReLU whose derivative is the sigmoid.

    .. math::
        f(x) = \frac{1}{\beta} \log(1 + e^{\beta x}), \qquad f'(x) = \sigma(\beta x)

    It tends to ReLU as beta grows. PyTorch has beta too, but returns x where beta x is above its
    threshold of 20; `jax.nn` has no beta.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        beta: the sharpness, above 0; broadcasts against x.

    Returns:
        Values in [0, inf), in x's dtype.
    """
    return jnp.log(1 + jnp.exp(beta * x)) / beta


@register(range=(-math.inf, 0), aliases=("logsigmoid",))
@elementwise(logistic.log_sigmoid)
def log_sigmoid(x: ArrayLike) -> jax.Array:
    r"""Logarithm of the sigmoid, :math:`\log \sigma(x)`, with derivative :math:`\sigma(-x)`.

    .. math::
        f(x) = -\log(1 + e^{-x})

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in (-inf, 0], of x's shape.
    """
    return -jnp.log(1 + jnp.exp(-x))


@register(range=(0, math.inf), aliases=("exponential",))
@elementwise(exponentials.exp)
def exp(x: ArrayLike) -> jax.Array:
    """Exponential function, as Keras offers it; it overflows for x > 88.72 in float32.

    .. math::
        f(x) = e^x

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf], of x's shape.
    """
    return jnp.exp(x)


@register(range=(0, 1), reference="Broomhead & Lowe 1988", aliases=("rbf",))
@elementwise(exponentials.gaussian)
def gaussian(x: ArrayLike) -> jax.Array:
    r"""Gaussian bump, the radial basis function.

    .. math::
        f(x) = e^{-x^2}

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, 1], of x's shape.
    """
    return jnp.exp(-(x**2))


@register(
    parameters={"alpha": POSITIVE, "beta": POSITIVE},
    learned=("alpha", "beta"),
    range=(-1, math.inf),
    reference="Trottier, Giguere, Chaib-draa 2016, arXiv:1605.09332",
)
@elementwise(exponential_linear.pelu)
def pelu(x: ArrayLike, alpha: ArrayLike = 1.0, beta: ArrayLike = 1.0) -> jax.Array:
    r"""Parametric exponential linear unit, once differentiable for all its parameters.

    .. math::
        f(x) = \begin{cases} \frac{\alpha}{\beta} x, & x \ge 0 \\
        \alpha (e^{x / \beta} - 1), & x < 0 \end{cases}

    The derivative at 0 is alpha / beta; the second jumps there.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.
        beta: above 0; broadcasts against x.

    Returns:
        Values above -alpha, in x's dtype.
    """
    return jnp.where(x >= 0, alpha / beta * x, alpha * jnp.expm1(x / beta))


@register(
    parameters={"alpha": POSITIVE},
    range=(0, 1),
    reference="Klimek & Perelstein 2018, arXiv:1810.11509",
)
@elementwise(logistic.soft_clipping)
def soft_clipping(x: ArrayLike, alpha: ArrayLike = 10.0) -> jax.Array:
    r"""Soft clipping: nearly linear between 0 and 1, the more so the larger alpha.

    .. math::
        f(x) = \frac{1}{\alpha} \log \frac{1 + e^{\alpha x}}{1 + e^{\alpha (x - 1)}},
        \qquad f'(x) = \sigma(\alpha x) - \sigma(\alpha (x - 1))

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: the sharpness, above 0; broadcasts against x.

    Returns:
        Values in [0, 1], in x's dtype.
    """
    return jnp.log((1 + jnp.exp(alpha * x)) / (1 + jnp.exp(alpha * (x - 1)))) / alpha
