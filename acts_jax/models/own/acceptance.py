"""Refuses a module that sweeps cannot train, in one sentence and before any work is done."""

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from flax.errors import InvalidRngError

from acts_jax.activations.catalogue import get
from acts_jax.models.layer import resolve_learned
from acts_jax.models.own.flax_module import check_fields, named
from acts_jax.models.own.network import OwnNetwork
from acts_jax.models.own.tracing import BATCH, Traced, initial
from acts_jax.words import count, join, said_by


def accept_module(network: OwnNetwork) -> str:
    """Trace a module, a gradient of it and a population, at the shapes of a sweep.

    Args:
        network: As the sweep is to train it.

    Returns:
        A sentence on what cannot be measured in it; empty where everything can.

    Raises:
        ValueError: If there is no such module; it has no such fields, or fields of other types; it
            keeps more than float32 parameters, or needs a random key; it raises for inputs of this
            shape; it does not call its activation; its outputs are not float32 [batch,
            num_outputs]; or its sites cannot have learned parameters of their own.
    """
    name, shape = f"network {named(network.module)}", ("batch", *map(str, network.input_shape))
    check_fields(network.module, network.fields)
    with _refusing(name, f"raises for inputs [{', '.join(shape)}]"):
        params, others = initial(network.flax_module, get(network.activation))
    _check_kept(name, params, others)
    with _refusing(name, f"raises for inputs [{', '.join(shape)}]"):
        traced = network.traced
    if traced.random:
        raise ValueError(_random(name))
    _check_outputs(name, traced.outputs, network.num_outputs)
    _check_sites(name, traced, network)
    with _refusing(name, "cannot be trained"):
        _train(network)
    hidden = [place for place in traced.places if not place.seen]
    if not hidden:
        return ""
    return (
        f"{name} applies its activation in a loop or a branch at {len(hidden)} of "
        f"{count(len(traced.places), 'site')}, where dead and saturated units cannot be counted"
    )


def _check_kept(name: str, params: dict[str, Any], others: tuple[str, ...]) -> None:
    if others:
        raise ValueError(
            f"{name} keeps {join(others)} beside its parameters, which sweeps would not update: "
            "LayerNorm or GroupNorm in place of BatchNorm keep nothing"
        )
    if not params:
        raise ValueError(f"{name} has no parameters to train")
    for leaf in jax.tree.leaves(params):
        if leaf.dtype != jnp.float32:
            raise ValueError(f"{name} has parameters of {leaf.dtype}: sweeps train float32")


def _check_outputs(name: str, outputs: Any, num_outputs: int) -> None:
    wanted, gave = f"[{BATCH}, {num_outputs}]", type(outputs).__name__
    if isinstance(outputs, jax.ShapeDtypeStruct):
        if outputs.shape == (BATCH, num_outputs) and outputs.dtype == jnp.float32:
            return
        gave = f"{outputs.dtype} {list(outputs.shape)}"
    raise ValueError(
        f"{name} must return float32 {wanted} for {BATCH} examples and num_outputs={num_outputs}, "
        f"not {gave}"
    )


def _check_sites(name: str, traced: Traced, network: OwnNetwork) -> None:
    if not traced.places:
        raise ValueError(
            f"{name} does not call its activation in the forward pass: without it there is nothing "
            "to compare"
        )
    learned = resolve_learned(network.activation, network.learn)
    if learned and network.share != "network" and len(traced.units_by_call) < len(traced.places):
        raise ValueError(
            f"{name} is traced once for several calls of its activation, as with jax.jit, so that "
            f"each cannot learn a {learned[0]} of its own: share='network' learns one for all"
        )


def _train(network: OwnNetwork) -> None:
    """Trace a gradient of a population of two."""
    x = jax.ShapeDtypeStruct((BATCH, *network.input_shape), jnp.float32)
    keys = jax.eval_shape(lambda: jax.random.split(jax.random.key(0), 2))

    def gradient(params, x):
        return jax.grad(lambda params: network.apply({"params": params}, x).sum())(params)

    def step(keys, x):
        params = jax.vmap(lambda key: network.init(key)["params"])(keys)
        return jax.vmap(gradient, in_axes=(0, None))(params, x)

    jax.eval_shape(step, keys, x)


@contextlib.contextmanager
def _refusing(name: str, what: str) -> Iterator[None]:
    """Turn whatever a user's module raises into a ValueError that says so in one sentence."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except InvalidRngError as error:
        raise ValueError(_random(name)) from error
    except BaseException as error:
        raise ValueError(f"{name} {what}: {said_by(error)}") from error


def _random(name: str) -> str:
    return (
        f"{name} draws random numbers in its forward pass, as Dropout does, which sweeps have no "
        "keys for: make it deterministic"
    )
