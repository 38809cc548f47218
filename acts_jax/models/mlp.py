"""A multilayer perceptron with a catalogue activation, and populations of it.

What changes the compiled program is a plain Python value here; the values of the activation's
parameters and the gain of the initial weights may be traced, so that a population of networks can
differ in them under `jax.vmap`. For that, build the module inside the traced function.
"""

import functools
import numbers
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn

from acts_jax.activations.catalogue import Activation, get
from acts_jax.models.initializers import INITIALIZERS, draw
from acts_jax.models.layer import (
    ActivationLayer,
    check_activation,
    check_choice,
    evaluate,
    is_activation_layer,
)
from acts_jax.theory.mean_field import gain as activation_gain

HEADS = ("softmax", "sigmoid", "linear")


class Captured(NamedTuple):
    """What the hidden layers computed: one array [batch, units] per layer, from the input on."""

    preactivation: tuple[jax.Array, ...]
    activation: tuple[jax.Array, ...]
    derivative: tuple[jax.Array, ...]


class MLP(nn.Module):
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
        "critical": N(0, 1) * g / sqrt(fan_in), g the activation's gain (readout: 1), see
        `acts_jax.theory.mean_field.gain`.
      gain: factor on the initial weights of the hidden layers; may be traced.
      layer_norm: layer normalisation before every activation.
      head: "softmax", "sigmoid" or "linear": how the outputs are read, see `probabilities`.

    Raises:
      ValueError: an unknown name, a value out of range, or a size that is no positive integer.
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

    def __post_init__(self):
        check_choice("initializer", self.initializer, tuple(INITIALIZERS))
        check_choice("head", self.head, HEADS)
        _check_sizes("hidden_sizes", self.hidden_sizes)
        _check_sizes("num_outputs", (self.num_outputs,))
        if self.head == "sigmoid" and self.num_outputs != 1:
            raise ValueError(f"The sigmoid head has 1 output, not {self.num_outputs}.")
        check_activation(self.activation, self.parameters, self.learn, self.share)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[batch, features] float32 -> logits (linear head: values) [batch, num_outputs]."""
        scale = self._hidden_scale() if self.is_initializing() else 1.0
        dense = functools.partial(_Dense, initializer=self.initializer)
        shared = self._activation_layer("activation") if self.share == "network" else None
        for layer, units in enumerate(self.hidden_sizes, start=1):
            x = dense(units, scale=scale, name=f"hidden_{layer}")(x)
            if self.layer_norm:
                x = self._layer_norm(f"layer_norm_{layer}", x)
            x = (shared or self._activation_layer(f"activation_{layer}"))(x)
        return dense(self.num_outputs, scale=1.0, name="readout")(x)

    def _hidden_scale(self):
        if self.initializer != "critical":
            return self.gain
        return self.gain * activation_gain(self.activation, **self.parameters)

    def _activation_layer(self, name):
        return ActivationLayer(self.activation, self.parameters, self.learn, self.share, name=name)

    def _layer_norm(self, name, x):
        normalise = nn.LayerNorm(name=name)
        if isinstance(x, jax.ShapeDtypeStruct):
            normalise(jnp.zeros(x.shape, x.dtype))
            return x
        return normalise(x)


class _Dense(nn.Module):
    """`nn.Dense`, which also declares its parameters for the mere shape of x."""

    units: int
    initializer: str
    scale: float | jax.Array

    @nn.compact
    def __call__(self, x):
        kernel_init, bias_init = INITIALIZERS[self.initializer]
        shape = (x.shape[-1], self.units)
        kernel = self.param("kernel", draw, kernel_init, shape, shape, self.scale)
        bias = self.param("bias", draw, bias_init, shape, shape[1:], 1.0)
        return evaluate(lambda x: x @ kernel + bias.reshape((1,) * (x.ndim - 1) + (-1,)), x)


def init_population(
    model: MLP,
    num_features: int,
    keys: jax.Array,
    gain: jax.Array | None = None,
    parameters: Mapping[str, jax.Array] = MappingProxyType({}),
) -> dict[str, Any]:
    """Initial parameters of a population of networks that differ in seed, gain and parameters.

    Cell i gets what `model.clone(gain=gain[i], parameters=...).init(keys[i], x)` gives. Random bits
    are slow to compile, so they are generated by programs that all layers and all models of one
    process share, and the layers are only told the shape of their input. Not for use inside
    `jax.jit`, which would make one large program of it.

    Args:
      model: an `MLP`.
      num_features: size of the last axis of its input.
      keys: random keys [cells].
      gain: float32 [cells], in place of `model.gain`.
      parameters: name -> float32 [cells], in place of those in `model.parameters`.

    Returns:
      The tree of parameters, every leaf with a leading axis of size cells.
    """
    x = jax.ShapeDtypeStruct((1, num_features), jnp.float32)
    traced = {"parameters": dict(parameters)} | ({} if gain is None else {"gain": gain})

    def init(key, traced):
        traced = traced | {"parameters": {**model.parameters, **traced["parameters"]}}
        return model.clone(**traced).init(key, x)["params"]

    return jax.vmap(init)(keys, traced)


def capture(model: MLP, params: Mapping[str, Any], x: jax.Array) -> tuple[jax.Array, Captured]:
    """Applies an `MLP` and keeps what its hidden layers computed.

    Args:
      model: an `MLP`.
      params: its parameters (without the "params" level).
      x: inputs [batch, features].

    Returns:
      (outputs [batch, num_outputs], `Captured`): the derivative is f'(preactivation) of the
      function as it is applied, learned parameters and squashing included; NaN for an activation
      that is not elementwise.
    """
    outputs, variables = model.apply({"params": params}, x, mutable=["intermediates"])
    sown = variables.get("intermediates", {})
    layers = [sown[name] for name in sorted(sown, key=_layer_number)]
    return outputs, Captured(*(sum((s[f] for s in layers), ()) for f in Captured._fields))


def learned_parameters(params: Mapping[str, Any]) -> dict[str, tuple[jax.Array, ...]]:
    """The learned activation parameters in the parameters of a network.

    Args:
      params: the parameters of an `MLP`, possibly of a population.

    Returns:
      A dict from a parameter's name to a tuple with one array per layer, from the input on (one for
      the network with share="network").
    """
    found = {}
    for layer in sorted(filter(is_activation_layer, params), key=_layer_number):
        for name, value in params[layer].items():
            found[name] = (*found.get(name, ()), value)
    return found


def probabilities(outputs: jax.Array, head: str) -> jax.Array:
    """The class probabilities that outputs of a network stand for.

    Args:
      outputs: logits [..., num_outputs].
      head: "softmax", or "sigmoid" (one logit, of class 1).

    Returns:
      Probabilities [..., classes], summing to 1 over the classes; two classes for "sigmoid".

    Raises:
      ValueError: an unknown head, or "linear", whose outputs are values.
    """
    check_choice("head", head, HEADS)
    if head == "linear":
        raise ValueError('The outputs of a "linear" head are values, not logits of classes.')
    if head == "sigmoid":
        sigmoid = get("sigmoid")
        return jnp.concatenate([sigmoid(-outputs), sigmoid(outputs)], axis=-1)
    return get("softmax")(outputs)


def _layer_number(name):
    return int(name.rpartition("_")[2]) if "_" in name else 0


def _check_sizes(what, sizes):
    if not isinstance(sizes, tuple | list):
        raise ValueError(f"{what} must be a tuple of positive integers, not {sizes!r}.")
    for size in sizes:
        if not isinstance(size, numbers.Integral) or size <= 0:
            raise ValueError(f"{what} must be positive integers, not {size!r}.")
