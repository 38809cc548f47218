"""A network of one's own: any Flax module that takes its activation as an argument.

Nothing more is asked of the module. The activation that it is handed counts its calls, takes the
learned parameters of each, and leaves a mark in the program, by which `sites` finds what it did.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from acts_jax.activations.catalogue import Activation, get
from acts_jax.models.heads import HEADS
from acts_jax.models.layer import SHARE, check_choice, frozen, resolve_learned
from acts_jax.models.own import sites
from acts_jax.models.own.flax_module import FlaxModule, Plain, named, resolve
from acts_jax.models.own.tracing import Traced, handed, trace
from acts_jax.models.protocol import Site
from acts_jax.theory.shape import on_real_line


@dataclass(frozen=True)
class OwnNetwork:
    """A Flax module, Linen or NNX, as sweeps train and measure it; see `models.protocol.Network`.

    The constructor of the module takes, as keywords, `activation`, a function of an array, and
    `num_outputs`; that of an NNX module `rngs`, too. It may take `input_shape`, of one example, and
    fields with defaults. Its forward pass takes one argument, inputs [batch, *input_shape].

    The parameters are those of the module under "module", and under `activation_1`, ... the learned
    ones of the activation at each site in the order of the calls, or under `activation`, with
    share="network", those of all.

    Attributes:
        module: "package.module:Module", or the class.
        activation: A name of the catalogue, an `Activation` or a callable. One that changes the
            last axis (glu) is for modules that make room for it.
        num_outputs: Number of outputs.
        input_shape: Of one example.
        fields: (name, value) of the module's fields that are not to have their defaults.
        parameters, learn, share: As in `ActivationLayer`.
        head: "softmax", "sigmoid" or "linear": how the outputs are read.

    Raises:
        ValueError: An unknown name, or a value out of range. What the module itself makes
            impossible is for `accept_module` to say.
    """

    module: str | type
    activation: str | Activation | Callable
    num_outputs: int
    input_shape: tuple[int, ...]
    fields: tuple[tuple[str, Plain], ...] = ()
    parameters: Mapping[str, Any] = nn.FrozenDict()
    learn: str | tuple[str, ...] = "default"
    share: str = "layer"
    head: str = "softmax"

    def __post_init__(self):
        check_choice("head", self.head, HEADS)
        check_choice("share", self.share, SHARE)
        activation = get(self.activation)
        on_real_line(activation)
        activation.check(self.parameters)
        resolve_learned(activation, self.learn)
        parameters, learn = frozen(self.parameters, self.learn)
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "learn", learn)
        object.__setattr__(self, "input_shape", tuple(self.input_shape))
        object.__setattr__(self, "fields", tuple(map(tuple, self.fields)))

    def apply(self, variables: Mapping[str, Any], inputs: jax.Array) -> jax.Array:
        """The outputs [batch, num_outputs] for inputs [batch, *input_shape]."""
        return self._forward(variables["params"], inputs, marked=False)

    def init(
        self,
        key: jax.Array,
        inputs: jax.Array | None = None,
        parameters: Mapping[str, Any] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """Initial parameters, under "params": those that the module draws, and the activation's.

        Args:
            key: A random key.
            inputs: Not looked at: the network knows their shape.
            parameters: Initial values in place of those in `self.parameters`.
        """
        values = {**get(self.activation).defaults, **self.parameters, **parameters}
        learned = resolve_learned(self.activation, self.learn)
        drawn = self.flax_module.init(handed(get(self.activation), lambda call: values), key)
        return {
            "params": {"module": drawn.params}
            | {
                layer: {name: jnp.full(shape, values[name], jnp.float32) for name in learned}
                for layer, shape in self._learned_shapes().items()
            }
        }

    def init_population(
        self,
        input_shape: tuple[int, ...],
        keys: jax.Array,
        gain: jax.Array | None = None,
        parameters: Mapping[str, jax.Array] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """Initial parameters of a population of networks, see `models.protocol.Network`.

        Raises:
            ValueError: For a gain other than 1, or another shape than `self.input_shape`.
        """
        if gain is not None and np.any(np.asarray(gain) != 1):
            raise ValueError(
                f"network {named(self.module)} draws its weights itself, and takes no gain other "
                "than 1"
            )
        if tuple(input_shape) != self.input_shape:
            raise ValueError(
                f"network {named(self.module)} was made for inputs of shape {self.input_shape}, "
                f"not {tuple(input_shape)}"
            )
        init = jax.vmap(lambda key, own: self.init(key, parameters=own)["params"])
        return jax.jit(init)(keys, dict(parameters))

    def look(
        self, params: Mapping[str, Any], inputs: jax.Array
    ) -> tuple[jax.Array, tuple[Site, ...]]:
        """The outputs, and what every site computed; NaN where it is not seen, as in a loop."""
        program = jax.make_jaxpr(self._forward)(params, inputs)
        seen: list[Site] = []
        (outputs,) = sites.evaluate(program, jax.tree.leaves((params, inputs)), seen)
        in_order = iter(seen)
        return outputs, tuple(
            next(in_order)
            if place.seen
            else Site(*3 * (jnp.full((1, place.units), jnp.nan, jnp.float32),))
            for place in sites.places(program)
        )

    def layers(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The module's groups of parameters, in the order in which the forward pass uses them.

        They are those at its top, such as `Dense_0`. A group that holds nothing but a list of
        groups, or one other, is opened: `blocks/0`.
        """
        return {
            "/".join(path): functools.reduce(lambda tree, name: tree[name], path, params["module"])
            for path in self.traced.groups
        }

    def learned(self, params: Mapping[str, Any]) -> dict[str, tuple[jax.Array, ...]]:
        """The learned activation parameters by name: one array per site, or one for all sites."""
        return {
            name: tuple(params[layer][name] for layer in self._learned_shapes())
            for name in resolve_learned(self.activation, self.learn)
        }

    @property
    def flax_module(self) -> FlaxModule:
        """The class, and what it is constructed with."""
        return FlaxModule(
            resolve(self.module),
            named(self.module),
            self.num_outputs,
            self.input_shape,
            self.fields,
        )

    @property
    def traced(self) -> Traced:
        """What a trace of the forward pass tells of it."""
        return trace(self.flax_module, get(self.activation))

    def _forward(self, params, inputs, marked=True):
        values = {**get(self.activation).defaults, **self.parameters}
        layers = {}
        if "activation_1" in params:
            calls = enumerate(self.traced.units_by_call, start=1)
            layers = {call: params[f"activation_{number}"] for number, call in calls}

        def values_of(call):
            # A call that has no place in the program was traced for its shapes only.
            return {**values, **params.get("activation", layers.get(call, {}))}

        activation = handed(get(self.activation), values_of, marked)
        return self.flax_module.call(activation, params["module"], inputs)

    def _learned_shapes(self):
        """The shapes of the learned activation parameters, by where they are in the tree."""
        if not resolve_learned(self.activation, self.learn):
            return {}
        if self.share == "network":
            return {"activation": ()}
        return {
            f"activation_{number}": (units,) if self.share == "channel" else ()
            for number, units in enumerate(self.traced.units_by_call.values(), start=1)
        }
