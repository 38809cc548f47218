"""The kinds of network that a sweep may train: what planning needs to know of each.

Nothing here imports jax.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from acts_jax.errors import ConfigError
from acts_jax.sweep.config import Field, parameter_prefix

# Fields of a config that are about the network, and not known to every kind of it.
ABOUT = ("depth", "width", "hidden_sizes", "layer_norm", "init", "init_gain")
ITS_OWN = "its own"  # the init of networks that draw their weights themselves


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of network.

    Attributes:
        name: The value of the config's `model`.
        knows: Those of `ABOUT` that mean something to it.
        fields: Of its own, by name: `pool` of cnn, given as `cnn.pool`.
        growth: Units of each hidden layer over those of the one before, where depth and width give
            them.
        shallowest: The least depth.
        halves: Whether activations that halve the last axis, such as glu, may stand in it.
    """

    name: str
    knows: frozenset[str]
    fields: Mapping[str, Field] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    growth: int = 1
    shallowest: int = 0
    halves: bool = False

    @property
    def prefix(self) -> str:
        """What qualifies its own fields in flags and columns: `cnn`, or one's own class's name."""
        return parameter_prefix(self.name)

    def sizes(self, depth: int, width: int) -> tuple[int, ...]:
        """Units, or channels, of each hidden layer; one's own counts as one layer without depth."""
        depth = depth if "depth" in self.knows else 1
        width = width if "width" in self.knows else 0
        return tuple(width * self.growth**layer for layer in range(depth))

    def given(self, sizes: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
        """The depth and width that one's own module is made with, if it takes them."""
        taken = self.knows if ":" in self.name else ()
        both = ("depth", len(sizes)), ("width", sizes[0] if sizes else 0)
        return tuple((name, value) for name, value in both if name in taken)

    def check(self, axes: Mapping[str, list]) -> None:
        """Refuses what would be asked of this kind in vain.

        Raises:
            ConfigError: If it has no such field, or not such a depth.
        """
        idle: dict[str, Any] = {"hidden_sizes": None, "layer_norm": False, "init_gain": 1.0}
        for name, value in idle.items():
            if name not in self.knows and axes[name] != [value]:
                raise ConfigError(
                    f"model {self.name!r} has no {name}; it has {', '.join(sorted(self._has))}"
                )
        if axes["hidden_sizes"] == [None] and min(axes["depth"]) < self.shallowest:
            raise ConfigError(f"model {self.name!r} has a depth of at least {self.shallowest}")

    @property
    def _has(self) -> list[str]:
        return [*self.knows, *(f"{self.prefix}.{name}" for name in self.fields)]


_MLP = frozenset(ABOUT)
_NUMBER = {"low": 1, "high": 1_000_000}
KINDS = {
    kind.name: kind
    for kind in (
        Kind("mlp", _MLP),
        Kind("resmlp", _MLP),
        Kind(
            "cnn",
            _MLP - {"layer_norm"},
            {
                "pool": Field("max", str, "static", ("max", "mean")),
                "dense": Field(64, int, "static", **_NUMBER),
            },
            growth=2,
            shallowest=1,
        ),
        Kind(
            "vit",
            _MLP - {"layer_norm", "hidden_sizes"},
            {
                "patch": Field(4, int, "static", **_NUMBER),
                "heads": Field(4, int, "static", **_NUMBER),
                "expand": Field(4, int, "static", **_NUMBER),
                "equal_parameters": Field(False, bool, "static"),
            },
            shallowest=1,
            halves=True,
        ),
    )
}


def width(model: str, sizes: tuple[int, ...]) -> int:
    """The width that gives a model these sizes; 0 if none does."""
    growth = KINDS[model].growth if model in KINDS else 1
    every = all(size == sizes[0] * growth**layer for layer, size in enumerate(sizes))
    return sizes[0] if sizes and every else 0


def of_ones_own(name: str, defaults: Mapping[str, Any]) -> Kind:
    """The kind of "package.module:Module".

    Args:
        name: This.
        defaults: Of the fields of its constructor that are set by a config, by name.
    """
    fields = {
        field: Field(value, type(value), "static", low=-math.inf)
        for field, value in defaults.items()
        if field not in ("depth", "width")
    }
    return Kind(name, frozenset({"depth", "width"} & defaults.keys()), fields, halves=True)


def find(name: str, describe: Callable[[str], Mapping[str, Any]]) -> Kind:
    """The kind that a config's `model` names.

    Args:
        name: One of `KINDS`, or "package.module:Module".
        describe: The `defaults` of one's own, see `of_ones_own`; ValueError if there is none.

    Raises:
        ConfigError: If there is no such model.
    """
    if ":" in name:
        try:
            return of_ones_own(name, describe(name))
        except ValueError as error:
            raise ConfigError(str(error)) from None
    return KINDS[name]
