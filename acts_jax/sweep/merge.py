"""Merging: the results of shards, trained apart, in one store."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from acts_jax.errors import StoreError
from acts_jax.sweep import store
from acts_jax.sweep.grid import Group, Plan


class Merged(NamedTuple):
    """What a merge has done: cells copied, cells that were there, groups or parts nobody has."""

    copied: int
    present: int
    missing: Sequence[Group]


def merge(workdir: Path, plan: Plan, shards: Sequence[str | os.PathLike]) -> Merged:
    """Copies into one store what others have and it has not; each cell is there once.

    What is there stays, so merging again, or going on after an interruption, is harmless. Cells
    that failed wherever they were tried are recorded as failed.

    Args:
        workdir: From `store.open_workdir`.
        plan: The whole sweep.
        shards: Workdirs of runs of the same config; the store itself is passed over among them.

    Raises:
        StoreError: If a shard is of another config or has a damaged file, before anything is
            copied.
    """
    others = [path for path in map(Path, shards) if path.resolve() != workdir.resolve()]
    files = [path for shard in others for path in _checked(shard, plan)]
    store.tidy(workdir, failures=False)
    absent = {group.key: np.zeros(group.size, bool) for group in plan.groups}
    for part in store.missing(workdir, plan.groups):
        absent[part.key][part.first : part.first + part.size] = True
    present = plan.cells - sum(map(np.count_nonzero, absent.values()))
    # Records of failures come last, the store's own before others: they are wanted only where there
    # are no results.
    own = [path for path in store.files(workdir) if store.is_failure(path)]
    for path in sorted([*own, *files], key=store.is_failure):
        key, first, last = store.place(path)
        if path in own and absent[key][first:last].all():
            absent[key][first:last] = False
            continue
        wanted = np.diff(absent[key][first:last], prepend=False, append=False)
        for start, end in np.flatnonzero(wanted).reshape(-1, 2):
            table = store.read(path).slice(start, end - start)
            ending = store.FAILED if store.is_failure(path) else ".parquet"
            store.write_table(workdir, f"{key}-{first + start}-{first + end}{ending}", table)
        if path in own:
            path.unlink()
        absent[key][first:last] = False
    missing = store.missing(workdir, plan.groups)
    left = sum(part.size for part in missing)
    return Merged(plan.cells - left - present, present, missing)


def _checked(shard: Path, plan: Plan) -> list[Path]:
    """The files of a shard, all of them of this plan and whole."""
    differing = store.differences(store.load_config(shard), plan.config)
    if differing:
        raise StoreError(f"shard {shard} is of another config ({differing})")
    groups = {group.key: group.size for group in plan.groups}
    files = store.files(shard)
    for path in files:
        key, first, last = store.place(path)
        if not 0 <= first < last <= groups.get(key, 0):
            raise StoreError(f"{path} belongs to no group of the config in {shard}")
        if store.read(path) is None:
            raise StoreError(f"{path} is damaged; run that shard again to replace it")
    return files
