"""Sources: digests of what the cells of a group are trained with, the function and the data."""

import dataclasses
import functools
from collections.abc import Mapping

import jax

from acts_jax.activations import catalogue, digest
from acts_jax.data import Dataset
from acts_jax.sweep.grid import Group, Plan


def digest_of(name: str) -> str:
    """The digest of an activation, and the version of jax by which it is."""
    return f"{digest.of(catalogue.get(name))} by jax {jax.__version__}"


def with_sources(plan: Plan, datasets: Mapping[str, Dataset]) -> Plan:
    """A plan whose groups know the digests of what they are trained with."""
    activations = {name: digest_of(name) for name in plan.config["activation"]}

    @functools.cache
    def digest_of_data(name: str, split_seed: int) -> str:
        return datasets[name].divided(split_seed).digest

    def known(group: Group) -> Group:
        name, dataset = group.static.activation, group.static.dataset
        digests = {f"activation {name}": activations[name]}
        for seed in group.split_seeds:
            division = f" (split_seed {seed})" if seed else ""
            digests[f"dataset {dataset}{division}"] = digest_of_data(dataset, seed)
        return dataclasses.replace(group, sources=digests)

    groups, others = (tuple(map(known, some)) for some in (plan.groups, plan.others))
    return dataclasses.replace(plan, groups=groups, others=others)
