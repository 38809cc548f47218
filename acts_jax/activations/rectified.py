"""Piecewise linear activations: relu and its relatives, with fixed or learned slopes."""

import math

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import register
from acts_jax.activations.numerics import elementwise, keep_nan, scaled


@register(family="rectified", formula="x", aliases=("linear",))
@elementwise(jnp.ones_like, integers=True)
def identity(x: jax.Array) -> jax.Array:
    """Identity, f(x) = x: what makes a stack of layers collapse into one.

    Args:
        x: any shape and real dtype.

    Returns:
        x.
    """
    return x


@register(
    family="rectified",
    range=(0, math.inf),
    kinks=(0.0,),
    formula=r"\max(x, 0)",
    reference="Nair & Hinton 2010",
)
@elementwise(lambda x: keep_nan(jnp.where(x > 0, 1.0, 0.0), x), integers=True)
def relu(x: jax.Array) -> jax.Array:
    r"""Rectified linear unit.

    .. math::
        f(x) = \max(x, 0)

    The derivative at 0 is 0, as in `jax.nn`, PyTorch and TensorFlow.

    Args:
        x: any shape and real dtype, which is kept.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return jnp.maximum(x, 0)


def _leaky(x, slope):
    return jnp.where(x >= 0, x, scaled(slope, x))


def _leaky_slope(x, slope):
    return keep_nan(jnp.where(x < 0, slope, 1), x)


def _leaky_by_slope(x, slope):
    return jnp.minimum(x, 0)


@register(
    family="rectified",
    kinks=(0.0,),
    formula=r"\max(x, 0) + a \min(x, 0)",
    reference="Maas, Hannun, Ng 2013",
)
@elementwise(_leaky_slope, _leaky_by_slope)
def leaky_relu(x: jax.Array, negative_slope: jax.Array | float = 0.01) -> jax.Array:
    r"""Leaky rectified linear unit.

    .. math::
        f(x) = \begin{cases} x, & x \ge 0 \\ a x, & x < 0 \end{cases}

    The derivative at 0 is 1, as in `jax.nn`; PyTorch has `negative_slope` there.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        negative_slope: the slope a below 0, any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    return _leaky(x, negative_slope)


@register(
    family="rectified",
    learned=("slope",),
    kinks=(0.0,),
    formula=r"\max(x, 0) + a \min(x, 0)",
    reference="He, Zhang, Ren, Sun 2015, arXiv:1502.01852",
)
@elementwise(_leaky_slope, _leaky_by_slope)
def prelu(x: jax.Array, slope: jax.Array | float = 0.25) -> jax.Array:
    r"""Parametric rectified linear unit: `leaky_relu` with a slope that the network learns.

    .. math::
        f(x) = \begin{cases} x, & x \ge 0 \\ a x, & x < 0 \end{cases}
        \qquad \frac{\partial f}{\partial a} = \min(x, 0)

    The derivative at 0 is 1, as in `flax.linen.PReLU`. The slope starts at 0.25 in the paper
    and in PyTorch, 0.01 in flax, 0 in Keras.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        slope: the slope a below 0, any number; broadcasts against x, so one per channel has
            the channels last.

    Returns:
        x's dtype, the broadcast shape.
    """
    return _leaky(x, slope)


@register(
    family="rectified",
    range=(0, 6),
    kinks=(0.0, 6.0),
    formula=r"\min(\max(x, 0), 6)",
    reference="Krizhevsky 2010",
)
@elementwise(lambda x: keep_nan(jnp.where((x > 0) & (x < 6), 1.0, 0.0), x))
def relu6(x: jax.Array) -> jax.Array:
    r"""Rectified linear unit, cut at 6.

    .. math::
        f(x) = \min(\max(x, 0), 6)

    The derivative is 0 at 0 and at 6, as in `jax.nn`.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, 6], of x's shape.
    """
    return jnp.clip(x, 0, 6)


@register(
    family="rectified",
    range=(0, 1),
    kinks=(-3.0, 3.0),
    formula=r"\frac{\min(\max(x + 3, 0), 6)}{6}",
    reference="Howard et al. 2019, arXiv:1905.02244",
)
@elementwise(lambda x: keep_nan(jnp.where(jnp.abs(x) < 3, 1 / 6, 0.0), x))
def hard_sigmoid(x: jax.Array) -> jax.Array:
    r"""Piecewise linear sigmoid.

    .. math::
        f(x) = \frac{\min(\max(x + 3, 0), 6)}{6}

    The derivative is 0 at -3 and at 3, as in `jax.nn`. Keras 2 and Theano clip
    0.2 x + 0.5 instead.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, 1], of x's shape.
    """
    return jnp.clip(x + 3, 0, 6) / 6


@register(
    family="rectified",
    range=(-1, 1),
    kinks=(-1.0, 1.0),
    formula=r"\min(\max(x, -1), 1)",
    reference="Collobert 2004",
    aliases=("hardtanh",),
)
@elementwise(lambda x: keep_nan(jnp.where(jnp.abs(x) <= 1, 1.0, 0.0), x), integers=True)
def hard_tanh(x: jax.Array) -> jax.Array:
    r"""Piecewise linear tanh.

    .. math::
        f(x) = \min(\max(x, -1), 1)

    The derivative is 1 at -1 and at 1, as in `jax.nn`; PyTorch has 0 there.

    Args:
        x: any shape and real dtype, which is kept.

    Returns:
        Values in [-1, 1], of x's shape.
    """
    return jnp.clip(x, -1, 1)
