"""Piecewise linear activations: relu and its relatives, with fixed or learned slopes."""

import math
import numbers

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import register
from acts_jax.kernels import piecewise
from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.elementwise import elementwise


def _threshold(threshold, value):
    return (threshold,)


def _both_thresholds(left_threshold, left_slope, right_threshold, right_slope):
    return left_threshold, right_threshold


@register(aliases=("linear",))
@elementwise(integers=True)
@with_derivatives(jnp.ones_like)
def identity(x: ArrayLike) -> jax.Array:
    """Identity: what makes a stack of layers collapse into one.

    .. math::
        f(x) = x

    Args:
        x: any shape and real dtype.

    Returns:
        x.
    """
    return x


@register(range=(0, math.inf), kinks=(0.0,), reference="Nair & Hinton 2010")
@elementwise(integers=True)
@with_derivatives(piecewise.relu_slope)
def relu(x: ArrayLike) -> jax.Array:
    r"""Rectified linear unit.

    .. math::
        f(x) = \max(x, 0)

    The derivative at 0 is 0, as in `jax.nn`, PyTorch and TensorFlow. In Keras a slope, an upper
    limit and a threshold may be given to it; here those are `leaky_relu`, `relu6`, `threshold`.

    Args:
        x: any shape and real dtype, which is kept.

    Returns:
        Values in [0, inf), of x's shape.
    """
    return jnp.maximum(x, 0)


@register(kinks=(0.0,), reference="Maas, Hannun, Ng 2013", aliases=("leakyrelu",))
@elementwise(piecewise.leaky_relu)
def leaky_relu(x: ArrayLike, negative_slope: ArrayLike = 0.01) -> jax.Array:
    r"""Leaky rectified linear unit.

    .. math::
        f(x) = \max(x, 0) + a \min(x, 0)

    The derivative at 0 is 1, as in `jax.nn`; PyTorch has `negative_slope` there. The slope is
    0.01 in the paper, `jax.nn` and PyTorch, 0.2 in TensorFlow and Keras 3, 0.3 in the layer of
    Keras 2.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        negative_slope: the slope a below 0, any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    return jnp.maximum(x, 0) + negative_slope * jnp.minimum(x, 0)


@register(learned=("slope",), kinks=(0.0,), reference="He, Zhang, Ren, Sun 2015, arXiv:1502.01852")
@elementwise(piecewise.leaky_relu)
def prelu(x: ArrayLike, slope: ArrayLike = 0.25) -> jax.Array:
    r"""Parametric rectified linear unit: `leaky_relu` with a slope that the network learns.

    .. math::
        f(x) = \max(x, 0) + a \min(x, 0), \qquad \frac{\partial f}{\partial a} = \min(x, 0)

    The derivative at 0 is 1, as in `flax.linen.PReLU`. The slope starts at 0.25 in the paper
    and in PyTorch, 0.01 in flax, 0 in Keras.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        slope: the slope a below 0, any number; broadcasts against x, so one per channel has
            the channels last.

    Returns:
        x's dtype, the broadcast shape.
    """
    return jnp.maximum(x, 0) + slope * jnp.minimum(x, 0)


@register(range=(0, 6), kinks=(0.0, 6.0), reference="Krizhevsky 2010")
@elementwise()
@with_derivatives(piecewise.relu6_slope)
def relu6(x: ArrayLike) -> jax.Array:
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
    range=(0, 1),
    kinks=(-3.0, 3.0),
    reference="Howard et al. 2019, arXiv:1905.02244",
    aliases=("hardsigmoid",),
)
@elementwise()
@with_derivatives(piecewise.hard_sigmoid_slope)
def hard_sigmoid(x: ArrayLike) -> jax.Array:
    r"""Piecewise linear sigmoid.

    .. math::
        f(x) = \frac{\min(\max(x + 3, 0), 6)}{6}

    The derivative is 0 at -3 and at 3, as in `jax.nn`; PyTorch and Keras 3 have this formula
    too. Keras 2 and Theano clip 0.2 x + 0.5 instead, with kinks at -2.5 and 2.5.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values in [0, 1], of x's shape.
    """
    return jnp.clip(x + 3, 0, 6) / 6


@register(range=(-1, 1), kinks=(-1.0, 1.0), reference="Collobert 2004", aliases=("hardtanh",))
@elementwise(integers=True)
@with_derivatives(piecewise.hard_tanh_slope)
def hard_tanh(x: ArrayLike) -> jax.Array:
    r"""Piecewise linear tanh.

    .. math::
        f(x) = \min(\max(x, -1), 1)

    The derivative is 1 at -1 and at 1, as in `jax.nn`; PyTorch has 0 there.

    Args:
        x: any shape and real dtype, which is kept.

    Returns:
        Values in [-1, 1], of x's shape.
    """
    return jnp.clip(x, jnp.where(x < 0, -1, x), 1)


@register(
    range=(0, math.inf),
    kinks=(1.0,),
    moved_kinks=_threshold,
    reference="Konda, Memisevic, Krueger 2014, arXiv:1402.3337",
    aliases=("thresholded_relu",),
)
@elementwise(piecewise.threshold)
def threshold(x: ArrayLike, threshold: ArrayLike = 1.0, value: ArrayLike = 0.0) -> jax.Array:
    r"""Threshold: x above it, a fixed value at and below it.

    .. math::
        f(x) = \begin{cases} x, & x > \theta \\ v, & x \le \theta \end{cases}

    It jumps at the threshold, where the derivative is 0, as in PyTorch; so is the derivative
    by the threshold. PyTorch and Keras have no defaults.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        threshold: any number; broadcasts against x.
        value: any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    return jnp.where(x > threshold, x, value)


@register(
    kinks=(0.0,),
    reference="Xu, Wang, Chen, Li 2015, arXiv:1505.00853",
    aliases=("randomized_leaky_relu",),
)
def rrelu(
    x: ArrayLike,
    lower: ArrayLike = 1 / 8,
    upper: ArrayLike = 1 / 3,
    *,
    key: jax.Array | None = None,
) -> jax.Array:
    r"""Randomised leaky rectified linear unit.

    .. math::
        f(x) = \max(x, 0) + a \min(x, 0), \quad a \sim U(l, u)

    With a key, as in training, every element draws a slope of its own; without one, as in
    evaluation, the slope is the mean (l + u) / 2: so do PyTorch, with the same bounds, and
    `tensorflow_addons`, by a flag. The derivative at 0 is 1.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        lower: the smallest slope below 0; broadcasts against x.
        upper: the largest slope below 0; broadcasts against x.
        key: a `jax.random` key, or None.

    Returns:
        x's dtype, the broadcast shape.

    Raises:
        ValueError: if lower and upper are plain numbers and lower is above upper.
    """
    bounds = (lower, upper)
    if all(isinstance(bound, numbers.Real) for bound in bounds) and lower > upper:
        raise ValueError(f"rrelu: lower must be at most upper, got {lower} and {upper}.")
    if key is None:
        return leaky_relu(x, (lower + upper) / 2)
    lower, upper = jnp.asarray(lower, float), jnp.asarray(upper, float)
    shape = jnp.broadcast_shapes(jnp.shape(x), lower.shape, upper.shape)
    uniform = jax.random.uniform(key, shape, lower.dtype)
    lower, upper = jnp.broadcast_to(lower, shape), jnp.broadcast_to(upper, shape)
    return leaky_relu(x, lower + (upper - lower) * uniform)


@register(
    learned=("left_threshold", "left_slope", "right_threshold", "right_slope"),
    kinks=(0.0,),
    moved_kinks=_both_thresholds,
    reference="Jin et al. 2015, arXiv:1512.07030",
)
@elementwise(piecewise.srelu)
def srelu(
    x: ArrayLike,
    left_threshold: ArrayLike = 0.0,
    left_slope: ArrayLike = 0.2,
    right_threshold: ArrayLike = 1.0,
    right_slope: ArrayLike = 1.0,
) -> jax.Array:
    r"""S-shaped rectified linear unit: three lines, whose bends and slopes the network learns.

    .. math::
        f(x) = \begin{cases}
        t_r + a_r (x - t_r), & x \ge t_r \\ x, & t_l < x < t_r \\ t_l + a_l (x - t_l), & x \le t_l
        \end{cases}

    As in the paper it starts as a leaky ReLU. The derivative at t_l is a_l, at t_r it is a_r.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        left_threshold: t_l, any number; broadcasts against x.
        left_slope: a_l, any number; broadcasts against x.
        right_threshold: t_r, above t_l; broadcasts against x.
        right_slope: a_r, any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    left = left_threshold + left_slope * (x - left_threshold)
    right = right_threshold + right_slope * (x - right_threshold)
    return jnp.where(x <= left_threshold, left, jnp.where(x >= right_threshold, right, x))
