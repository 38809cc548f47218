"""What sweeps and probes need of a network, of whatever kind."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import jax

from acts_jax.activations.catalogue import Activation


class Site(NamedTuple):
    """What one place of a network where the activation is applied computed, arrays [..., units].

    Attributes:
        preactivation: The input of the activation; [..., 2 units] of a gated linear unit.
        activation: Its output.
        slope: f'(preactivation) of the function as it is applied, learned parameters and squashing
            included; NaN, of the input's shape, for an activation that is not elementwise.
    """

    preactivation: jax.Array
    activation: jax.Array
    slope: jax.Array


class Network(Protocol):
    """A network without its parameters: what changes the compiled program is a plain value here.

    Attributes:
        activation: A name of the catalogue, an `Activation` or a callable.
        parameters: Values of the activation's parameters, which may be traced; initial values of
            the learned ones.
        head: "softmax", "sigmoid" or "linear": how the outputs are read.
    """

    activation: str | Activation | Callable
    parameters: Mapping[str, Any]
    head: str

    def apply(self, variables: Mapping[str, Any], inputs: jax.Array) -> jax.Array:
        """The outputs [batch, num_outputs] for inputs [batch, ...]; `{"params": params}` first."""

    def init_population(
        self,
        input_shape: tuple[int, ...],
        keys: jax.Array,
        gain: jax.Array | None = None,
        parameters: Mapping[str, jax.Array] = MappingProxyType({}),
    ) -> Any:
        """Initial parameters of networks that differ in seed, gain and activation parameters.

        Args:
            input_shape: Of one example.
            keys: Random keys [cells].
            gain: float32 [cells], factors on the initial weights of the hidden layers.
            parameters: Name -> float32 [cells], in place of those in `self.parameters`.

        Returns:
            The tree of parameters, every leaf with a leading axis of size cells.
        """

    def look(self, params: Any, inputs: jax.Array) -> tuple[jax.Array, tuple[Site, ...]]:
        """The outputs, and what every site computed, in the order of the forward pass."""

    def layers(self, params: Any) -> Mapping[str, Any]:
        """The weights by layer in the order of the forward pass, of parameters or a gradient."""

    def learned(self, params: Any) -> Mapping[str, tuple[jax.Array, ...]]:
        """The learned activation parameters by name, an array per site, or one for all sites."""
