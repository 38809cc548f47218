"""What a trace of a Flax module's forward pass tells of it: sites, parameter groups, outputs."""

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import Activation
from acts_jax.activations.derivative import derivative
from acts_jax.models.layer import lined_up
from acts_jax.models.own import sites
from acts_jax.models.own.flax_module import FlaxModule
from acts_jax.theory.shape import on_real_line

BATCH = 3  # examples of a trace

Path = tuple[str, ...]


class Traced(NamedTuple):
    """What is known of a module with an activation in it.

    Attributes:
        places: Where it applies the activation, in the order of the forward pass.
        groups: Paths of its groups of parameters, in the order in which they are used.
        random: Whether it draws random numbers.
        outputs: Shape and dtype of what it returns for `BATCH` examples, or a tree of these.
    """

    places: tuple[sites.Place, ...]
    groups: tuple[Path, ...]
    random: bool
    outputs: Any

    @property
    def units_by_call(self) -> dict[int, int]:
        """The calls of the activation that have a place, in order, with their units."""
        return {place.call: place.units for place in self.places}


def handed(
    activation: Activation,
    values: Callable[[int], Mapping[str, Any]],
    marked: bool = False,
) -> Callable[[jax.Array], jax.Array]:
    """The activation as one forward pass of a module is handed it: a function of an array.

    Args:
        activation: Of the catalogue or one's own.
        values: The values of its parameters at a call, by the number of calls before it.
        marked: Whether each call leaves a mark in the program, see `sites`.
    """
    f, calls = on_real_line(activation), itertools.count()

    def apply(x: jax.Array) -> jax.Array:
        x, call = jnp.asarray(x), next(calls)
        parameters = {name: lined_up(value, x) for name, value in values(call).items()}
        at_site = functools.partial(f, **parameters)
        y = at_site(x)
        if activation.shape_preserving and y.shape != x.shape:
            raise ValueError(f"{activation.name} must keep the shape: {x.shape} gave {y.shape}.")
        if not marked:
            return y
        slope = derivative(at_site)(x) if activation.elementwise else jnp.full_like(x, jnp.nan)
        return sites.mark(x, y, slope, call)

    return apply


@functools.cache
def initial(module: FlaxModule, activation: Activation) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Shapes and dtypes of a module's initial parameters, and what else it keeps."""
    others: list[str] = []

    def init(seed):
        start = module.init(
            handed(activation, lambda call: activation.defaults), jax.random.key(seed)
        )
        others.extend(start.others)
        return start.params

    return jax.eval_shape(init, 0), tuple(others)


@functools.cache
def trace(module: FlaxModule, activation: Activation) -> Traced:
    """Trace a module's forward pass; nothing is computed."""
    params, _ = initial(module, activation)

    def forward(params, x):
        given = handed(activation, lambda call: activation.defaults, marked=True)
        return module.call(given, params, x)

    x = jax.ShapeDtypeStruct((BATCH, *module.input_shape), jnp.float32)
    program, outputs = jax.make_jaxpr(forward, return_shape=True)(params, x)
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    paths = [tuple(entry.key for entry in path) for path, _ in leaves]
    used = dict.fromkeys(sites.order_of_use(program, [*paths, None]))
    groups = tuple(_ordered(params, [*used]))
    return Traced(tuple(sites.places(program)), groups, sites.draws(program), outputs)


def _ordered(params: dict[str, Any], used: list[Path]) -> list[Path]:
    """The groups of parameters in the order in which they are used, those that never are first."""

    def first_use(group):
        return min((i for i, path in enumerate(used) if path[: len(group)] == group), default=-1)

    return sorted(_groups(params), key=first_use)


def _groups(params: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The groups at the top of a tree of parameters; see `OwnNetwork.layers`."""
    for name, branch in params.items():
        own = (*path, name)
        nested = isinstance(branch, dict) and all(isinstance(b, dict) for b in branch.values())
        if nested and (1 in (len(params), len(branch)) or all(map(str.isdigit, branch))):
            yield from _groups(branch, own)
        else:
            yield own
