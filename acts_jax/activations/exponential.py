"""Activations with an exponential side: elu, celu, selu, softplus, log_sigmoid."""

import math

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.numerics import bounded, deep_exp, elementwise, polynomial
from acts_jax.activations.sigmoidal import sigmoid

# Klambauer et al. 2017, equation 14: a fixed point of mean 0 and variance 1.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772

# (expm1(u) - u exp(u)) / u^2 = -sum_n u^n (n + 1) / (n + 2)!
_CELU_SERIES = tuple(-(n + 1) / math.factorial(n + 2) for n in range(9))


def _exponential_linear(x, alpha):
    return jnp.where(x > 0, x, alpha * jnp.expm1(jnp.minimum(x, 0)))


def _exponential_linear_slope(x, alpha):
    e, unit = deep_exp(jnp.minimum(x, 0))
    return jnp.where(x > 0, 1, alpha * e * unit)


@register(
    family="exponential",
    range=(-1, math.inf),
    formula=r"\begin{cases} x, & x > 0 \\ \alpha (e^x - 1), & x \le 0 \end{cases}",
    reference="Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289",
)
@elementwise(_exponential_linear_slope, lambda x, alpha: jnp.expm1(jnp.minimum(x, 0)))
def elu(x: jax.Array, alpha: jax.Array | float = 1.0) -> jax.Array:
    r"""Exponential linear unit.

    .. math::
        f(x) = \begin{cases} x, & x > 0 \\ \alpha (e^x - 1), & x \le 0 \end{cases}

    The derivative is 1 just above 0 and alpha at 0 and just below, as in `jax.nn`; for
    alpha = 1 it is continuous, and the second derivative jumps.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: any number; broadcasts against x.

    Returns:
        Values above -alpha, in x's dtype.
    """
    return _exponential_linear(x, alpha)


@register(
    family="exponential",
    range=(-SELU_SCALE * SELU_ALPHA, math.inf),
    kinks=(0.0,),
    formula=r"\lambda \begin{cases} x, & x > 0 \\ \alpha (e^x - 1), & x \le 0 \end{cases}",
    reference="Klambauer, Unterthiner, Mayr, Hochreiter 2017, arXiv:1706.02515",
)
@elementwise(
    lambda x: jnp.where(x > 0, SELU_SCALE, _exponential_linear_slope(x, SELU_SCALE * SELU_ALPHA))
)
def selu(x: jax.Array) -> jax.Array:
    r"""Scaled exponential linear unit.

    .. math::
        f(x) = \lambda \begin{cases} x, & x > 0 \\ \alpha (e^x - 1), & x \le 0 \end{cases}

    with lambda = 1.0507009873554805 and alpha = 1.6732632423543772, so that activations of
    mean 0 and variance 1 keep them. The derivative at 0 is lambda alpha = 1.7580993408, as
    in `jax.nn`, and lambda just above.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -1.7580993, of x's shape.
    """
    return jnp.where(x > 0, SELU_SCALE * x, _exponential_linear(x, SELU_SCALE * SELU_ALPHA))


def _celu_by_alpha(x, alpha):
    # expm1(u) - u exp(u), which cancels near 0.
    u = bounded(jnp.minimum(x, 0) / alpha, 1e4)
    near = jnp.square(u) * polynomial(_CELU_SERIES, u)
    return jnp.where(u > -0.7, near, jnp.expm1(u) - u * jnp.exp(u))


@register(
    family="exponential",
    parameters={"alpha": Parameter(1.0, low=0, closed="neither")},
    range=(-1, math.inf),
    formula=r"\max(x, 0) + \min(0, \alpha (e^{x / \alpha} - 1))",
    reference="Barron 2017, arXiv:1704.07483",
)
@elementwise(lambda x, alpha: jnp.exp(jnp.minimum(x, 0) / alpha), _celu_by_alpha)
def celu(x: jax.Array, alpha: jax.Array | float = 1.0) -> jax.Array:
    r"""Continuously differentiable exponential linear unit.

    .. math::
        f(x) = \begin{cases} x, & x > 0 \\ \alpha (e^{x / \alpha} - 1), & x \le 0 \end{cases}

    The derivative at 0 is 1 for every alpha; the second jumps there.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.

    Returns:
        Values above -alpha, in x's dtype.

    Raises:
        ValueError: if alpha is a plain number and not above 0.
    """
    return jnp.where(x > 0, x, alpha * jnp.expm1(jnp.minimum(x, 0) / alpha))


def _softplus(x):
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


@register(
    family="exponential",
    range=(0, math.inf),
    formula=r"\log(1 + e^x)",
    reference="Dugas, Bengio, Belisle, Nadeau, Garcia 2001",
)
@elementwise(sigmoid)
def softplus(x: jax.Array) -> jax.Array:
    r"""Softplus, a smooth ReLU whose derivative is the sigmoid.

    .. math::
        f(x) = \log(1 + e^x)

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return _softplus(x)


@register(
    family="exponential",
    range=(-math.inf, 0),
    formula=r"-\log(1 + e^{-x})",
    aliases=("logsigmoid",),
)
@elementwise(lambda x: sigmoid(-x))
def log_sigmoid(x: jax.Array) -> jax.Array:
    r"""Logarithm of the sigmoid, with derivative :math:`\sigma(-x)`.

    .. math::
        f(x) = \log \sigma(x) = -\log(1 + e^{-x})

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in (-inf, 0], of x's shape.
    """
    return -_softplus(-x)
