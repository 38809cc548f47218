"""S-shaped activations: bounded, increasing, and smooth."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.exponentials import (
    LOG2_REST,
    LOG2_SHORT,
    exp_of_sum,
    lifted_decay,
    lifted_exp,
)
from acts_jax.activations.numerics import (
    bounded,
    elementwise,
    upper_half,
    with_derivatives,
)
from acts_jax.activations.special_functions import (
    arctan_within_one,
    error_function,
    hyperbolic_tangent,
    log1p_within_one,
    log_cosh_of_half,
    stretched_tanh,
)


@with_derivatives(lambda x: -sigmoid_slope(x) * lax.tanh(x / 2))
def sigmoid_slope(x: jax.Array) -> jax.Array:
    """sigmoid'(x) = e / (1 + e)^2 with e = exp(-|x|); s (1 - s) would be 0 for x > 17."""
    e = lifted_exp(-jnp.abs(x))
    return e / jnp.square(1 + e)


@register(
    family="sigmoidal",
    range=(0, 1),
    formula=r"\frac{1}{1 + e^{-x}}",
    reference="Verhulst 1838",
    aliases=("logistic",),
)
@elementwise(sigmoid_slope)
def sigmoid(x: jax.Array) -> jax.Array:
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


@with_derivatives(lambda x: -2 * lax.tanh(x) * tanh_slope(x))
def tanh_slope(x: jax.Array) -> jax.Array:
    """tanh'(x) from exp(-2 |x|); 1 - tanh^2 would be 0 for x > 9."""
    # 4 e with e = exp(-2 |x|), so that it flushes to 0 only where the result does
    e = lifted_decay(x, 2, 2)
    return e / jnp.square(1 + 0.25 * e)


@register(family="sigmoidal", range=(-1, 1), formula=r"\tanh x", reference="LeCun et al. 1998")
@elementwise(tanh_slope)
def tanh(x: jax.Array) -> jax.Array:
    r"""Hyperbolic tangent.

    .. math::
        \tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}}

    The derivative :math:`1 - \tanh^2 x = 4 e^{-2|x|} / (1 + e^{-2|x|})^2` is 1 at 0, above 1/4
    for :math:`|x| < \operatorname{artanh}(\sqrt 3 / 2) = 1.3169579`, and keeps all its digits
    in the tails, where `jax.nn.tanh` returns 0 for it.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-1, 1], of x's shape.
    """
    return hyperbolic_tangent(x)


_LECUN_SCALE = 1.7159


def _scaled_tanh_slope(x):
    e = lifted_decay(x, 4 / 3, 3)
    return _LECUN_SCALE / 3 * e / jnp.square(1 + 0.125 * e)


@register(
    family="sigmoidal",
    range=(-_LECUN_SCALE, _LECUN_SCALE),
    formula=r"1.7159 \tanh \frac{2 x}{3}",
    reference="LeCun, Bottou, Orr, Mueller 1998, Efficient BackProp",
    aliases=("lecun_tanh",),
)
@elementwise(
    with_derivatives(lambda x: -4 / 3 * _scaled_tanh_slope(x) * stretched_tanh(x, 2 / 3, 1.0))(
        lambda x: _scaled_tanh_slope(x)
    )
)
def scaled_tanh(x: jax.Array) -> jax.Array:
    r"""LeCun's tanh, scaled so that f(1) = 1 and f(-1) = -1 and the second derivative peaks there.

    .. math::
        f(x) = 1.7159 \tanh \frac{2 x}{3}

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-1.7159, 1.7159], of x's shape.
    """
    return stretched_tanh(x, 2 / 3, _LECUN_SCALE)


@with_derivatives(lambda x: -2 * (bounded(x) * _arctan_slope(x)) * _arctan_slope(x))
def _arctan_slope(x):
    return 1 / (1 + jnp.square(x))


@register(
    family="sigmoidal",
    range=(-math.pi / 2, math.pi / 2),
    formula=r"\arctan x",
    aliases=("atan",),
)
@elementwise(_arctan_slope)
def arctan(x: jax.Array) -> jax.Array:
    r"""Arctangent, :math:`\arctan x`, with derivative :math:`1 / (1 + x^2)`.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-pi/2, pi/2], of x's shape.
    """
    outside = jnp.abs(x) > 1
    inner = arctan_within_one(jnp.where(outside, 1 / x, x))
    return jnp.where(outside, jnp.where(x > 0, math.pi / 2, -math.pi / 2) - inner, inner)


@with_derivatives(lambda x: -_sech(x) * lax.tanh(x))
def _sech(x):
    e = lifted_exp(-jnp.abs(x), 1)
    return e / (1 + 0.25 * (e * e))


@register(
    family="sigmoidal",
    range=(-math.pi / 2, math.pi / 2),
    formula=r"2 \arctan \tanh \frac{x}{2}",
    reference="Gudermann 1830, J. reine angew. Math.",
    aliases=("gd",),
)
@elementwise(_sech)
def gudermannian(x: jax.Array) -> jax.Array:
    r"""Gudermannian function, whose derivative is the hyperbolic secant.

    .. math::
        \operatorname{gd}(x) = \int_0^x \frac{dt}{\cosh t} = 2 \arctan \tanh \frac{x}{2}

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-pi/2, pi/2], of x's shape.
    """
    # tiny x: x / 2 may be subnormal, which the hardware takes for 0
    return jnp.where(jnp.abs(x) < 1e-30, x, 2 * arctan_within_one(hyperbolic_tangent(x / 2)))


@with_derivatives(lambda x: -2 * bounded(x, 1e4) * erf_slope(x))
def erf_slope(x: jax.Array) -> jax.Array:
    """erf'(x), not flushed to 0 before it is subnormal."""
    return 1 / math.sqrt(math.pi) * lifted_exp(-jnp.square(x), 1)


@register(
    family="sigmoidal",
    range=(-1, 1),
    formula=r"\operatorname{erf} x = \frac{2}{\sqrt \pi} \int_0^x e^{-t^2} dt",
    reference="Glaisher 1871, Philosophical Magazine 42",
)
@elementwise(erf_slope)
def erf(x: jax.Array) -> jax.Array:
    r"""Error function.

    .. math::
        \operatorname{erf} x = \frac{2}{\sqrt \pi} \int_0^x e^{-t^2} dt

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [-1, 1], of x's shape.
    """
    return error_function(x)


@with_derivatives(lambda x: sigmoid(-x))
def log_sigmoid_of(x: jax.Array) -> jax.Array:
    """Logarithm of the sigmoid of a float array."""
    return jnp.minimum(x, 0) - log1p_within_one(lifted_exp(-jnp.abs(x)))


@with_derivatives(
    lambda x, alpha: alpha * sigmoid(-x) * sigmoid_power(x, alpha),
    lambda x, alpha: log_sigmoid_of(x) * sigmoid_power(x, alpha),
)
def sigmoid_power(x: jax.Array, alpha: jax.Array) -> jax.Array:
    """2^16 sigmoid(x)^alpha for alpha > 0, right to an ULP or two for alpha of a few units."""
    # log(sigmoid(x)) in two terms; near 0 sigmoid(x) = exp(x / 2) / (2 cosh(x / 2))
    near, inside = jnp.abs(x) < 1, bounded(x, 1)
    first = jnp.where(near, -LOG2_SHORT, jnp.clip(x, -1e30, 0))
    log_twice = 0.5 * inside - log_cosh_of_half(inside)
    decay = log1p_within_one(2.0**-16 * lifted_exp(-jnp.abs(x), 16))  # as slopes need it
    second = jnp.where(near, log_twice - LOG2_REST, -decay)
    # alpha times the larger term is exact: the upper halves apart
    upper, alpha_upper = upper_half(first), upper_half(alpha)
    rest = alpha_upper * (first - upper) + (alpha - alpha_upper) * first
    return exp_of_sum(alpha_upper * upper, rest + alpha * second, 16)


@with_derivatives(
    lambda x, alpha: _generalized_logistic_slope(x, alpha) * (alpha * sigmoid(-x) - sigmoid(x)),
    lambda x, alpha: (
        _generalized_logistic_slope(x, alpha) * (1 / alpha + log_sigmoid_of(bounded(x, 1e4)))
    ),
)
def _generalized_logistic_slope(x, alpha):
    # alpha f(x) sigmoid(-x), both factors lifted
    value = sigmoid_power(x, alpha)
    decay = lifted_exp(-jnp.abs(x), 16)
    complement = jnp.where(x > 0, decay, 2.0**16) / (1 + 2.0**-16 * decay)
    return (alpha * value) * complement * 2.0**-32


def _generalized_logistic_by_alpha(x, alpha):
    log_s = log_sigmoid_of(bounded(x, 1e4))
    return lifted_exp(alpha * log_s) * log_s


@register(
    family="sigmoidal",
    parameters={"alpha": Parameter(2.0, low=0, closed="neither")},
    range=(0, 1),
    formula=r"(1 + e^{-x})^{-\alpha}",
    reference="Richards 1959, J. Exp. Bot. 10:290",
    aliases=("generalised_logistic",),
)
@elementwise(_generalized_logistic_slope, _generalized_logistic_by_alpha)
def generalized_logistic(x: jax.Array, alpha: jax.Array | float = 2.0) -> jax.Array:
    r"""Generalised logistic function; alpha = 1 is the sigmoid.

    .. math::
        f(x) = (1 + e^{-x})^{-\alpha}

    The relative error grows in proportion to alpha for alpha above 2.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.

    Returns:
        Values in [0, 1].

    Raises:
        ValueError: if alpha is a plain number and not above 0.
    """
    return 2.0**-16 * sigmoid_power(x, alpha)
