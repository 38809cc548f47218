"""Self-gated activations whose gate is a composition: phish, serf, logish, smish, tanh_exp, ..."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import POSITIVE, Parameter, register
from acts_jax.activations.exponential import softplus
from acts_jax.activations.gated import gelu
from acts_jax.activations.sigmoidal import erf, sigmoid
from acts_jax.kernels import error_function, hyperbolic, logarithms, logistic, normal
from acts_jax.kernels.elementwise import elementwise


@register(range=(0, math.inf), reference="Roy, Manna, Dubey, Chaudhuri 2019, arXiv:1901.05894")
@elementwise(hyperbolic.lisht)
def lisht(x: ArrayLike) -> jax.Array:
    r"""Linearly scaled hyperbolic tangent, an even function.

    .. math::
        f(x) = x \tanh x

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return x * jnp.tanh(x)


@register(
    range=(-0.34843745875960642, math.inf),
    reference="Nag, Bhattacharyya, Mukherjee, Kundu 2021, arXiv:2108.09598",
)
@elementwise(error_function.serf)
def serf(x: ArrayLike) -> jax.Array:
    r"""Serf, the error function of the softplus as a gate.

    .. math::
        f(x) = x \operatorname{erf} \log(1 + e^x)

    The minimum is -0.34843746 at x = -1.19305997.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.3485, of x's shape.
    """
    return x * erf(softplus(x))


@register(
    range=(-0.25276881678944035, math.inf),
    reference="Zhu, Zhao 2021, doi:10.1016/j.neucom.2021.06.067",
)
@elementwise(logarithms.logish)
def logish(x: ArrayLike) -> jax.Array:
    r"""Logish, of slope log 2 far right.

    .. math::
        f(x) = x \log(1 + \sigma(x))

    The minimum is -0.25276882 at x = -1.37245414.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.2527689, of x's shape.
    """
    return x * jnp.log(1 + sigmoid(x))


@register(
    range=(-0.2499936636601295, math.inf), reference="Wang, Ren, Wang 2022, Electronics 11(4):540"
)
@elementwise(hyperbolic.smish)
def smish(x: ArrayLike) -> jax.Array:
    r"""Smish, of slope 3/5 far right.

    .. math::
        f(x) = x \tanh \log(1 + \sigma(x))

    The minimum is -0.24999366 at x = -1.39451930.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.2499937, of x's shape.
    """
    return x * jnp.tanh(jnp.log(1 + sigmoid(x)))


@register(
    range=(-0.35328577784821127, math.inf),
    reference="Liu & Di 2020, arXiv:2003.09855",
    aliases=("tanhexp",),
)
@elementwise(hyperbolic.tanh_exp)
def tanh_exp(x: ArrayLike) -> jax.Array:
    r"""TanhExp.

    .. math::
        f(x) = x \tanh e^x

    The minimum is -0.35328578 at x = -1.07886006.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.3533, of x's shape.
    """
    return x * jnp.tanh(jnp.exp(x))


@register(range=(0, math.inf), reference="Naveen 2022, doi:10.36227/techrxiv.17283824")
@elementwise(normal.phish)
def phish(x: ArrayLike) -> jax.Array:
    r"""Phish, with the tanh of `gelu` as its gate.

    .. math::
        f(x) = x \tanh(x \, \Phi(x))

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return x * jnp.tanh(gelu(x))


@register(
    parameters={"alpha": POSITIVE, "beta": Parameter()},
    range=(-0.069977641319701427, math.inf),
    reference="Patwardhan, Ingalhalikar, Walambe 2018, arXiv:1805.08878",
)
@elementwise(logistic.aria2)
def aria2(x: ArrayLike, alpha: ArrayLike = 1.5, beta: ArrayLike = 2.0) -> jax.Array:
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
    """
    return x * sigmoid(beta * x) ** alpha
