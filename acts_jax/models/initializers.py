"""Initial weights: the distributions of the common schemes, drawn by programs that compile fast."""

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

# Standard deviation of the standard normal distribution truncated to [-2, 2].
_TRUNCATED = 0.87962566103423978

# (distribution, factor from fan_in and fan_out) of the weights, and of the biases (None: zero).
INITIALIZERS = {
    "lecun_normal": (("truncated_normal", lambda n, m: math.sqrt(1 / n) / _TRUNCATED), None),
    "he_normal": (("truncated_normal", lambda n, m: math.sqrt(2 / n) / _TRUNCATED), None),
    "glorot_uniform": (("uniform", lambda n, m: math.sqrt(6 / (n + m))), None),
    "torch_default": 2 * (("uniform", lambda n, m: math.sqrt(1 / n)),),
    "second_moment": (("normal", lambda n, m: math.sqrt(1 / n)), None),
}


def draw(
    key: jax.Array,
    initializer: tuple[str, Callable[[int, int], float]] | None,
    fans: tuple[int, int],
    shape: tuple[int, ...],
    scale: float | jax.Array,
) -> jax.Array:
    """Initial weights or biases of a layer.

    Args:
        key: A random key.
        initializer: Such as an entry of `INITIALIZERS`, for the weights or the biases.
        fans: (fan_in, fan_out) of the layer; of a convolution, its channels times the positions of
            its kernel.
        shape: Of the array wanted: the kernel's, or the bias's.
        scale: A factor; may be traced.

    Returns:
        A float32 array of that shape.
    """
    if initializer is None:
        return jax.device_put(np.zeros(shape, np.float32))  # jnp.zeros would compile
    distribution, deviation = initializer
    size = math.prod(shape)
    # A flat draw of a multiple of 4096 numbers: layers of different shape share one compiled
    # generator, and a minor dimension like 10 would compile six times slower.
    standard = _standard(key, distribution, -(-size // 4096) * 4096)
    return _shaped(standard, scale, deviation(*fans), shape)


@functools.partial(jax.jit, static_argnums=(1, 2))
def _standard(key, distribution, size):
    if distribution == "uniform":
        return jax.random.uniform(key, (size,), jnp.float32, -1.0, 1.0)
    if distribution == "truncated_normal":
        return jax.random.truncated_normal(key, -2.0, 2.0, (size,), jnp.float32)
    return jax.random.normal(key, (size,), jnp.float32)


@functools.partial(jax.jit, static_argnums=3)
def _shaped(standard, scale, deviation, shape):
    return scale * deviation * standard[: math.prod(shape)].reshape(shape)
