"""Layers with weights: Flax's own numbers, and parameters that are drawn fast.

Each takes an array, or the mere shape of one, for which it declares its parameters and gives the
shape of its output: so a population is initialised without computing anything else.
"""

import math

import jax
import jax.numpy as jnp
from flax import linen as nn

from acts_jax.models.initializers import INITIALIZERS, draw
from acts_jax.models.layer import evaluate


class Dense(nn.Module):
    """`flax.linen.DenseGeneral`: from the last `axes` axes of its input to new ones.

    Attributes:
        units: shape of what comes in the place of those axes, such as (64,).
        initializer: a name of `INITIALIZERS`.
        scale: factor on the initial kernel [*axes, *units]; may be traced.
        axes: how many axes of the input go into every unit.
    """

    units: tuple[int, ...]
    initializer: str
    scale: float | jax.Array = 1.0
    axes: int = 1

    @nn.compact
    def __call__(self, x):
        """[..., *axes] -> [..., *units]."""
        others, inputs = x.shape[: -self.axes], x.shape[-self.axes :]
        fans = math.prod(inputs), math.prod(self.units)
        kernel, bias = declare(self, fans, (*inputs, *self.units), self.units)

        def affine(x):
            y = x.reshape(*others, fans[0]) @ kernel.reshape(fans)
            return (y + bias.reshape((1,) * len(others) + (-1,))).reshape(*others, *self.units)

        return evaluate(affine, x)


def declare(
    layer: nn.Module, fans: tuple[int, int], kernel_shape: tuple[int, ...], units: tuple[int, ...]
) -> tuple[jax.Array, jax.Array]:
    """Declares kernel and bias of a layer, which has an initializer and a scale for the kernel.

    Args:
        layer: The module, in its compact method.
        fans: (fan_in, fan_out), by which both are drawn.
        kernel_shape: Of the kernel.
        units: Shape of the bias.
    """
    kernel_init, bias_init = INITIALIZERS[layer.initializer]
    kernel = layer.param("kernel", draw, kernel_init, fans, kernel_shape, layer.scale)
    return kernel, layer.param("bias", draw, bias_init, fans, units, 1.0)


def layer_norm(x: jax.Array | jax.ShapeDtypeStruct, name: str) -> jax.Array | jax.ShapeDtypeStruct:
    """`flax.linen.LayerNorm` over the last axis; to be called in a module's compact method."""
    normalise = nn.LayerNorm(name=name)
    if isinstance(x, jax.ShapeDtypeStruct):
        normalise(jnp.zeros((1, x.shape[-1]), x.dtype))
        return x
    return normalise(x)
