"""An activation as a Flax layer, Linen and NNX, its parameters fixed or learned.

What changes the compiled program is a plain Python value here; the values of the activation's
parameters may be traced, so that a population of networks can differ in them under `jax.vmap`. For
that, build the module inside the traced function.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import nnx

from acts_jax.activations.catalogue import Activation, get
from acts_jax.activations.derivative import derivative
from acts_jax.suggestion import suggest
from acts_jax.theory.shape import on_real_line

LEARN = ("default", "none", "all")
SHARE = ("network", "layer", "channel")


class ActivationLayer(nn.Module):
    """An activation of the catalogue as a Linen layer, its parameters fixed or learned.

    It keeps the shape of its input, but for activations that change the last axis: a gated linear
    unit (glu, geglu, reglu, swiglu) halves it.

    An activation with a bounded domain (SBAF on [0, 1]) gets its inputs squashed into it, see
    `acts_jax.theory.shape.on_real_line`. With `mutable=["intermediates"]` the layer sows its input,
    output and elementwise derivative as `preactivation`, `activation` and `derivative`; the
    derivative of an activation that is not elementwise (softmax) is NaN.

    Attributes:
        activation: a name of the catalogue, an `Activation` or a callable.
        parameters: values of the activation's parameters, scalars; initial values of the learned
            ones. The catalogue's defaults stand in for the ones left out.
        learn: which parameters are learned: "default" (those the catalogue marks as learned),
            "none", "all" or a tuple of names.
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
        check_activation(self.activation, self.parameters, self.learn, self.share)
        self.parameters, self.learn = frozen(self.parameters, self.learn)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[..., units] -> [..., units], unless the activation changes that; same dtype."""
        activation = get(self.activation)
        parameters = {**activation.defaults, **self.parameters}
        for name in resolve_learned(activation, self.learn):
            shape = x.shape[-1:] if self.share == "channel" else ()
            parameters[name] = self.param(name, _constant, parameters[name], shape)
        apply = _applied(activation, parameters)
        y = evaluate(apply, x)
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
        check_activation(activation, parameters, learn, share)
        if share == "channel" and units is None:
            raise ValueError('share="channel" needs the number of units.')
        self.activation = get(activation)
        learned = resolve_learned(self.activation, learn)
        for name, value in {**self.activation.defaults, **parameters}.items():
            shape = (units,) if share == "channel" and name in learned else ()
            kind = ActivationParameter if name in learned else FixedActivationParameter
            setattr(self, name, kind(_constant(None, value, shape)))

    def __call__(self, x: jax.Array) -> jax.Array:
        """[..., units] -> [..., units], unless the activation changes that; same dtype."""
        parameters = {name: getattr(self, name)[...] for name in self.activation.defaults}
        return _applied(self.activation, parameters)(x)


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
        check_choice("learn", learn, LEARN)
        choice = {"default": activation.learned, "none": (), "all": activation.parameters}
        return tuple(choice[learn])
    if not isinstance(learn, tuple | list):
        raise ValueError(f"learn is one of {LEARN} or a tuple of parameter names, not {learn!r}.")
    activation.check({name: activation.defaults.get(name, 0.0) for name in learn})
    return tuple(name for name in activation.parameters if name in learn)


def is_activation_parameter(path: Iterable[Any]) -> bool:
    """Whether a path in a tree of parameters leads to a learned activation parameter.

    Meant for masks, of weight decay for one: with `jax.tree_util.tree_map_with_path`, or with a
    tuple of names. True for what lies under the layers `activation`, `activation_1`, ... of an
    `MLP`, `CNN` or `ViT` and under `ActivationLayer_0`, ... of another Linen module.
    """
    return any(is_activation_layer(getattr(entry, "key", entry)) for entry in path)


def _applied(activation, parameters):
    """The function as a network applies it, with these parameters."""
    f = on_real_line(activation)

    def apply(x):
        y = f(x, **{name: lined_up(value, x) for name, value in parameters.items()})
        if activation.shape_preserving and getattr(y, "shape", None) != x.shape:
            gave = getattr(y, "shape", type(y).__name__)
            raise ValueError(f"{activation.name} must keep the shape: {x.shape} gave {gave}.")
        return y

    return apply


def lined_up(value, x):
    """A parameter of shape () or [units] in the dtype of x [..., units], to multiply it with."""
    if isinstance(value, float | int):
        return float(value)
    value = jnp.asarray(value, x.dtype)
    return value.reshape((1,) * (x.ndim - 1) + value.shape) if value.ndim else value


def _constant(key, value, shape):
    return jnp.broadcast_to(jnp.asarray(value, jnp.float32), shape)


def evaluate(f, *x):
    """f(*x); for the mere shapes of x the shape of f(*x), which costs no compilation."""
    return jax.eval_shape(f, *x) if isinstance(x[0], jax.ShapeDtypeStruct) else f(*x)


def is_activation_layer(name: Any) -> bool:
    """Whether a name in a tree of parameters is that of an `ActivationLayer`."""
    return re.fullmatch(r"activation(_\d+)?|ActivationLayer_\d+", str(name)) is not None


def frozen(
    parameters: Mapping[str, Any], learn: str | Sequence[str]
) -> tuple[nn.FrozenDict, str | tuple[str, ...]]:
    """The same, as a module keeps them: with them it is hashable, a static argument of `jit`."""
    return nn.FrozenDict(parameters), learn if isinstance(learn, str) else tuple(learn)


def check_choice(what: str, value: str, choices: Sequence[str]) -> None:
    """Raises ValueError, with the nearest choice, for a value that is none."""
    if value not in choices:
        raise ValueError(f"Unknown {what} {value!r}{suggest(value, choices)}")


def check_activation(
    activation: str | Activation | Callable,
    parameters: Mapping[str, Any],
    learn: str | tuple[str, ...],
    share: str,
) -> None:
    """Raises ValueError for settings with which no `ActivationLayer` can be made."""
    activation = get(activation)
    check_choice("share", share, SHARE)
    resolve_learned(activation, learn)
    on_real_line(activation)
    activation.check(parameters)
