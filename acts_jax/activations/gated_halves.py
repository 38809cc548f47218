"""Whole-vector functions that change the last axis: gated linear units, crelu and maxout."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import register
from acts_jax.activations.gated import gelu, silu
from acts_jax.activations.rectified import relu
from acts_jax.activations.sigmoidal import sigmoid
from acts_jax.kernels import gated_halves
from acts_jax.kernels.elementwise import vectorwise


def _halves(x, axis):
    if not isinstance(axis, int):
        raise ValueError(f"A gated linear unit halves one axis, not {axis}.")
    if not -x.ndim <= axis < x.ndim or x.shape[axis] % 2:
        last = "last axis" if axis == -1 else f"axis {axis}"
        raise ValueError(f"A gated linear unit takes an even {last}, not shape {x.shape}.")
    return jnp.split(x, 2, axis=axis)


def _of_halves(kernel):
    return lambda x, axis=-1: kernel(*_halves(x, axis))


@register(
    elementwise=False,
    shape_preserving=False,
    reference="Dauphin, Fan, Auli, Grangier 2016, arXiv:1612.08083",
)
@vectorwise(_of_halves(gated_halves.glu))
def glu(x: ArrayLike, axis: int = -1) -> jax.Array:
    r"""Gated linear unit over an axis.

    .. math::
        f(a, b) = a \, \sigma(b)

    The second half is the gate, as in `jax.nn`, PyTorch and Keras.

    Args:
        x: [..., 2 units], the halves a and b; float dtypes are kept, integers become floats.
        axis: the axis of the halves.

    Returns:
        [..., units], in x's dtype.

    Raises:
        ValueError: if the axis is odd.
    """
    a, b = _halves(x, axis)
    return a * sigmoid(b)


@register(elementwise=False, shape_preserving=False, reference="Shazeer 2020, arXiv:2002.05202")
@vectorwise(_of_halves(gated_halves.reglu))
def reglu(x: ArrayLike, axis: int = -1) -> jax.Array:
    r"""Gated linear unit with a ReLU as its gate.

    .. math::
        f(a, b) = a \max(b, 0)

    The second half is the gate, as in `glu`.

    Args:
        x: [..., 2 units], the halves a and b; float dtypes are kept, integers become floats.
        axis: the axis of the halves; ValueError if it is odd.

    Returns:
        [..., units], in x's dtype.
    """
    a, b = _halves(x, axis)
    return a * relu(b)


@register(elementwise=False, shape_preserving=False, reference="Shazeer 2020, arXiv:2002.05202")
@vectorwise(_of_halves(gated_halves.geglu))
def geglu(x: ArrayLike, axis: int = -1) -> jax.Array:
    r"""Gated linear unit with the exact GELU as its gate.

    .. math::
        f(a, b) = a \, b \, \Phi(b)

    The second half is the gate, as in `glu`; `flax.linen.GeGLU` has dense layers and the tanh form.

    Args:
        x: [..., 2 units], the halves a and b; float dtypes are kept, integers become floats.
        axis: the axis of the halves; ValueError if it is odd.

    Returns:
        [..., units], in x's dtype.
    """
    a, b = _halves(x, axis)
    return a * gelu(b)


@register(elementwise=False, shape_preserving=False, reference="Shazeer 2020, arXiv:2002.05202")
@vectorwise(_of_halves(gated_halves.swiglu))
def swiglu(x: ArrayLike, axis: int = -1) -> jax.Array:
    r"""Gated linear unit with the SiLU as its gate.

    .. math::
        f(a, b) = a \, b \, \sigma(b)

    The second half is the gate, as in `glu`; some transformer code has it first.

    Args:
        x: [..., 2 units], the halves a and b; float dtypes are kept, integers become floats.
        axis: the axis of the halves; ValueError if it is odd.

    Returns:
        [..., units], in x's dtype.
    """
    a, b = _halves(x, axis)
    return a * silu(b)


@register(
    elementwise=False,
    shape_preserving=False,
    range=(0, float("inf")),
    reference="Shang, Sohn, Almeida, Lee 2016, arXiv:1603.05201",
)
@vectorwise()
def crelu(x: ArrayLike) -> jax.Array:
    r"""Concatenated rectified linear unit: the positive and the negative part.

    .. math::
        f(x) = (\max(x, 0), \max(-x, 0))

    Args:
        x: [..., units]; float dtypes are kept, integers become floats.

    Returns:
        [..., 2 units], values in [0, inf), in x's dtype.

    Raises:
        ValueError: if x is a scalar.
    """
    if x.ndim == 0:
        raise ValueError("crelu takes an array with at least one axis, not a scalar.")
    return jnp.concatenate([relu(x), relu(-x)], axis=-1)


@register(
    parameters={},
    elementwise=False,
    shape_preserving=False,
    reference="Goodfellow, Warde-Farley, Mirza, Courville, Bengio 2013, arXiv:1302.4389",
)
@vectorwise()
def maxout(x: ArrayLike, pieces: int = 2) -> jax.Array:
    r"""Maxout: the largest of every group of `pieces` neighbours along the last axis.

    .. math::
        f(x)_i = \max_{j < m} x_{m i + j}

    Where entries tie, the derivative is shared among them, as in `jnp.max`.

    Args:
        x: [..., pieces * units]; float dtypes are kept, integers become floats.
        pieces: the size m of a group, a positive integer.

    Returns:
        [..., units], in x's dtype.

    Raises:
        ValueError: if pieces is not positive or does not divide the last axis.
    """
    if pieces < 1 or x.ndim == 0 or x.shape[-1] % pieces:
        raise ValueError(f"maxout: {pieces} pieces do not divide the last axis of {x.shape}.")
    return jnp.max(x.reshape(*x.shape[:-1], x.shape[-1] // pieces, pieces), axis=-1)
