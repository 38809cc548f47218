"""Activations with an exponential side: elu, celu, selu, pelu, softplus and others."""

import math

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.exponentials import decay_minus_one, lifted_exp
from acts_jax.activations.numerics import (
    bounded,
    elementwise,
    polynomial,
    with_derivatives,
)
from acts_jax.activations.sigmoidal import sigmoid, sigmoid_slope
from acts_jax.activations.special_functions import log1p_over, log1p_within_one

# Klambauer et al. 2017, equation 14: a fixed point of mean 0 and variance 1.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772

# (expm1(u) - u exp(u)) / u^2 = -sum_n u^n (n + 1) / (n + 2)!
_CELU_SERIES = tuple(-(n + 1) / math.factorial(n + 2) for n in range(15))


def _exponential_linear(x, alpha):
    return jnp.where(x > 0, x, alpha * decay_minus_one(jnp.minimum(x, 0)))


def _exponential_linear_slope(x, alpha):
    e = lifted_exp(jnp.minimum(x, 0), 16)
    return jnp.where(x > 0, 1, alpha * e * 2.0**-16)


@register(
    family="exponential",
    range=(-1, math.inf),
    formula=r"\begin{cases} x, & x > 0 \\ \alpha (e^x - 1), & x \le 0 \end{cases}",
    reference="Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289",
)
@elementwise(_exponential_linear_slope, lambda x, alpha: decay_minus_one(jnp.minimum(x, 0)))
def elu(x: jax.Array, alpha: jax.Array | float = 1.0) -> jax.Array:
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
    in `jax.nn`, and lambda just above. PyTorch has the same two constants.

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
@elementwise(lambda x, alpha: lifted_exp(jnp.minimum(x, 0) / alpha), _celu_by_alpha)
def celu(x: jax.Array, alpha: jax.Array | float = 1.0) -> jax.Array:
    r"""Continuously differentiable exponential linear unit.

    .. math::
        f(x) = \begin{cases} x, & x > 0 \\ \alpha (e^{x / \alpha} - 1), & x \le 0 \end{cases}

    The derivative at 0 is 1 for every alpha; the second jumps there. alpha is 1 in `jax.nn` and
    PyTorch, too; for other values `elu` is another function in all of them.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.

    Returns:
        Values above -alpha, in x's dtype.

    Raises:
        ValueError: if alpha is a plain number and not above 0.
    """
    return jnp.where(x > 0, x, alpha * decay_minus_one(jnp.minimum(x, 0) / alpha))


def _softplus(x):
    return jnp.maximum(x, 0) + log1p_within_one(lifted_exp(-jnp.abs(x)))


def _binary_entropy(x):
    """softplus(x) - x sigmoid(x): the entropy of a coin that falls heads with sigmoid(x)."""
    a = jnp.abs(bounded(x, 1e4))
    e = jnp.exp(-a)
    return log1p_within_one(e) + a * (e / (1 + e))


@register(
    family="exponential",
    parameters={"beta": Parameter(1.0, low=0, closed="neither")},
    range=(0, math.inf),
    formula=r"\frac{1}{\beta} \log(1 + e^{\beta x})",
    reference="Dugas, Bengio, Belisle, Nadeau, Garcia 2001",
)
@elementwise(
    lambda x, beta: sigmoid(beta * x),
    lambda x, beta: -_binary_entropy(beta * x) / jnp.square(beta),
)
def softplus(x: jax.Array, beta: jax.Array | float = 1.0) -> jax.Array:
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

    Raises:
        ValueError: if beta is a plain number and not above 0.
    """
    return _softplus(beta * x) / beta


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


@register(
    family="exponential",
    range=(0, math.inf),
    formula="e^x",
    aliases=("exponential",),
)
@elementwise(lambda x: exp(x))
def exp(x: jax.Array) -> jax.Array:
    """Exponential function, as Keras offers it; it overflows for x > 88.72 in float32.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf], of x's shape.
    """
    return jnp.exp(x)


@with_derivatives(lambda x: (4 * jnp.square(bounded(x, 1e4)) - 2) * jnp.exp(-jnp.square(x)))
def _gaussian_slope(x):
    x = bounded(x, 1e4)
    return -x * lifted_exp(-jnp.square(x), 16) * 2.0**-15


@register(
    family="exponential",
    range=(0, 1),
    formula="e^{-x^2}",
    reference="Broomhead & Lowe 1988",
    aliases=("rbf",),
)
@elementwise(_gaussian_slope)
def gaussian(x: jax.Array) -> jax.Array:
    r"""Gaussian bump, the radial basis function :math:`f(x) = e^{-x^2}`.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, 1], of x's shape.
    """
    return lifted_exp(-jnp.square(x))


@with_derivatives(lambda x: jnp.where(x < 0, lifted_exp(jnp.minimum(x, 0)), 1))
def elu_or_line(x: jax.Array) -> jax.Array:
    """exp(x) - 1 for x < 0, and x beyond."""
    return jnp.where(x < 0, decay_minus_one(jnp.minimum(x, 0)), x)


def _pelu_slope(x, alpha, beta):
    return alpha / beta * lifted_exp(jnp.minimum(x, 0) / beta, 16) * 2.0**-16


def _pelu_by_beta(x, alpha, beta):
    u = bounded(x / beta)
    e = jnp.exp(jnp.minimum(u, 0))
    return -(alpha / beta) * (u * e)


@register(
    family="exponential",
    parameters={
        "alpha": Parameter(1.0, low=0, closed="neither"),
        "beta": Parameter(1.0, low=0, closed="neither"),
    },
    learned=("alpha", "beta"),
    range=(-1, math.inf),
    formula=(
        r"\begin{cases} \frac{\alpha}{\beta} x, & x \ge 0 \\ "
        r"\alpha (e^{x / \beta} - 1), & x < 0 \end{cases}"
    ),
    reference="Trottier, Giguere, Chaib-draa 2016, arXiv:1605.09332",
)
@elementwise(
    _pelu_slope,
    lambda x, alpha, beta: elu_or_line(x / beta),
    _pelu_by_beta,
)
def pelu(x: jax.Array, alpha: jax.Array | float = 1.0, beta: jax.Array | float = 1.0) -> jax.Array:
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

    Raises:
        ValueError: if alpha or beta is a plain number and not above 0.
    """
    return alpha * elu_or_line(x / beta)


def _soft_clipping_parts(x, alpha):
    # f(1 - x) = 1 - f(x), so all is computed at y = min(x, 1 - x) <= 1/2
    y = jnp.minimum(x, 1 - x)
    u = alpha * y
    return u, lifted_exp(-jnp.abs(u), 16), 1 + lifted_exp(u - alpha)


def _soft_clipping_slope(x, alpha):
    u, lifted, denominator = _soft_clipping_parts(x, alpha)
    numerator = jnp.where(u < 0, lifted, 2.0**16) * -decay_minus_one(-alpha)
    return numerator / ((1 + 2.0**-16 * lifted) * denominator) * 2.0**-16


@register(
    family="exponential",
    parameters={"alpha": Parameter(10.0, low=0, closed="neither")},
    range=(0, 1),
    formula=r"\frac{1}{\alpha} \log \frac{1 + e^{\alpha x}}{1 + e^{\alpha (x - 1)}}",
    reference="Klimek & Perelstein 2018, arXiv:1810.11509",
)
@elementwise(
    with_derivatives(
        lambda x, alpha: (
            -alpha
            * _soft_clipping_slope(x, alpha)
            * (sigmoid(alpha * x) - sigmoid(alpha * (1 - x)))
        ),
        lambda x, alpha: x * sigmoid_slope(alpha * x) - (x - 1) * sigmoid_slope(alpha * (x - 1)),
    )(_soft_clipping_slope),
    lambda x, alpha: (
        (_binary_entropy(alpha * (x - 1)) - _binary_entropy(alpha * x)) / jnp.square(alpha)
    ),
)
def soft_clipping(x: jax.Array, alpha: jax.Array | float = 10.0) -> jax.Array:
    r"""Soft clipping: nearly linear between 0 and 1, the more so the larger alpha.

    .. math::
        f(x) = \frac{1}{\alpha} \log \frac{1 + e^{\alpha x}}{1 + e^{\alpha (x - 1)}},
        \qquad f'(x) = \sigma(\alpha x) - \sigma(\alpha (x - 1))

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: the sharpness, above 0; broadcasts against x.

    Returns:
        Values in [0, 1], in x's dtype.

    Raises:
        ValueError: if alpha is a plain number and not above 0.
    """
    # (1 + e^u) / (1 + e^(u - alpha)) = e^max(u, 0) (1 + z)
    u, lifted, denominator = _soft_clipping_parts(x, alpha)
    z = lifted * (-decay_minus_one(jnp.maximum(2 * u, 0) - alpha) / denominator)
    above = jnp.maximum(u, 0) + 2.0**-16 * z * log1p_over(2.0**-16 * z)
    below = z * log1p_over(2.0**-16 * z) / alpha * 2.0**-16
    value = jnp.where(u < 0, below, above / alpha)
    return jnp.where(x > 0.5, 1 - value, value)
