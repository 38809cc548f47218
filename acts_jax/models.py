"""Networks with a catalogue activation: the Flax layer (Linen and NNX) and a multilayer perceptron.

Everything about a network that changes its compiled program is a plain Python value here; the
values of the activation's parameters and the gain of the initial weights may be traced, so that a
population of networks can differ in them under `jax.vmap`. For that, build the module inside the
traced function.
"""

import functools
import numbers
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import nnx

from acts_jax.activations.catalogue import Activation, get
from acts_jax.derivative import derivative
from acts_jax.initializers import INITIALIZERS, draw
from acts_jax.suggestion import suggest
from acts_jax.theory.mean_field import gain as activation_gain
from acts_jax.theory.shape import on_real_line

HEADS = ("softmax", "sigmoid", "linear")
LEARN = ("default", "none", "all")
SHARE = ("network", "layer", "channel")


class Captured(NamedTuple):
    """What the hidden layers computed: one array [batch, units] per layer, from the input on."""

    preactivation: tuple[jax.Array, ...]
    activation: tuple[jax.Array, ...]
    derivative: tuple[jax.Array, ...]


class ActivationLayer(nn.Module):
    """An activation of the catalogue as a Linen layer, its parameters fixed or learned.

    An activation with a bounded domain (SBAF on [0, 1]) gets its inputs squashed into it, see
    `acts_jax.theory.shape.on_real_line`. With `mutable=["intermediates"]` the layer sows its input,
    output and elementwise derivative as `preactivation`, `activation` and `derivative`; the
    derivative of an activation that is not elementwise (softmax) is NaN.

    Attributes:
      activation: a name of the catalogue, an `Activation` or a callable.
      parameters: values of the activation's parameters, scalars; initial values of the learned
        ones. The catalogue's defaults stand in for the ones left out.
      learn: which parameters are learned: "default" (those the catalogue marks as learned), "none",
        "all" or a tuple of names.
      share: "layer" or "network" for one value of a learned parameter, of shape (), "channel" for
        one per unit, of shape (units,). float32. A network-wide parameter is one layer applied
        several times.

    Raises:
      ValueError: unknown activation, parameter, `learn` or `share`, or a value out of range.
    """

    activation: str | Activation | Callable
    parameters: Mapping[str, Any] = nn.FrozenDict()
    learn: str | tuple[str, ...] = "default"
    share: str = "layer"

    def __post_init__(self):
        _check_activation(self.activation, self.parameters, self.learn, self.share)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[..., units] -> [..., units], same dtype."""
        activation = get(self.activation)
        parameters = {**activation.defaults, **self.parameters}
        for name in resolve_learned(activation, self.learn):
            shape = x.shape[-1:] if self.share == "channel" else ()
            parameters[name] = self.param(name, _constant, parameters[name], shape)
        apply = _applied(activation, parameters)
        y = _evaluate(apply, x)
        if self.is_mutable_collection("intermediates"):
            slope = derivative(apply)(x) if activation.elementwise else jnp.full_like(x, jnp.nan)
            self.sow("intermediates", "preactivation", x)
            self.sow("intermediates", "activation", y)
            self.sow("intermediates", "derivative", slope)
        return y


class ActivationParameter(nnx.Param):
    """A learned parameter of an activation in an NNX model; a type to exclude from weight decay."""


class FixedActivationParameter(nnx.Variable):
    """A parameter of an activation in an NNX model that no optimizer of `nnx.Param` sees."""


class NNXActivationLayer(nnx.Module):
    """The same layer as `ActivationLayer`, with the same numbers, for Flax NNX.

    The activation's parameters become attributes of their own name (`layer.slope`):
    `ActivationParameter` variables if learned, else `FixedActivationParameter` variables.

    Args:
      activation, parameters, learn, share: as in `ActivationLayer`.
      units: size of the last axis of the input; needed with share="channel" only.

    Raises:
      ValueError: as `ActivationLayer`, and for share="channel" without `units`.
    """

    def __init__(
        self,
        activation: str | Activation | Callable,
        *,
        units: int | None = None,
        parameters: Mapping[str, Any] = MappingProxyType({}),
        learn: str | tuple[str, ...] = "default",
        share: str = "layer",
    ):
        _check_activation(activation, parameters, learn, share)
        if share == "channel" and units is None:
            raise ValueError('share="channel" needs the number of units.')
        self.activation = get(activation)
        learned = resolve_learned(self.activation, learn)
        for name, value in {**self.activation.defaults, **parameters}.items():
            shape = (units,) if share == "channel" and name in learned else ()
            kind = ActivationParameter if name in learned else FixedActivationParameter
            setattr(self, name, kind(_constant(None, value, shape)))

    def __call__(self, x: jax.Array) -> jax.Array:
        """[..., units] -> [..., units], same dtype."""
        parameters = {name: getattr(self, name)[...] for name in self.activation.defaults}
        return _applied(self.activation, parameters)(x)


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
        _check_choice("initializer", self.initializer, tuple(INITIALIZERS))
        _check_choice("head", self.head, HEADS)
        _check_sizes("hidden_sizes", self.hidden_sizes)
        _check_sizes("num_outputs", (self.num_outputs,))
        if self.head == "sigmoid" and self.num_outputs != 1:
            raise ValueError(f"The sigmoid head has 1 output, not {self.num_outputs}.")
        _check_activation(self.activation, self.parameters, self.learn, self.share)
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
        return _evaluate(lambda x: x @ kernel + bias.reshape((1,) * (x.ndim - 1) + (-1,)), x)


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


def resolve_learned(
    activation: str | Activation | Callable, learn: str | tuple[str, ...]
) -> tuple[str, ...]:
    """The names of the activation's parameters that `learn` makes learned.

    Args:
      activation: a name of the catalogue, an `Activation` or a callable.
      learn: "default", "none", "all" or a tuple of parameter names.

    Raises:
      ValueError: neither of these, or the activation has no such parameter.
    """
    activation = get(activation)
    if isinstance(learn, str):
        if learn in activation.parameters:
            raise ValueError(f"learn takes parameter names as a tuple: ({learn!r},).")
        _check_choice("learn", learn, LEARN)
        choice = {"default": activation.learned, "none": (), "all": activation.parameters}
        return tuple(choice[learn])
    if not isinstance(learn, tuple | list):
        raise ValueError(f"learn is one of {LEARN} or a tuple of parameter names, not {learn!r}.")
    activation.check({name: activation.defaults.get(name, 0.0) for name in learn})
    return tuple(name for name in activation.parameters if name in learn)


def learned_parameters(params: Mapping[str, Any]) -> dict[str, tuple[jax.Array, ...]]:
    """The learned activation parameters in the parameters of a network.

    Args:
      params: the parameters of an `MLP`, possibly of a population.

    Returns:
      A dict from a parameter's name to a tuple with one array per layer, from the input on (one for
      the network with share="network").
    """
    found = {}
    for layer in sorted(filter(_is_activation_layer, params), key=_layer_number):
        for name, value in params[layer].items():
            found[name] = (*found.get(name, ()), value)
    return found


def is_activation_parameter(path: Iterable[Any]) -> bool:
    """Whether a path in a tree of parameters leads to a learned activation parameter.

    Meant for masks, of weight decay for one: with `jax.tree_util.tree_map_with_path`, or with a
    tuple of names. True for what lies under the layers `activation`, `activation_1`, ... of an
    `MLP` and under `ActivationLayer_0`, ... of another Linen module.
    """
    return any(_is_activation_layer(getattr(entry, "key", entry)) for entry in path)


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
    _check_choice("head", head, HEADS)
    if head == "linear":
        raise ValueError('The outputs of a "linear" head are values, not logits of classes.')
    if head == "sigmoid":
        sigmoid = get("sigmoid")
        return jnp.concatenate([sigmoid(-outputs), sigmoid(outputs)], axis=-1)
    return get("softmax")(outputs)


def _applied(activation, parameters):
    """The function as a network applies it, with these parameters."""
    f = on_real_line(activation)

    def apply(x):
        y = f(x, **{name: _lined_up(value, x) for name, value in parameters.items()})
        if getattr(y, "shape", None) != x.shape:
            gave = getattr(y, "shape", type(y).__name__)
            raise ValueError(f"{activation.name} must keep the shape: {x.shape} gave {gave}.")
        return y

    return apply


def _lined_up(value, x):
    """A parameter of shape () or [units] in the dtype of x [..., units], to multiply it with."""
    if isinstance(value, float | int):
        return float(value)
    value = jnp.asarray(value, x.dtype)
    return value.reshape((1,) * (x.ndim - 1) + value.shape) if value.ndim else value


def _constant(key, value, shape):
    return jnp.broadcast_to(jnp.asarray(value, jnp.float32), shape)


def _evaluate(f, x):
    """f(x); for the mere shape of x the shape of f(x), which costs no compilation."""
    return jax.eval_shape(f, x) if isinstance(x, jax.ShapeDtypeStruct) else f(x)


def _is_activation_layer(name):
    return re.fullmatch(r"activation(_\d+)?|ActivationLayer_\d+", str(name)) is not None


def _layer_number(name):
    return int(name.rpartition("_")[2]) if "_" in name else 0


def _check_choice(what, value, choices):
    if value not in choices:
        raise ValueError(f"Unknown {what} {value!r}{suggest(value, choices)}")


def _check_sizes(what, sizes):
    if not isinstance(sizes, tuple | list):
        raise ValueError(f"{what} must be a tuple of positive integers, not {sizes!r}.")
    for size in sizes:
        if not isinstance(size, numbers.Integral) or size <= 0:
            raise ValueError(f"{what} must be positive integers, not {size!r}.")


def _check_activation(activation, parameters, learn, share):
    activation = get(activation)
    if not activation.shape_preserving:
        raise ValueError(f"{activation.name} changes the shape: it cannot follow a hidden layer.")
    _check_choice("share", share, SHARE)
    resolve_learned(activation, learn)
    on_real_line(activation)
    activation.check(parameters)
