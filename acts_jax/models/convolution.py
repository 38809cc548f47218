"""Convolution and pooling of images, in the form that each platform is fast with."""

import jax
import jax.numpy as jnp
from flax import linen as nn

from acts_jax.models.layer import evaluate
from acts_jax.models.weights import declare


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
        kernel, bias = declare(self, fans, shape, shape[-1:])
        return evaluate(lambda x: convolve(x, kernel) + bias.reshape(1, 1, 1, -1), x)


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
