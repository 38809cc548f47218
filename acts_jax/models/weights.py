"""Layers that have weights: Flax's own numbers, and parameters that are drawn fast.

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
        kernel, bias = _declare(self, fans, (*inputs, *self.units), self.units)

        def affine(x):
            y = x.reshape(*others, fans[0]) @ kernel.reshape(fans)
            return (y + bias.reshape((1,) * len(others) + (-1,))).reshape(*others, *self.units)

        return evaluate(affine, x)


class Conv(nn.Module):
    """`flax.linen.Conv` with 3x3 kernels, stride 1 and as many positions as its input.

    Attributes:
        channels: of its output.
        initializer, scale: as in `Dense`; the kernel is [3, 3, in, channels], its fan-in 9 * in.
    """

    channels: int
    initializer: str
    scale: float | jax.Array = 1.0

    @nn.compact
    def __call__(self, x):
        """[batch, height, width, in] -> [batch, height, width, channels]."""
        shape = (3, 3, x.shape[-1], self.channels)
        fans = 9 * x.shape[-1], 9 * self.channels
        kernel, bias = _declare(self, fans, shape, shape[-1:])
        return evaluate(lambda x: convolve(x, kernel) + bias.reshape(1, 1, 1, -1), x)


def _declare(layer, fans, kernel_shape, bias_shape):
    """Kernel and bias of a layer; drawn by its fan-in and fan-out if it is being initialised."""
    kernel_init, bias_init = INITIALIZERS[layer.initializer]
    kernel = layer.param("kernel", draw, kernel_init, fans, kernel_shape, layer.scale)
    return kernel, layer.param("bias", draw, bias_init, fans, bias_shape, 1.0)


def layer_norm(x: jax.Array | jax.ShapeDtypeStruct, name: str) -> jax.Array | jax.ShapeDtypeStruct:
    """`flax.linen.LayerNorm` over the last axis; to be called in a module's compact method."""
    normalise = nn.LayerNorm(name=name)
    if isinstance(x, jax.ShapeDtypeStruct):
        normalise(jnp.zeros((1, x.shape[-1]), x.dtype))
        return x
    return normalise(x)


def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """The cross-correlation of images with 3x3 kernels, zeros around the images.

    XLA's own convolution is 15 times slower than one matrix product on a CPU, and backwards too.

    Args:
        x: [batch, height, width, in].
        kernel: [3, 3, in, out].

    Returns:
        [batch, height, width, out].
    """
    return jax.lax.platform_dependent(x, kernel, cpu=_as_product, default=_as_convolution)


def _as_product(x, kernel):
    height, width = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return jnp.concatenate(shifted, axis=-1) @ kernel.reshape(-1, kernel.shape[-1])


def _as_convolution(x, kernel):
    layout = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=layout)


def max_pool(x: jax.Array) -> jax.Array:
    """The largest of every 2x2 positions; an odd last row or column is left out.

    Where several are the largest, the first has the gradient, as with `flax.linen.max_pool`.

    Args:
        x: [batch, height, width, channels].

    Returns:
        [batch, height // 2, width // 2, channels].
    """
    x = _blocks(x)
    x = _larger(x[:, :, :, :, 0], x[:, :, :, :, 1])
    return _larger(x[:, :, 0], x[:, :, 1])


def mean_pool(x: jax.Array) -> jax.Array:
    """The mean of every 2x2 positions, of and to the shapes of `max_pool`."""
    return _blocks(x).mean(axis=(2, 4))


def _blocks(x):
    """[batch, rows, columns, channels] -> [batch, rows // 2, 2, columns // 2, 2, channels]."""
    batch, height, width, channels = x.shape
    x = x[:, : height - height % 2, : width - width % 2]
    return x.reshape(batch, height // 2, 2, width // 2, 2, channels)


@jax.custom_jvp
def _larger(first, second):
    return jnp.maximum(first, second)


@_larger.defjvp
def _larger_jvp(primals, tangents):
    first, second = primals
    return _larger(first, second), jnp.where(first >= second, *tangents)
