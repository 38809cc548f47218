"""Sources: digests of what the cells of a group are trained with, the function and the data."""

import dataclasses
import functools
from collections.abc import Mapping

import jax

from acts_jax.activations import digest
from acts_jax.activations.catalogue import get
from acts_jax.data import Dataset
from acts_jax.sweep.engine import make_model, resolve
from acts_jax.sweep.grid import Group, Plan, Static


def digest_of(name: str) -> str:
    """The digest of an activation, and the version of jax by which it is."""
    return f"{digest.of(get(name))} by jax {jax.__version__}"


def digest_of_model(static: Static, dataset: Dataset) -> dict[str, str]:
    """By name, the digest of one's own network: of how it begins, and of its forward pass.

    Empty for a model that comes along.
    """
    if ":" not in static.model:
        return {}
    ends = resolve(static, dataset)
    network = make_model(static, ends, get(static.activation).defaults)

    def begin(key):
        return network.init_population(ends.input_shape, key[None])

    def run(params, inputs):
        return network.apply({"params": jax.tree.map(lambda leaf: leaf[0], params)}, inputs)

    key, inputs = jax.random.key(0), jax.ShapeDtypeStruct((2, *ends.input_shape), "float32")
    programs = (begin, key), (run, jax.eval_shape(begin, key), inputs)
    digests = [digest.of_function(*program) for program in programs]
    fields = "".join(f", {name} {value}" for name, value in static.model_fields)
    name = f"model {static.model}{fields} with {static.activation} on {dataset.name}"
    return {name: f"{'-'.join(digests)} by jax {jax.__version__}"}


def with_sources(plan: Plan, datasets: Mapping[str, Dataset]) -> Plan:
    """A plan whose groups know the digests of what they are trained with."""
    activations = {name: digest_of(name) for name in plan.config["activation"]}

    @functools.cache
    def digest_of_data(name: str, split_seed: int) -> str:
        return datasets[name].divided(split_seed).digest

    def known(group: Group) -> Group:
        name, dataset = group.static.activation, group.static.dataset
        digests = {f"activation {name}": activations[name]}
        digests |= digest_of_model(group.static, datasets[dataset])
        for seed in group.split_seeds:
            division = f" (split_seed {seed})" if seed else ""
            digests[f"dataset {dataset}{division}"] = digest_of_data(dataset, seed)
        return dataclasses.replace(group, sources=digests)

    groups, others = (tuple(map(known, some)) for some in (plan.groups, plan.others))
    return dataclasses.replace(plan, groups=groups, others=others)
