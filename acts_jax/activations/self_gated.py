"""Self-gated activations whose gate is a composition: phish, serf, logish, smish, tanh_exp, ..."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.gated import deep_gelu, gelu_unit
from acts_jax.activations.numerics import (
    deep_exp,
    deep_sigmoid,
    deep_softplus,
    deep_unit,
    elementwise,
    gated,
    hyperbolic_tangent,
    log1p_within_one,
    partials_of,
    scaled,
    with_derivatives,
)
from acts_jax.activations.sigmoidal import erf_slope, log_sigmoid_of, tanh_slope

# Each part below has its exact derivative, so that autodiff of the formulas is exact too. Far on
# the negative side the gates are linear in a small exponential: computed e^16 times too large,
# and multiplied by `deep_unit` at the end.

_tanh = with_derivatives(tanh_slope)(hyperbolic_tangent)
_erf = with_derivatives(erf_slope)(lax.erf)


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


def _serf(x):
    return gated(x, _erf(deep_softplus(x)))


@register(
    family="self_gated",
    range=(-0.34843745875960642, math.inf),
    formula=r"x \operatorname{erf} \log(1 + e^x)",
    reference="Nag, Bhattacharyya, Mukherjee, Kundu 2021, arXiv:2108.09598",
)
@elementwise(*partials_of(_serf, deep_unit))
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
    return _serf(x) * deep_unit(x)


def _logish(x):
    return gated(x, log1p_within_one(deep_sigmoid(x)))


@register(
    family="self_gated",
    range=(-0.25276881678944035, math.inf),
    formula=r"x \log(1 + \sigma(x))",
    reference="Zhu, Zhao 2021, doi:10.1016/j.neucom.2021.06.067",
)
@elementwise(*partials_of(_logish, deep_unit))
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
    return _logish(x) * deep_unit(x)


def _smish(x):
    # tanh(log(1 + s)) = p / (2 + p) with p = (1 + s)^2 - 1
    s = deep_sigmoid(x)
    p = s * (2 + s)
    return gated(x, p / (2 + p))


@register(
    family="self_gated",
    range=(-0.2499936636601295, math.inf),
    formula=r"x \tanh \log(1 + \sigma(x))",
    reference="Wang, Ren, Wang 2022, Electronics 11(4):540",
)
@elementwise(*partials_of(_smish, deep_unit))
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
    return _smish(x) * deep_unit(x)


def _tanh_exp(x):
    # the gate is 1 to the last digit of float64 long before 5
    return gated(x, _tanh(jnp.exp(jnp.where(x < -80, x + 16, jnp.minimum(x, 5)))))


@register(
    family="self_gated",
    range=(-0.35328577784821127, math.inf),
    formula=r"x \tanh e^x",
    reference="Liu & Di 2020, arXiv:2003.09855",
    aliases=("tanhexp",),
)
@elementwise(*partials_of(_tanh_exp, deep_unit))
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
    return _tanh_exp(x) * deep_unit(x)


def _phish(x):
    return gated(x, _tanh(deep_gelu(x)))


@register(
    family="self_gated",
    range=(0, math.inf),
    formula=r"x \tanh(x \, \Phi(x))",
    reference="Naveen 2022, doi:10.36227/techrxiv.17283824",
)
@elementwise(*partials_of(_phish, gelu_unit))
def phish(x: jax.Array) -> jax.Array:
    r"""Phish, with the tanh of `gelu` as its gate.

    .. math::
        f(x) = x \tanh(x \, \Phi(x))

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return _phish(x) * gelu_unit(x)


def _aria2_exponent(x, alpha, beta):
    return alpha * log_sigmoid_of(scaled(beta, x))


def _aria2(x, alpha, beta):
    return gated(x, deep_exp(_aria2_exponent(x, alpha, beta))[0])


def _aria2_unit(x, alpha, beta):
    return deep_unit(_aria2_exponent(x, alpha, beta))


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
@elementwise(*partials_of(_aria2, _aria2_unit))
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
    return _aria2(x, alpha, beta) * _aria2_unit(x, alpha, beta)
