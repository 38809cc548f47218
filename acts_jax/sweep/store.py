"""The store: one parquet file per finished group or part of one, written whole or not at all.

Nothing here imports jax.
"""

import collections
import contextlib
import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from acts_jax.errors import StoreError
from acts_jax.files import write_atomically, writing_to
from acts_jax.sweep import lock
from acts_jax.sweep.grid import LATER_FIELDS, Group, Plan

CURVE, NETWORK = "curve.", "network."  # how columns of curves and of parameters begin
UNFINISHED = ".*.unfinished"  # what a file is called until it is whole
FAILED = ".failed.parquet"  # how the names of files end that say why a group failed
_NAME = re.compile(r"(?P<key>[^.]+)-(?P<first>\d+)-(?P<last>\d+)(\.failed)?\.parquet")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What training one group gave.

    Attributes:
        epochs: int64 [evals], epochs trained at each evaluation; the first is 0.
        steps: int64 [evals], optimizer steps taken by then.
        metrics: Per metric an array [cells, evals], [cells, evals, layers] or
            [cells, evals, layers, channels]; NaN once a cell has diverged, or was stopped early.
        diverged_step: int64 [cells], the step with the first non-finite loss, -1 without one.
        last: int64 [cells], index of the last evaluation made.
        kept: int64 [cells], index of the evaluation that gives the cell's results: the last, or,
            with early stopping, the best on validation.
        parameters: Of the trained networks, by path, such as `hidden_1.kernel`: arrays [cells,
            ...]; empty unless they are recorded.
    """

    epochs: np.ndarray
    steps: np.ndarray
    metrics: Mapping[str, np.ndarray]
    diverged_step: np.ndarray
    last: np.ndarray
    kept: np.ndarray
    parameters: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why the cells of a group could not be trained.

    Attributes:
        reason: One line, such as "TypeError: expected 2 arguments".
        traceback: Where it happened.
    """

    reason: str
    traceback: str


@contextlib.contextmanager
def open_workdir(workdir: str | os.PathLike, plan: Plan) -> Iterator[Path]:
    """Makes or reopens a workdir for one plan, and holds it for the length of a with block.

    Args:
        workdir: Folder to make, or one that an earlier run of the same config has left.
        plan: What will be stored there.

    Yields:
        The workdir, with the plan's config in `config.json`.

    Raises:
        StoreError: If the folder cannot be written, is in use by another process, or holds the
            results of another config.
    """
    workdir = Path(workdir)
    config = json.loads(json.dumps(plan.config))
    with contextlib.ExitStack() as stack:
        with writing_to(workdir):
            (workdir / "groups").mkdir(parents=True, exist_ok=True)
            if not os.access(workdir / "groups", os.W_OK):
                raise PermissionError(13, "Permission denied")
            try:
                stack.enter_context(lock.hold(workdir / "lock"))
            except lock.InUseError as error:
                raise StoreError(
                    f"workdir {workdir} is in use by {error.holder}; wait until it is done, or "
                    "choose another --workdir"
                ) from None
            known = workdir / "config.json"
            if not known.exists():
                text = json.dumps(config, indent=1)
                write_atomically(known, lambda file: file.write(text.encode()))
            differing = differences(load_config(workdir), config)
        if differing:
            raise StoreError(
                f"workdir {workdir} holds a sweep with another config ({differing}); "
                "choose another --workdir, or delete this one"
            )
        yield workdir


def load_config(workdir: str | os.PathLike) -> dict[str, Any]:
    """The config of the sweep in a workdir.

    Raises:
        StoreError: If it is not there or cannot be read.
    """
    path = Path(workdir) / "config.json"
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise StoreError(f"{workdir} holds no sweep: it has no {path.name}") from None
    except ValueError:
        raise StoreError(f"{path} is damaged; delete it to go on in this workdir") from None


def differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In what two configs differ, in words; empty if in nothing."""
    there, now = LATER_FIELDS | dict(there), LATER_FIELDS | dict(now)
    names = [n for n in sorted({*there, *now}) if there.get(n) != now.get(n)]
    return "; ".join(f"{n}: {there.get(n)} there, {now.get(n)} now" for n in names)


def tidy(workdir: Path, failures: bool = True) -> None:
    """Removes what earlier runs have left and no later one can use.

    That is: results that cannot be read, and what a process that was killed had not written to its
    end.

    Args:
        workdir: From `open_workdir`.
        failures: Whether the records of failed cells go too, those cells being tried again.

    Raises:
        StoreError: If a file cannot be read for another reason than damage, or not be removed.
    """
    leftovers = [
        path for folder in (workdir, workdir / "groups") for path in folder.glob(UNFINISHED)
    ]
    of_no_use = [
        path for path in files(workdir) if (failures and is_failure(path)) or read(path) is None
    ]
    with writing_to(workdir):
        for path in leftovers + of_no_use:
            path.unlink()


def missing(workdir: Path, groups: Iterable[Group]) -> list[Group]:
    """The groups, or parts of them, whose results are not in the workdir.

    A file counts by its name: `tidy` has removed those that are damaged.
    """
    stored = collections.defaultdict(list)
    for path in files(workdir):
        if not is_failure(path):
            key, first, last = place(path)
            stored[key].append(slice(first, last))
    parts = []
    for group in groups:
        there = np.zeros(group.size, bool)
        for cells in stored[group.key]:
            there[cells] = True
        edges = np.flatnonzero(np.diff(there, prepend=True, append=True))
        parts += [group.part(*map(int, ends)) for ends in edges.reshape(-1, 2)]
    return parts


def write(workdir: Path, group: Group, outcome: Outcome) -> Path:
    """Stores the outcome of one group, or part of one, in one file, atomically.

    Raises:
        StoreError: If the file cannot be written, as on a full disk.
    """
    times = {"epoch": outcome.epochs, "step": outcome.steps}
    curves = {n: np.broadcast_to(t, (group.size, len(t))) for n, t in times.items()}
    columns = _cells(group) | _final(outcome)
    # A network without hidden layers has nothing to store of what is measured layer by layer.
    curves |= {name: values for name, values in outcome.metrics.items() if values.size}
    columns |= {f"{CURVE}{name}": _nested(values) for name, values in curves.items()}
    columns |= {f"{NETWORK}{path}": _nested(v) for path, v in outcome.parameters.items()}
    return write_table(workdir, f"{name_of(group)}.parquet", pa.table(columns))


def write_failure(workdir: Path, group: Group, failure: Failure) -> Path:
    """Records that the cells of a group could not be trained, and why; a later run tries again.

    Raises:
        StoreError: If the file cannot be written.
    """
    said = {"status": "failed", **dataclasses.asdict(failure)}
    columns = _cells(group) | {name: _column(text, group.size) for name, text in said.items()}
    return write_table(workdir, f"{name_of(group)}{FAILED}", pa.table(columns))


def name_of(group: Group) -> str:
    """What the files of a group, or of part of one, are called."""
    return f"{group.key}-{group.first}-{group.first + group.size}"


def write_table(workdir: Path, name: str, table: pa.Table) -> Path:
    """Stores a table of results in a file of that name, atomically."""
    path = workdir / "groups" / name
    with writing_to(workdir):
        write_atomically(path, lambda file: pq.write_table(table, file, write_page_checksum=True))
    return path


def files(workdir: str | os.PathLike) -> list[Path]:
    """The files of results, and of failures, in the order of the plan."""
    found = (Path(workdir) / "groups").glob("[!.]*.parquet")
    return sorted((path for path in found if _NAME.fullmatch(path.name)), key=place)


def place(path: Path) -> tuple[str, int, int]:
    """The group of a file of results, its first cell, and one past its last."""
    match = _NAME.fullmatch(path.name)
    assert match is not None, path  # `files` gives no others
    return match["key"], int(match["first"]), int(match["last"])


def is_failure(path: Path) -> bool:
    """Whether a file holds no results, but the reason why there are none."""
    return path.name.endswith(FAILED)


def read(path: Path, wanted: Callable[[str], bool] = lambda column: True) -> pa.Table | None:
    """The wanted columns of a file, all the rows that its name says; None if it is damaged.

    Raises:
        StoreError: If it cannot be read for another reason.
    """
    _, first, last = place(path)
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        if file.metadata.num_rows != last - first:
            return None
        return file.read([name for name in file.schema_arrow.names if wanted(name)])
    except pa.ArrowMemoryError:
        raise
    except (OSError, pa.ArrowException) as error:
        number = getattr(error, "errno", None)
        if number:  # the disk's fault, or a matter of permission: no sign of damage
            raise StoreError(f"cannot read {path}: {os.strerror(number)}") from error
        return None


def _cells(group: Group) -> dict[str, pa.Array]:
    """The columns that say which cells these are."""
    cells = {"cell": pa.array([f"{group.key}/{group.first + i}" for i in range(group.size)])}
    return cells | {n: _column(v, group.size) for n, v in group.columns().items()}


def _column(value: Any, cells: int) -> pa.Array:
    """A column of one value per cell, from an array or a scalar."""
    if isinstance(value, np.ndarray):
        return pa.array(value)
    return pa.array([value] * cells)


def _nested(values: np.ndarray) -> pa.Array:
    """An array [cells, ...] as a column of fixed-size lists, nested as deep as it has axes."""
    column = pa.array(np.ascontiguousarray(values).reshape(-1))
    for size in reversed(values.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    return column


def _final(outcome: Outcome) -> dict[str, pa.Array]:
    """Status, and metrics of the evaluation that is kept, a value per cell."""
    diverged = outcome.diverged_step >= 0
    columns = {
        "status": pa.array(np.where(diverged, "diverged", "ok")),
        "reason": pa.array(
            [
                f"the loss is not finite at step {s}" if s >= 0 else None
                for s in outcome.diverged_step
            ],
            pa.string(),
        ),
        "diverged_step": pa.array(outcome.diverged_step, mask=~diverged),
        "steps": pa.array(outcome.steps[outcome.last]),
        "epoch": pa.array(outcome.epochs[outcome.kept]),
    }
    for name, values in outcome.metrics.items():
        kept = values[np.arange(len(values)), outcome.kept].astype(np.float64)
        if name in ("gradient_norm", "dead_unit"):
            continue  # one number for all layers, or units, would say nothing
        name = f"final.{name}" if "." in name else name
        mean = kept.reshape(len(kept), -1).mean(axis=1) if kept.size else np.full(len(kept), np.nan)
        columns[name] = pa.array(mean)
    return columns
