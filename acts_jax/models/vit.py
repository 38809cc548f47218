"""A vision transformer with a catalogue activation, and populations of it.

What changes the compiled program is a plain Python value here, see `models.mlp`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from acts_jax.activations.catalogue import Activation, get
from acts_jax.models.attention import SelfAttention
from acts_jax.models.initializers import draw
from acts_jax.models.layer import evaluate
from acts_jax.models.population import Population, check_image, check_size
from acts_jax.models.weights import Dense, layer_norm

POSITION = ("normal", lambda fan_in, fan_out: 0.02)  # an initializer, see `draw`
PARTS = ("attention_norm", "attention", "hidden_norm", "hidden", "projection")  # of a block


class ViT(Population, nn.Module):
    """A vision transformer: patches, blocks of attention and feed-forward layers, linear readout.

    Patches of the image become tokens by a dense layer, `embedding`, to which a learned `position`
    is added. Block b is, with skip connections around both parts, layer normalisation and
    self-attention (attention_norm_b, attention_b), then layer normalisation, a dense layer, the
    activation and a dense layer back (hidden_norm_b, hidden_b, activation_b or `activation` with
    share="network", projection_b). The readout takes the mean over the tokens, normalised before
    (`norm`). Parameters have the shapes of those of `flax.linen.LayerNorm`,
    `MultiHeadDotProductAttention` and `Dense`. (Dosovitskiy et al. 2020, arXiv 2010.11929; the mean
    in the place of a class token is from Beyer, Zhai, Kolesnikov 2022, arXiv 2205.01580.)

    Gated activations (glu, geglu, reglu, swiglu), which halve what they act upon, find twice the
    units there.

    Attributes:
        depth: number of blocks.
        width: features of a token.
        activation, parameters, learn, share: as in `ActivationLayer`.
        num_outputs: number of outputs; 1 with the sigmoid head.
        initializer: as in `MLP`, with the activation's gain in "second_moment" for projection_b
            alone, whose inputs are its outputs. Positions are N(0, 0.02^2) with all of them.
        gain: factor on the initial weights of embedding and blocks; may be traced.
        head: "softmax", "sigmoid" or "linear": how the outputs are read, see `probabilities`.
        patch: side of a patch in pixels; divides both sides of an image.
        heads: of the attention; divides the width.
        expand: units of the feed-forward layers, in multiples of the width.
        equal_parameters: whether a gated activation gets fewer units, about 2/3, so that the block
            has as many parameters as with another activation, to half a unit (Shazeer 2020,
            arXiv 2002.05202).

    Raises:
        ValueError: an unknown name, a value out of range, a size that is no positive integer, or
            heads that do not divide the width; when it is applied or initialised, an input that is
            no image, or one that the patches do not divide.
    """

    depth: int
    width: int
    activation: str | Activation | Callable
    num_outputs: int
    parameters: Mapping[str, Any] = nn.FrozenDict()
    learn: str | tuple[str, ...] = "default"
    share: str = "layer"
    initializer: str = "lecun_normal"
    gain: float | jax.Array = 1.0
    head: str = "softmax"
    patch: int = 4
    heads: int = 4
    expand: int = 4
    equal_parameters: bool = False

    gated = True

    def __post_init__(self):
        for name in ("depth", "width", "patch", "heads", "expand"):
            check_size(name, getattr(self, name))
        if self.width % self.heads:
            nearest = _nearest_divisor(self.width, self.heads)
            raise ValueError(
                f"{self.heads} heads do not divide a width of {self.width}; {nearest} would."
            )
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[batch, height, width, channels] float32 -> logits or values [batch, num_outputs]."""
        self._check(x)
        activations = self.activation_layers()
        x = evaluate(lambda x: _patches(x, self.patch), x)
        x = self._dense(self.width, "embedding")(x)
        position = self.param("position", draw, POSITION, x.shape[1:], x.shape[1:], 1.0)
        x = evaluate(lambda x: x + position[None], x)
        for block in range(1, self.depth + 1):
            x = evaluate(jnp.add, x, self._attention(x, block))
            x = evaluate(jnp.add, x, self._feed_forward(x, block, activations(block)))
        x = evaluate(lambda x: x.mean(axis=1), layer_norm(x, "norm"))
        return Dense((self.num_outputs,), self.initializer, name="readout")(x)

    @nn.nowrap
    def layers(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters but for the activation's: embedding, block_1 ... block_L, readout."""
        blocks = {
            f"block_{b}": {part: params[f"{part}_{b}"] for part in PARTS}
            for b in range(1, self.depth + 1)
        }
        embedding = {name: params[name] for name in ("embedding", "position")}
        readout = {name: params[name] for name in ("norm", "readout")}
        return {"embedding": embedding, **blocks, "readout": readout}

    def _attention(self, x, block):
        x = layer_norm(x, f"attention_norm_{block}")
        name = f"attention_{block}"
        return SelfAttention(self.heads, self.initializer, self.gain, name=name)(x)

    def _feed_forward(self, x, block, activation):
        units = self.expand * self.width
        halved = not get(self.activation).shape_preserving
        if halved and self.equal_parameters:
            # Each unit brings 3 width + 2 parameters, and without a gate 2 width + 1.
            units = round(units * (2 * self.width + 1) / (3 * self.width + 2))
        units *= 1 + halved
        x = layer_norm(x, f"hidden_norm_{block}")
        x = activation(self._dense(units, f"hidden_{block}")(x))
        scale = self.gain_after(units)
        return Dense((self.width,), self.initializer, scale, name=f"projection_{block}")(x)

    def _dense(self, units, name):
        return Dense((units,), self.initializer, self.gain, name=name)

    def _check(self, x):
        height, width = check_image(self, x)
        if height % self.patch or width % self.patch:
            nearest = _nearest_divisor(math.gcd(height, width), self.patch)
            raise ValueError(
                f"Patches of {self.patch}x{self.patch} do not divide an image of "
                f"{height}x{width}; a patch of {nearest} would."
            )


def _patches(x, side):
    """[batch, height, width, channels] -> [batch, patches, pixels * channels]."""
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height // side, side, width // side, side, channels)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, -1, side * side * channels)


def _nearest_divisor(number, wanted):
    divisors = (d for d in range(1, number + 1) if number % d == 0)
    return min(divisors, key=lambda d: abs(d - wanted))
