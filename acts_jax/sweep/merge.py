"""Merging: the results of shards, trained apart, in one store."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from acts_jax.errors import StoreError
from acts_jax.sweep import record, store
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
        StoreError: If a shard is of another config or has a damaged file, or two were trained with
            different versions of a function or a dataset, before anything is copied.
    """
    others = [path for path in map(Path, shards) if path.resolve() != workdir.resolve()]
    theirs = [one for shard in others for one in _checked(shard, plan)]
    store.tidy(workdir, plan, failures=False)
    own = store.contents(workdir).stored
    store.check_sources([*own, *theirs])
    absent = {group.key: np.zeros(group.size, bool) for group in plan.groups}
    for part in store.missing(workdir, plan.groups):
        absent[part.key][part.first : part.first + part.size] = True
    present = plan.cells - sum(map(np.count_nonzero, absent.values()))
    # Records of failures come last, the store's own before others: they are wanted only where there
    # are no results.
    failures = [one for one in own if one.record.failed]
    for one in sorted([*failures, *theirs], key=lambda one: one.record.failed):
        first, last = one.record.first, one.record.last
        there = absent[one.record.key][first:last]
        if one in failures and there.all():
            there[:] = False
            continue
        wanted = np.diff(there, prepend=False, append=False)
        for start, end in np.flatnonzero(wanted).reshape(-1, 2).tolist():
            part = dataclasses.replace(one.record, first=first + start, last=first + end)
            record.write(workdir, part, record.read(one.path).table.slice(start, end - start))
        if one in failures:
            one.path.unlink()
        there[:] = False
    missing = store.missing(workdir, plan.groups)
    left = sum(part.size for part in missing)
    return Merged(plan.cells - left - present, present, missing)


def _checked(shard: Path, plan: Plan) -> list[record.Stored]:
    """The results of a shard, all of them whole."""
    differing = store.differences(store.load_config(shard), plan.config)
    if differing:
        raise StoreError(f"shard {shard} is of another config ({differing})")
    found = store.contents(shard, plan=plan)
    store.name_foreign(found.foreign)
    for path in found.damaged:
        raise StoreError(f"{path} is damaged; run that shard again to replace it")
    return found.stored
