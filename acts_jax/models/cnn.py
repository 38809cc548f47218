"""A convolutional network with a catalogue activation, and populations of it.

What changes the compiled program is a plain Python value here, see `models.mlp`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
from flax import linen as nn

from acts_jax.activations.catalogue import Activation
from acts_jax.models.convolution import Conv, max_pool, mean_pool
from acts_jax.models.layer import check_choice, evaluate
from acts_jax.models.population import Population, check_image, check_size, check_sizes
from acts_jax.models.weights import Dense

POOLS = {"max": max_pool, "mean": mean_pool}


class CNN(Population, nn.Module):
    """A convolutional network: blocks, one dense hidden layer, and a linear readout.

    A block is a 3x3 convolution with stride 1 and zeros around the image, the activation, and
    pooling of 2x2 positions with stride 2. Layers are named hidden_1 ... hidden_L for the
    convolutions and the dense layer, activation_1 ... activation_L (`activation` with
    share="network") and readout, L being one more than the blocks. Kernels have the shapes of those
    of `flax.linen.Conv` and `flax.linen.Dense`.

    Attributes:
        channels: number of channels of every block.
        activation, parameters, learn, share: as in `ActivationLayer`; the channels are the units.
        num_outputs: number of outputs; 1 with the sigmoid head.
        initializer: as in `MLP`; the fan-in of a convolution is 9 times the channels that it takes.
            The gain of "second_moment" is the activation's: what pooling does is left out.
        gain: factor on the initial weights of the hidden layers; may be traced.
        head: "softmax", "sigmoid" or "linear": how the outputs are read, see `probabilities`.
        pool: "max" or "mean", of the 2x2 positions.
        dense: number of units of the dense hidden layer.

    Raises:
        ValueError: an unknown name, a value out of range, or a size that is no positive integer;
            when it is applied or initialised, an input that is no image, or too small a one.
    """

    channels: tuple[int, ...]
    activation: str | Activation | Callable
    num_outputs: int
    parameters: Mapping[str, Any] = nn.FrozenDict()
    learn: str | tuple[str, ...] = "default"
    share: str = "layer"
    initializer: str = "lecun_normal"
    gain: float | jax.Array = 1.0
    head: str = "softmax"
    pool: str = "max"
    dense: int = 64

    def __post_init__(self):
        check_sizes("channels", self.channels)
        check_size("dense", self.dense)
        check_choice("pool", self.pool, tuple(POOLS))
        self.channels = tuple(self.channels)
        if not self.channels:
            raise ValueError("A CNN has at least one block: give channels such as (16,).")
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[batch, height, width, channels] float32 -> logits or values [batch, num_outputs]."""
        self._check(x)
        activations = self.activation_layers()
        for layer, channels in enumerate(self.channels, start=1):
            scale = self.gain_after(self.channels[max(layer - 2, 0)])
            z = Conv(channels, self.initializer, scale, name=f"hidden_{layer}")(x)
            x = evaluate(POOLS[self.pool], activations(layer)(z))
        x = evaluate(lambda x: x.reshape(len(x), -1), x)
        last, scale = len(self.channels) + 1, self.gain_after(self.channels[-1])
        z = Dense((self.dense,), self.initializer, scale, name=f"hidden_{last}")(x)
        x = activations(last)(z)
        return Dense((self.num_outputs,), self.initializer, name="readout")(x)

    def _check(self, x):
        height, width = check_image(self, x)
        most = min(height, width).bit_length() - 1
        if len(self.channels) > most:
            raise ValueError(
                f"{len(self.channels)} blocks make an image of {height}x{width} smaller than "
                f"2x2 before the last pooling; give channels for at most {most}."
            )
