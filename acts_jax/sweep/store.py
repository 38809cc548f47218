"""The store: a workdir, with one file of results per finished group or part of one.

What was damaged, renamed or written by anything else is told from the results of the sweep
whenever it is read.

Nothing here imports jax.
"""

import collections
import contextlib
import functools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from absl import logging

from acts_jax.errors import StoreError
from acts_jax.files import read_json, write_text, writing_to
from acts_jax.suggestion import suggest
from acts_jax.sweep import lock, record
from acts_jax.sweep.grid import LATER_FIELDS, Group, Plan
from acts_jax.sweep.outcome import Failure, Outcome, failure_table, outcome_table
from acts_jax.words import count, join, shortened, shown

UNFINISHED = ".*.unfinished"  # what a file is called until it is whole
FOLDERS = ("groups", "checkpoints", "figures")  # of a workdir
FILES = ("config.json", "plan.json", "rounds.json", "lock", "report.html")
STAGES = ("tuned", "confirmed")
_NAME = re.compile(r"(?P<key>[^.]+)-(?P<first>\d+)-(?P<last>\d+)(?P<failed>\.failed)?\.parquet")
_LISTED = 3  # differences, or files, in a message


class Contents(NamedTuple):
    """What there is in a workdir.

    Attributes:
        stored: The results, and the records of failures, in the order of the plan; no cell twice.
        damaged: Files of a name for these that are not whole, or hold other cells than the name
            says, or cells that are in another file, too.
        foreign: Files of any other name.
    """

    stored: list[record.Stored]
    damaged: list[Path]
    foreign: list[Path]


@contextlib.contextmanager
def open_workdir(workdir: str | os.PathLike, plan: Plan) -> Iterator[Path]:
    """Makes or reopens a workdir for one plan, and holds it for the length of a with block.

    Args:
        workdir: Folder to make, or one that an earlier run of the same config has left.
        plan: What will be stored there.

    Yields:
        The workdir, with the plan's config in `config.json`, and in `plan.json` how many cells each
        of the sweep's groups has.

    Raises:
        StoreError: If the folder cannot be written, is in use by another process, holds the
            results of another config, or a file where a folder belongs.
    """
    workdir = Path(workdir)
    config = json.loads(json.dumps(plan.config))
    with contextlib.ExitStack() as stack:
        with writing_to(workdir):
            workdir.mkdir(parents=True, exist_ok=True)
            _check_kinds(workdir)
            (workdir / "groups").mkdir(exist_ok=True)
            if not os.access(workdir / "groups", os.W_OK):
                raise PermissionError(13, "Permission denied")
            try:
                stack.enter_context(lock.hold(workdir / "lock"))
            except lock.InUseError as error:
                raise StoreError(
                    f"workdir {workdir} is in use by {error.holder}; wait until it is done, or "
                    "choose another --workdir"
                ) from None
            if not (workdir / "config.json").exists():
                write_text(workdir / "config.json", json.dumps(config, indent=1))
            differing = differences(load_config(workdir), config)
            if differing:
                raise StoreError(
                    f"workdir {workdir} holds a sweep with another config ({differing}); "
                    "choose another --workdir, or delete this one"
                )
            write_text(workdir / "plan.json", json.dumps(_sizes(plan), indent=1))
        yield workdir


def _check_kinds(workdir: Path) -> None:
    """Refuses a file where a folder belongs, or the reverse, before anything is computed."""
    for kind, names, fits in (("folder", FOLDERS, Path.is_dir), ("file", FILES, Path.is_file)):
        for path in (workdir / name for name in names):
            if os.path.lexists(path) and not fits(path):
                raise StoreError(f"{path} is no {kind}, as it should be; move it away")


def _sizes(plan: Plan) -> dict[str, int]:
    """How many cells each group of a sweep has, by key."""
    return {group.key: group.size for group in (*plan.groups, *plan.others)}


def load_config(workdir: str | os.PathLike) -> dict[str, Any]:
    """The config of the sweep in a workdir.

    Raises:
        StoreError: If it is not there or cannot be read.
    """
    return _load_json(Path(workdir) / "config.json", "delete it to go on in this workdir")


def _load_json(path: Path, remedy: str, kind: type = object) -> dict[str, Any]:
    """The object in a file of a workdir, its values of one kind."""
    try:
        found = read_json(path)
    except FileNotFoundError:
        raise StoreError(f"{path.parent} holds no sweep: it has no {path.name}") from None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(v, kind) for v in found.values()):
        raise StoreError(f"{path} is damaged; {remedy}")
    return found


def note_rounds(workdir: Path, tuned: Sequence[Path], confirmed: Sequence[Path]) -> None:
    """Notes which folders in a workdir hold the rounds that followed its sweep."""
    named = {"tuned": tuned, "confirmed": confirmed}
    names = {stage: [folder.name for folder in folders] for stage, folders in named.items()}
    write_text(workdir / "rounds.json", json.dumps(names, indent=1))


def folders(workdir: str | os.PathLike, stage: str) -> list[Path]:
    """The folders with the results of a stage: of the tuned one, the workdir first.

    Raises:
        StoreError: If there was no confirmation, or what there was cannot be read.
        ValueError: If there is no such stage.
    """
    if stage not in STAGES:
        raise ValueError(f"unknown stage {shown(stage)}{suggest(stage, STAGES, 1)}")
    workdir = Path(workdir)
    found = [workdir / Path(str(name)).name for name in _rounds(workdir).get(stage, [])]
    if stage == "tuned":
        return [workdir, *found]
    if not found:
        raise StoreError(f"nothing in {workdir} is confirmed: run the sweep with --confirm")
    return found


def is_confirmed(workdir: str | os.PathLike) -> bool:
    """Whether a sweep's chosen settings were confirmed."""
    return bool(_rounds(Path(workdir)).get("confirmed"))


def _rounds(workdir: Path) -> dict[str, list[str]]:
    """What `note_rounds` has noted; empty if nothing followed the sweep."""
    path = workdir / "rounds.json"
    return _load_json(path, "run the sweep again", list) if path.exists() else {}


def differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In what two configs differ, in words; empty if in nothing."""
    there, now = LATER_FIELDS | dict(there), LATER_FIELDS | dict(now)
    names = [n for n in sorted({*there, *now}) if there.get(n) != now.get(n)]
    said = [f"{_said(n)}: {_said(there.get(n))} there, {_said(now.get(n))} now" for n in names]
    if len(said) > _LISTED:
        said[_LISTED:] = [f"and {len(said) - _LISTED} more"]
    return "; ".join(said)


def _said(value: Any) -> str:
    """A value in one line, cut short."""
    return shortened(" ".join(str(value).split()))


def changed(there: Mapping[str, str], now: Mapping[str, str], surely: bool = True) -> set[str]:
    """Names in `Group.sources` whose digests are others now.

    Those of functions end with the version of jax that has traced them. Where that is another one,
    another digest need not mean another function: `surely` leaves these names out.
    """
    found = set()
    for name in now:
        before, after = (digests.get(name, "").partition(" by ") for digests in (there, now))
        if before[0] != after[0] and not (surely and before[2] != after[2]):
            found.add(name)
    return found


def contents(
    workdir: str | os.PathLike,
    wanted: Callable[[str], bool] = lambda column: False,
    plan: Plan | None = None,
) -> Contents:
    """Reads every file of results in a workdir, and tells which are what they should be.

    Args:
        workdir: A sweep's workdir, finished or not.
        wanted: Which columns to read, by their name; none by default.
        plan: The sweep; by default what `plan.json` says of it.

    Raises:
        StoreError: If a file cannot be read for another reason than damage, or is no file.
    """
    workdir, found = Path(workdir), Contents([], [], [])
    paths = sorted((workdir / "groups").glob("[!.]*.parquet"))
    if not paths:
        return found
    config = _digest_of_config(workdir)
    sizes = _sizes(plan) if plan else _load_json(workdir / "plan.json", "run the sweep again", int)
    for path in paths:
        name = _NAME.fullmatch(path.name)
        size = sizes.get(name["key"], 0) if name else 0
        if name is None or not int(name["first"]) < int(name["last"]) <= size:
            found.foreign.append(path)
            continue
        one = record.read(path, wanted)
        if one and (one.record.config, one.record.name) == (config, path.name):
            found.stored.append(one)
        else:
            found.damaged.append(path)
    return _once(found)


def _once(found: Contents) -> Contents:
    """The same, without files some of whose cells are in others."""
    once = Contents([], [*found.damaged], found.foreign)
    taken: dict[str, set[int]] = collections.defaultdict(set)
    # One with results counts rather than one without, then the larger.
    for one in sorted(
        found.stored, key=lambda one: (one.record.failed, one.record.first - one.record.last)
    ):
        cells = range(one.record.first, one.record.last)
        if taken[one.record.key].isdisjoint(cells):
            once.stored.append(one)
        else:
            once.damaged.append(one.path)
        taken[one.record.key].update(cells)
    once.stored.sort(key=lambda one: (one.record.key, one.record.first))
    return once


def check_sources(stored: Iterable[record.Stored]) -> None:
    """Checks that of one function, or dataset, all results are of the same version.

    Raises:
        StoreError: If they are not.
    """
    seen: dict[str, record.Stored] = {}
    for one in stored:
        for name in one.record.sources if not one.record.failed else ():
            other = seen.setdefault(name, one)
            if name in changed(other.record.sources, one.record.sources):
                raise StoreError(
                    f"{name} was not the same for {other.path} and {one.path}: run the older sweep "
                    "again with --retrain_changed"
                )


def name_foreign(files: Sequence[Path]) -> None:
    """Warns of files among the results that are none of the sweep's."""
    if files:
        what = f"{count(len(files), 'file')} of no group of this sweep, left alone"
        _warn(f"in {files[0].parent}: {what}: {_shown(files)}")


def _shown(files: Sequence[Path]) -> str:
    """The names of some files."""
    names = [path.name for path in files[:_LISTED]]
    return join(names) if len(names) == len(files) else f"{', '.join(names)}, ..."


@functools.cache
def _warn(text: str) -> None:
    """Warns, once in a process: the same files are read again and again."""
    logging.warning(text)


def tidy(
    workdir: Path, plan: Plan, *, failures: bool = True, retrain_changed: bool = False
) -> None:
    """Removes what earlier runs have left and no later one can use.

    That is: results that are damaged, and what a process that was killed had not written to its
    end.

    Args:
        workdir: From `open_workdir`.
        plan: What shall be in it.
        failures: Whether the records of failed cells go too, those cells being tried again.
        retrain_changed: Whether the results go that were trained with a function or on a dataset
            that has changed since.

    Raises:
        StoreError: If there are such results and they are to stay; if a file cannot be read for
            another reason than damage, or not be removed.
    """
    found = contents(workdir, plan=plan)
    groups = {group.key: group for group in (*plan.groups, *plan.others)}
    failed = [one.path for one in found.stored if one.record.failed and failures]
    outdated, cells, changes, doubts = [], 0, set(), set()
    for path, about, _ in found.stored:
        pair = about.sources, groups[about.key].sources
        if not about.failed and (others := changed(*pair)):
            outdated.append(path)
            cells += about.last - about.first
            changes |= others
        doubts |= changed(*pair, surely=False)
    if outdated and not retrain_changed:
        names = join(sorted(changes))
        theirs = [name for name in changes if ":" in name or name.startswith("dataset ")]
        ours = "" if theirs else ", as acts_jax itself has,"
        raise StoreError(
            f"{names} {'has' if len(changes) == 1 else 'have'} changed{ours} since "
            f"{count(cells, 'cell')} in workdir {workdir} were trained; --retrain_changed trains "
            "them anew, or choose another --workdir"
        )
    for name in sorted(doubts - changes):
        _warn(f"{name} in workdir {workdir}: by another jax, it may have changed or not")
    if found.damaged:
        _warn(f"in {workdir / 'groups'}: damaged, to be trained again: {_shown(found.damaged)}")
    name_foreign(found.foreign)
    leftovers = [
        path for folder in (workdir, workdir / "groups") for path in folder.glob(UNFINISHED)
    ]
    with writing_to(workdir):
        for path in (*leftovers, *failed, *outdated, *found.damaged):
            path.unlink(missing_ok=True)


def missing(workdir: Path, groups: Iterable[Group]) -> list[Group]:
    """The groups, or parts of them, whose results are not in the workdir.

    A file counts by its name: `tidy` has removed those that are damaged.
    """
    there = collections.defaultdict(list)
    for path in (workdir / "groups").glob("[!.]*.parquet"):
        name = _NAME.fullmatch(path.name)
        if name and not name["failed"]:
            there[name["key"]].append((int(name["first"]), int(name["last"])))
    parts = []
    for group in groups:
        done = np.zeros(group.size, bool)
        for first, last in there[group.key]:
            if last <= group.size:  # else no file of this group
                done[first:last] = True
        edges = np.flatnonzero(np.diff(done, prepend=True, append=True))
        parts += [group.part(*map(int, ends)) for ends in edges.reshape(-1, 2)]
    return parts


def write(workdir: Path, group: Group, outcome: Outcome) -> Path:
    """Stores the outcome of one group, or part of one, in one file, atomically.

    Raises:
        StoreError: If the file cannot be written, as on a full disk.
    """
    table = outcome_table(group, outcome)
    return record.write(workdir, _record(workdir, group, failed=False), table)


def write_failure(workdir: Path, group: Group, failure: Failure) -> Path:
    """Records that the cells of a group could not be trained, and why; a later run tries again.

    Raises:
        StoreError: If the file cannot be written.
    """
    table = failure_table(group, failure)
    return record.write(workdir, _record(workdir, group, failed=True), table)


def _record(workdir: Path, group: Group, failed: bool) -> record.Record:
    """What the file of a group, or of part of one, says of itself."""
    last = group.first + group.size
    return record.Record(
        group.key, group.first, last, failed, _digest_of_config(workdir), dict(group.sources)
    )


def _digest_of_config(workdir: Path) -> str:
    """The digest of the config in a workdir, the same before and after a field came."""
    config = load_config(workdir)
    config = {n: v for n, v in config.items() if n not in LATER_FIELDS or v != LATER_FIELDS[n]}
    return record.sha256(json.dumps(config, sort_keys=True).encode()).decode()


def name_of(group: Group) -> str:
    """What a group, or part of one, is called."""
    return f"{group.key}-{group.first}-{group.first + group.size}"
