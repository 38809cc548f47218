"""One's own Flax module, Linen or NNX, as two pure functions: initial parameters, and outputs."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import nnx, traverse_util

from acts_jax.activations.importing import import_named
from acts_jax.suggestion import suggest
from acts_jax.words import join, shown

GIVEN = ("activation", "num_outputs", "input_shape", "rngs")  # to a module by whoever makes it
Plain = bool | int | float | str  # what a config can set a field to


class Initial(NamedTuple):
    """What a module starts with.

    Attributes:
        params: Its parameters, nested dicts of arrays with strings as keys.
        others: What else would have to be kept: collections of Linen, variables of NNX. Arrays of
            an NNX module that are no variables are constants.
    """

    params: dict[str, Any]
    others: tuple[str, ...]


def resolve(spec: str | type) -> type:
    """The class that "package.module:Module" names, or the class itself.

    Raises:
        ValueError: If there is none, with the nearest, or it is no Flax module.
    """
    cls: Any = spec if not isinstance(spec, str) else import_named(spec, "class", _is_flax)
    if not _is_flax(cls):
        raise ValueError(
            f"{named(spec)} is no Flax module: a network of your own is a class that inherits from "
            "flax.linen.Module or flax.nnx.Module"
        )
    return cls


def named(spec: str | type) -> str:
    """A module as messages name it."""
    return shown(spec) if isinstance(spec, str) else getattr(spec, "__name__", shown(spec))


def fields(spec: str | type) -> dict[str, Plain]:
    """The fields of a module that a config can set, with their defaults, which tell the types.

    Args:
        spec: "package.module:Module", or the class.

    Raises:
        ValueError: If there is no such module, or its constructor does not take what that of a
            network of one's own takes.
    """
    cls = resolve(spec)
    wanted = ["activation", "num_outputs", *([] if issubclass(cls, nn.Module) else ["rngs"])]
    defaults = _arguments(cls)
    if missing := [name for name in wanted if name not in defaults]:
        raise ValueError(
            f"network {named(spec)} takes no {join(missing)}: the constructor of a network of your "
            f"own takes {join(wanted)}"
        )
    for name, default in defaults.items():
        if default is inspect.Parameter.empty and name not in GIVEN:
            raise ValueError(f"network {named(spec)} takes {name!r} without a default: give it one")
    plain = {name: v for name, v in defaults.items() if type(v) in (bool, int, float, str)}
    return {name: default for name, default in plain.items() if name not in GIVEN}


def check_fields(spec: str | type, values: Iterable[tuple[str, Any]]) -> None:
    """Raise ValueError for a field that a module lacks, or a value of another type."""
    defaults = fields(spec)
    for name, value in values:
        if name not in defaults:
            raise ValueError(
                f"network {named(spec)} has no field {shown(name)}" + suggest(name, defaults)
            )
        kind = type(defaults[name])
        if type(value) not in ((int, float) if kind is float else (kind,)):
            raise ValueError(
                f"network {named(spec)}: {name} must be of type {kind.__name__}, "
                f"as its default {defaults[name]!r}, not {shown(value)}"
            )


@dataclass(frozen=True)
class FlaxModule:
    """A class of `flax.linen.Module` or `flax.nnx.Module` and what it is constructed with.

    Attributes:
        cls: The class.
        name: How messages name it.
        num_outputs: Number of outputs.
        input_shape: Of one example.
        fields: (name, value) of the fields that are not to have their defaults.
    """

    cls: type
    name: str
    num_outputs: int
    input_shape: tuple[int, ...]
    fields: tuple[tuple[str, Plain], ...] = ()

    def init(self, activation: Callable, key: jax.Array) -> Initial:
        """What the module starts with, drawn by its own initialisers."""
        if issubclass(self.cls, nn.Module):
            x = jnp.zeros((1, *self.input_shape), jnp.float32)
            variables = nn.meta.unbox(self._construct(activation).init(key, x))
            params = variables.pop("params", {})
            return Initial(params, tuple(variables))
        state = nnx.state(self._construct(activation, rngs=nnx.Rngs(key)))
        params, others = {}, []
        for path, leaf in nnx.to_flat_state(state):
            names = tuple(map(str, path))
            if isinstance(leaf, nnx.Param):
                params[names] = leaf.get_value()
            elif isinstance(leaf, nnx.Variable) and not isinstance(leaf, nnx.RngState):
                others.append(f"{type(leaf).__name__} {'.'.join(names)}")
        return Initial(traverse_util.unflatten_dict(params), tuple(others))

    def call(self, activation: Callable, params: Mapping[str, Any], x: jax.Array) -> jax.Array:
        """The outputs for inputs [batch, *input_shape]."""
        if issubclass(self.cls, nn.Module):
            return self._construct(activation).apply({"params": params}, x)
        # Constructed for each trace, as the activation belongs to one; its constants are computed.
        with jax.ensure_compile_time_eval():
            graph, state = nnx.split(self._construct(activation, rngs=nnx.Rngs(0)))
        weights, given = traverse_util.flatten_dict(params), []
        for path, leaf in nnx.to_flat_state(state):
            own = weights.get(tuple(map(str, path)))
            given.append((path, leaf if own is None else leaf.replace(own)))
        return nnx.merge(graph, nnx.from_flat_state(given))(x)

    def _construct(self, activation: Callable, **arguments: Any) -> Any:
        if "input_shape" in _arguments(self.cls):
            arguments["input_shape"] = self.input_shape
        arguments |= {"activation": activation, "num_outputs": self.num_outputs}
        return self.cls(**arguments, **dict(self.fields))


def _is_flax(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, nn.Module | nnx.Module)


def _arguments(cls: Any) -> dict[str, Any]:
    """The arguments of a module's constructor that can be given by name, with their defaults."""
    _, *arguments = inspect.signature(cls.__init__).parameters.values()
    return {
        argument.name: argument.default
        for argument in arguments
        if argument.kind in (argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY)
    }
