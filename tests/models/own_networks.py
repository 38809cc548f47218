"""Flax modules as a user writes them."""

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import nnx


def waves(key, shape, dtype=jnp.float32, **_):
    """Initial weights that differ by the key, and compile in no time."""
    phase = jax.random.key_data(key)[-1] % 997
    steps = jnp.arange(math.prod(shape), dtype=dtype)
    return jnp.sin(phase + 2.4 * steps).reshape(shape) / math.sqrt(math.prod(shape[:-1]))


Dense = functools.partial(nn.Dense, kernel_init=waves)
Linear = functools.partial(nnx.Linear, kernel_init=waves)


class Compact(nn.Module):
    """Named against the alphabet: its layers are in the order of the forward pass."""

    activation: Callable
    num_outputs: int
    width: int = 5
    depth: int = 2

    @nn.compact
    def __call__(self, x):
        x = x.reshape(len(x), -1)
        for layer in range(self.depth):
            x = self.activation(Dense(self.width, name=f"z_{9 - layer}")(x))
        return Dense(self.num_outputs, name="a")(x)


class Block(nn.Module):
    """A submodule that is handed the activation."""

    activation: Callable

    @nn.compact
    def __call__(self, x):
        y = self.activation(Dense(7, name="wide")(nn.LayerNorm()(x)))
        return x + Dense(x.shape[-1])(y)


class Setup(nn.Module):
    """A convolution and two blocks in setup style, the second of them rematerialised."""

    activation: Callable
    num_outputs: int
    input_shape: tuple
    scale: float = 1.0

    def setup(self):
        self.position = self.param("position", waves, self.input_shape)
        self.stem = nn.Conv(4, (2, 2), strides=2, kernel_init=waves)
        self.blocks = [Block(self.activation), nn.remat(Block)(self.activation)]
        self.readout = Dense(self.num_outputs)

    def __call__(self, x):
        x = self.activation(self.stem(self.scale * x + self.position[None]))
        for block in self.blocks:
            x = block(x)
        return self.readout(x.mean(axis=(1, 2)))


class Nnx(nnx.Module):
    """A list of layers, one of them rematerialised, a table, and dropout that drops nothing."""

    def __init__(self, *, activation, num_outputs, input_shape, rngs, depth: int = 2):
        size = input_shape[0] * input_shape[1] * input_shape[2]
        self.stem = Linear(size, 5, rngs=rngs)
        self.blocks = nnx.List([Linear(5, 5, rngs=rngs) for _ in range(depth)])
        self.a = Linear(5, num_outputs, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, deterministic=True, rngs=rngs)
        self.table = jnp.linspace(0.5, 1.5, 5)
        self.activation = activation

    def __call__(self, x):
        x = self.activation(self.stem(x.reshape(len(x), -1)))
        for block in self.blocks:
            x = x + nnx.remat(lambda block, x: self.activation(block(x)))(block, x)
        return self.a(self.dropout(x * self.table[None]))


class Gated(nn.Module):
    """Doubles the width for a gated linear unit."""

    activation: Callable
    num_outputs: int

    @nn.compact
    def __call__(self, x):
        return Dense(self.num_outputs)(self.activation(Dense(8)(x.reshape(len(x), -1))))


class Step(nn.Module):
    """A layer of a loop."""

    activation: Callable

    @nn.compact
    def __call__(self, x, _):
        return self.activation(Dense(x.shape[-1])(x)), None


class Scanned(nn.Module):
    """Three layers in one loop, which is traced more than once, between two others."""

    activation: Callable
    num_outputs: int

    @nn.compact
    def __call__(self, x):
        x = self.activation(Dense(5, name="first")(x.reshape(len(x), -1)))
        layers = nn.scan(Step, variable_axes={"params": 0}, split_rngs={"params": True}, length=3)
        x, _ = layers(self.activation, name="loop")(x, None)
        return Dense(self.num_outputs)(self.activation(Dense(4, name="last")(x)))


class Mapped(nn.Module):
    """Applies the activation to one example at a time, which is another axis than the first."""

    activation: Callable
    num_outputs: int

    @nn.compact
    def __call__(self, x):
        z = Dense(5, name="hidden")(x.reshape(len(x), -1)).T
        y = jax.vmap(self.activation, in_axes=1, out_axes=1)(z)
        return Dense(self.num_outputs)(y.T)


class JittedTwice(nn.Module):
    """The same compiled function at two places."""

    activation: Callable
    num_outputs: int

    @nn.compact
    def __call__(self, x):
        apply = jax.jit(self.activation)
        x = apply(Dense(5)(x.reshape(len(x), -1)))
        return Dense(self.num_outputs)(apply(Dense(5)(x)))


def build(activation, num_outputs):
    """Not a class."""
    return Compact(activation, num_outputs)
