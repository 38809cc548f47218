"""Self-gated activations whose gate is a composition: phish, serf, logish, smish, tanh_exp, ..."""

import math

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.exponentials import lifted_exp
from acts_jax.activations.numerics import (
    bounded,
    elementwise,
    gated,
    scaled,
    with_derivatives,
)
from acts_jax.activations.phish_parts import phish_slope, phish_value
from acts_jax.activations.serf_parts import serf_slope, serf_value
from acts_jax.activations.sigmoidal import log_sigmoid_of, sigmoid, sigmoid_power, tanh_slope
from acts_jax.activations.special_functions import (
    hyperbolic_tangent,
    tanh_excess,
    two_artanh_excess,
    two_artanh_over,
)

# Far on the negative side the gates are linear in e^x or a similar exponential, which is computed
# 2^16 times too large there, so that it does not flush to 0 before the result does.
_UNIT = 2.0**-16

_tanh = with_derivatives(tanh_slope)(hyperbolic_tangent)


def _unlift(x, value):
    return value * jnp.where(x < 0, _UNIT, 1.0)


def _decay(x):
    """e = exp(-abs(x)), and what exp(x) or, for x > 0, 1 multiplies: lifted e or 1."""
    lifted = lifted_exp(-jnp.abs(x), 16)
    return _UNIT * lifted, jnp.where(x < 0, lifted, 1.0)


@register(
    family="self_gated",
    range=(0, math.inf),
    formula=r"x \tanh x",
    reference="Roy, Manna, Dubey, Chaudhuri 2019, arXiv:1901.05894",
)
@elementwise()
def lisht(x: jax.Array) -> jax.Array:
    r"""Linearly scaled hyperbolic tangent, an even function.

    .. math::
        f(x) = x \tanh x

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return gated(x, _tanh(x))


@register(
    family="self_gated",
    range=(-0.34843745875960642, math.inf),
    formula=r"x \operatorname{erf} \log(1 + e^x)",
    reference="Nag, Bhattacharyya, Mukherjee, Kundu 2021, arXiv:2108.09598",
)
@elementwise(serf_slope)
def serf(x: jax.Array) -> jax.Array:
    r"""Serf, the error function of the softplus as a gate.

    .. math::
        f(x) = x \operatorname{erf} \log(1 + e^x)

    The minimum is -0.34843746 at x = -1.19305997.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.3485, of x's shape.
    """
    return serf_value(x)


def _logish_parts(x):
    # log(1 + s) = 2 artanh(w), w = s / (2 + s) = lead * r with s the sigmoid
    e, lead = _decay(x)
    r = 1 / jnp.where(x < 0, 2 + 3 * e, 3 + 2 * e)
    return e, lead, r, r * jnp.where(x < 0, e, 1)


def _logish_slope(x):
    # gate + x * gate' is lead times both terms; far left these are 1 and x, nearly, and what
    # they lack is added to 1 + x, which loses no digits
    x = bounded(x, 1e3)
    e, lead, r, w = _logish_parts(x)
    left, far = x < 0, x < -1
    gate = r * (jnp.where(far, -3 * e, 2) + two_artanh_excess(w))
    steepness = jnp.where(far, -e * (3 + 2 * e), jnp.where(left, 1, e))
    steepness = steepness / ((1 + e) * jnp.where(left, 1 + 2 * e, 2 + e))
    return _unlift(x, lead * (jnp.where(far, 1 + x, 0) + (gate + x * steepness)))


@register(
    family="self_gated",
    range=(-0.25276881678944035, math.inf),
    formula=r"x \log(1 + \sigma(x))",
    reference="Zhu, Zhao 2021, doi:10.1016/j.neucom.2021.06.067",
)
@elementwise(_logish_slope)
def logish(x: jax.Array) -> jax.Array:
    r"""Logish, of slope log 2 far right.

    .. math::
        f(x) = x \log(1 + \sigma(x))

    The minimum is -0.25276882 at x = -1.37245414.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.2527689, of x's shape.
    """
    _, lead, r, w = _logish_parts(x)
    return _unlift(x, gated(x, lead * (r * two_artanh_over(w))))


def _smish_parts(x):
    # tanh(log(1 + s)) = p / (2 + p) with p = (1 + s)^2 - 1, s the sigmoid
    e, lead = _decay(x)
    return e, lead, jnp.where(x < 0, 2 + e * (6 + 5 * e), 5 + e * (6 + 2 * e))


def _smish_slope(x):
    x = bounded(x, 1e3)
    e, lead, denominator = _smish_parts(x)
    r = 1 / denominator
    numerator = jnp.where(x < 0, 2 + 3 * e, 3 + 2 * e)
    steepness = (1 + e) * jnp.where(x < 0, 1 + 2 * e, e * (2 + e))
    right = (numerator + 4 * x * steepness * r) * r
    # the sum of both terms, which cancels on the left
    left = (4 * (1 + x) + e * (18 + 12 * x + e * (28 + 8 * x + 15 * e))) * r * r
    return _unlift(x, lead * jnp.where(x < -1, left, right))


@register(
    family="self_gated",
    range=(-0.2499936636601295, math.inf),
    formula=r"x \tanh \log(1 + \sigma(x))",
    reference="Wang, Ren, Wang 2022, Electronics 11(4):540",
)
@elementwise(_smish_slope)
def smish(x: jax.Array) -> jax.Array:
    r"""Smish, of slope 3/5 far right.

    .. math::
        f(x) = x \tanh \log(1 + \sigma(x))

    The minimum is -0.24999366 at x = -1.39451930.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.2499937, of x's shape.
    """
    e, lead, denominator = _smish_parts(x)
    numerator = jnp.where(x < 0, 2 + 3 * e, 3 + 2 * e)
    return _unlift(x, gated(x, lead * (numerator / denominator)))


def _tanh_exp_parts(x):
    # u = e^x, for x < 0 lifted too; tanh(u) / u - 1 near 0, exp(-2 u) further on
    lifted = lifted_exp(jnp.minimum(x, 5), 16)  # tanh(u) is 1 to the last digit of float64 by then
    u = _UNIT * lifted
    z = jnp.square(jnp.minimum(u, 0.6))
    return u, jnp.where(x < 0, lifted, u), z * tanh_excess(z), lifted_exp(-2 * u)


def _tanh_exp_slope(x):
    x = bounded(x, 1e3)
    u, lead, excess, decay = _tanh_exp_parts(x)
    # u (1 + x) and what tanh(u) and x (1 - tanh(u)^2) u lack of it
    near = (1 + x) + (excess - x * jnp.square(u + u * excess))
    r = 1 / (1 + decay)
    far = (1 - decay) * r + x * u * (4 * decay * jnp.square(r))
    return jnp.where(u < 0.6, _unlift(x, lead * near), far)


@register(
    family="self_gated",
    range=(-0.35328577784821127, math.inf),
    formula=r"x \tanh e^x",
    reference="Liu & Di 2020, arXiv:2003.09855",
    aliases=("tanhexp",),
)
@elementwise(_tanh_exp_slope)
def tanh_exp(x: jax.Array) -> jax.Array:
    r"""TanhExp.

    .. math::
        f(x) = x \tanh e^x

    The minimum is -0.35328578 at x = -1.07886006.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.3533, of x's shape.
    """
    u, lead, excess, decay = _tanh_exp_parts(x)
    near = _unlift(x, bounded(x, 1e3) * (lead + lead * excess))
    return jnp.where(u < 0.6, near, x * ((1 - decay) * (1 / (1 + decay))))


@register(
    family="self_gated",
    range=(0, math.inf),
    formula=r"x \tanh(x \, \Phi(x))",
    reference="Naveen 2022, doi:10.36227/techrxiv.17283824",
)
@elementwise(phish_slope)
def phish(x: jax.Array) -> jax.Array:
    r"""Phish, with the tanh of `gelu` as its gate.

    .. math::
        f(x) = x \tanh(x \, \Phi(x))

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return phish_value(x)


def _aria2_slope(x, alpha, beta):
    # sigmoid(u)^alpha (1 + alpha u sigmoid(-u)), where far left 1 + alpha u is to lose no digits
    u = bounded(scaled(beta, x), 1e30)
    e = _UNIT * lifted_exp(-jnp.abs(u), 16)
    s, v = e / (1 + e), alpha * u
    steepness = (1 + jnp.where(u < 0, v, 0)) + jnp.where(u < 0, -v, v) * s
    return sigmoid_power(u, alpha) * steepness * _UNIT


def _aria2_by_alpha(x, alpha, beta):
    x = bounded(x, 1e30)
    u = bounded(scaled(beta, x), 1e30)
    return x * sigmoid_power(u, alpha) * log_sigmoid_of(u) * _UNIT


def _aria2_by_beta(x, alpha, beta):
    x = bounded(x, 1e30)
    u = bounded(scaled(beta, x), 1e30)
    return (x * sigmoid_power(u, alpha)) * (alpha * x * sigmoid(-u)) * _UNIT


@register(
    family="self_gated",
    parameters={
        "alpha": Parameter(1.5, low=0, closed="neither"),
        "beta": Parameter(2.0),
    },
    range=(-0.069977641319701427, math.inf),
    formula=r"x (1 + e^{-\beta x})^{-\alpha}",
    reference="Patwardhan, Ingalhalikar, Walambe 2018, arXiv:1805.08878",
)
@elementwise(_aria2_slope, _aria2_by_alpha, _aria2_by_beta)
def aria2(x: jax.Array, alpha: jax.Array | float = 1.5, beta: jax.Array | float = 2.0) -> jax.Array:
    r"""ARiA2, the adaptive Richard's curve weighted activation.

    .. math::
        f(x) = x (1 + e^{-\beta x})^{-\alpha}

    With alpha = 1 it is `swish`. The relative error grows in proportion to alpha above 2.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.
        beta: any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.

    Raises:
        ValueError: if alpha is a plain number and not above 0.
    """
    u = bounded(scaled(beta, x), 1e30)
    lifted = sigmoid_power(u, alpha)
    # the order in which neither of the products leaves the range of normal numbers early
    return jnp.where(u < 0, bounded(x) * lifted * _UNIT, x * (lifted * _UNIT))
