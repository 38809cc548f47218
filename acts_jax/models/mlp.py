"""A multilayer perceptron with a catalogue activation, and populations of it.

What changes the compiled program is a plain Python value here; the values of the activation's
parameters and the gain of the initial weights may be traced, so that a population of networks can
differ in them under `jax.vmap`. For that, build the module inside the traced function.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from acts_jax.activations.catalogue import Activation
from acts_jax.models.layer import evaluate
from acts_jax.models.population import Population, check_sizes
from acts_jax.models.weights import Dense, layer_norm


class MLP(Population, nn.Module):
    """A multilayer perceptron: hidden layers with a catalogue activation, and a linear readout.

    Layers are named hidden_1 ... hidden_L, activation_1 ... activation_L (`activation` with
    share="network"), layer_norm_1 ... layer_norm_L and readout. The same key gives the same initial
    Dense weights whatever the activation, its parameters, `learn` and `share`.

    Attributes:
        hidden_sizes: number of units of every hidden layer.
        activation, parameters, learn, share: as in `ActivationLayer`.
        num_outputs: number of outputs; 1 with the sigmoid head.
        initializer: distribution of the initial weights, with zero biases except for torch_default:
            "lecun_normal", "he_normal", "glorot_uniform" as in `jax.nn.initializers`;
            "torch_default": uniform in +-1/sqrt(fan_in), biases too, as in `torch.nn.Linear`;
            "second_moment": N(0, 1) * g / sqrt(fan_in), g the activation's gain (readout: 1), see
            `acts_jax.theory.mean_field.gain`: on average over the weights, the pre-activations of
            every layer have the mean square that those of the first have.
        gain: factor on the initial weights of the hidden layers; may be traced.
        layer_norm: layer normalisation before every activation.
        head: "softmax", "sigmoid" or "linear": how the outputs are read, see `probabilities`.
        residual: skip connections, x + f(W x + b) from the second hidden layer on. The mean square
            then grows from layer to layer, with "second_moment" too.

    Raises:
        ValueError: an unknown name, a value out of range, a size that is no positive integer, or
            skip connections between layers of different sizes.
    """

    hidden_sizes: tuple[int, ...]
    activation: str | Activation | Callable
    num_outputs: int
    parameters: Mapping[str, Any] = nn.FrozenDict()
    learn: str | tuple[str, ...] = "default"
    share: str = "layer"
    initializer: str = "lecun_normal"
    gain: float | jax.Array = 1.0
    layer_norm: bool = False
    head: str = "softmax"
    residual: bool = False

    def __post_init__(self):
        check_sizes("hidden_sizes", self.hidden_sizes)
        self.hidden_sizes = tuple(self.hidden_sizes)
        if self.residual and len(set(self.hidden_sizes)) > 1:
            equal = self.hidden_sizes[:1] * len(self.hidden_sizes)
            raise ValueError(
                "Skip connections need hidden_sizes that are all equal, such as "
                f"{equal}, not {self.hidden_sizes}."
            )
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[batch, ...] float32, flattened -> logits (linear head: values) [batch, num_outputs]."""
        x = evaluate(lambda x: x.reshape(len(x), -1), x)
        activations = self.activation_layers()
        for layer, units in enumerate(self.hidden_sizes, start=1):
            scale = self.gain_after(self.hidden_sizes[max(layer - 2, 0)])
            z = Dense((units,), self.initializer, scale, name=f"hidden_{layer}")(x)
            if self.layer_norm:
                z = layer_norm(z, f"layer_norm_{layer}")
            y = activations(layer)(z)
            x = evaluate(jnp.add, x, y) if self.residual and layer > 1 else y
        return Dense((self.num_outputs,), self.initializer, name="readout")(x)
