"""The store: one parquet file per finished group, written whole or not at all.

Nothing here imports jax: results can be read anywhere.
"""

import dataclasses
import json
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from acts_jax.sweep.grid import Group, Plan


class StoreError(ValueError):
    """A workdir that cannot be used; the message says why and what to do."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What training one group gave.

    Attributes:
      epochs: int64 [evals], epochs trained at each evaluation; the first is 0.
      steps: int64 [evals], optimizer steps taken by then.
      metrics: Per metric an array [cells, evals], [cells, evals, layers] or
        [cells, evals, layers, channels]; NaN once a cell has diverged.
      diverged_step: int64 [cells], the step with the first non-finite loss, -1 without one.
    """

    epochs: np.ndarray
    steps: np.ndarray
    metrics: Mapping[str, np.ndarray]
    diverged_step: np.ndarray


def open_workdir(workdir: str | os.PathLike, plan: Plan) -> Path:
    """Makes or reopens a workdir for one plan.

    Args:
      workdir: Folder to make, or one that an earlier run of the same config has left.
      plan: What will be stored there.

    Returns:
      The workdir, with the plan's config in `config.json`.

    Raises:
      StoreError: If the folder cannot be written, or holds the results of another config.
    """
    workdir = Path(workdir)
    config = json.loads(json.dumps(plan.config))
    known = workdir / "config.json"
    try:
        (workdir / "groups").mkdir(parents=True, exist_ok=True)
        if not known.exists():
            write_atomically(known, lambda file: file.write(json.dumps(config, indent=1).encode()))
        elif not os.access(workdir / "groups", os.W_OK):
            raise PermissionError(13, "Permission denied")
        held = json.loads(known.read_text())
    except OSError as error:
        raise StoreError(f"cannot write to workdir {workdir}: {error.strerror}") from None
    except ValueError:
        raise StoreError(f"{known} is damaged; delete it to go on in this workdir") from None
    differing = [n for n in sorted({*held, *config}) if held.get(n) != config.get(n)]
    if differing:
        changes = "; ".join(f"{n}: {held.get(n)} there, {config.get(n)} now" for n in differing)
        raise StoreError(
            f"workdir {workdir} holds a sweep with another config ({changes}); "
            "choose another --workdir, or delete this one"
        )
    return workdir


def finished(workdir: Path, group: Group) -> bool:
    """Whether a group's results are in the workdir, whole and readable."""
    path = _path(workdir, group)
    try:
        return path.exists() and _open(path).read().num_rows == group.size
    except (OSError, pa.ArrowException):
        return False  # a damaged file is trained again and replaced


def write(workdir: Path, group: Group, outcome: Outcome) -> Path:
    """Stores the outcome of one group in one file, atomically."""
    columns = {"cell": [f"{group.key}/{i}" for i in range(group.size)]}
    columns |= {n: _column(v, group.size) for n, v in group.columns().items()}
    columns |= _final(outcome)
    columns |= {
        f"curve.{name}": _nested(values)
        for name, values in {
            "epoch": np.broadcast_to(outcome.epochs, (group.size, len(outcome.epochs))),
            "step": np.broadcast_to(outcome.steps, (group.size, len(outcome.steps))),
            **outcome.metrics,
        }.items()
    }
    table = pa.table(columns)
    path = _path(workdir, group)
    write_atomically(path, lambda file: pq.write_table(table, file, write_page_checksum=True))
    return path


def load_results(workdir: str | os.PathLike) -> pd.DataFrame:
    """One row per trained cell: its hyperparameters, its status and its final metrics.

    Args:
      workdir: A sweep's workdir, finished or not.

    Returns:
      Columns named as the config's fields (activation, depth, learning_rate, seed, ...),
      activation parameters as `leaky_relu.negative_slope` (a learned one's initial value; its
      mean over layers at the end is `final.prelu.slope`), then status ("ok" or "diverged"),
      diverged_step, steps, train_, val_ and test_ loss and accuracy, dead_fraction and
      saturated_fraction. The metrics of diverged cells are NaN.

    Raises:
      StoreError: If there are no results, or a file cannot be read.
    """
    tables = _read(workdir, lambda name: not name.startswith("curve."))
    frame = pd.concat([table.to_pandas() for table in tables], ignore_index=True)
    last = [c for c in frame if c.startswith("final.")]
    middle = [c for c in frame if "." in c and c not in last]
    tail = list(frame.columns[frame.columns.get_loc("status") :])
    head = [c for c in frame if c not in {*last, *middle, *tail}]
    return frame[[*head, *middle, *(c for c in tail if c not in {*last, *middle}), *last]]


def load_curves(workdir: str | os.PathLike, metrics: Collection[str] | None = None) -> pd.DataFrame:
    """Every evaluation of every trained cell, in long form: one row per number.

    Args:
      workdir: A sweep's workdir, finished or not.
      metrics: Names of the metrics to load; all of them by default.

    Returns:
      The hyperparameter columns of `load_results` (text as categories), then epoch, step,
      metric, layer (1-based from the input; the readout comes last; missing for metrics of the
      whole network), channel (missing unless there is one value per unit) and value.

    Raises:
      StoreError: If there are no results, or a file cannot be read.
    """
    results = load_results(workdir)
    hyper = results.loc[:, : results.columns[results.columns.get_loc("status") - 1]]
    text = {c: "category" for c in hyper if not pd.api.types.is_numeric_dtype(hyper[c])}
    hyper = hyper.astype(text)
    parts, first = [], 0
    marks = ("curve.epoch", "curve.step")
    tables = _read(
        workdir,
        lambda n: (
            n in marks
            or (n.startswith("curve.") and (metrics is None or n.removeprefix("curve.") in metrics))
        ),
    )
    for table in tables:
        epochs, steps = (_array(table[name])[0] for name in marks)
        for name in sorted(set(table.column_names) - set(marks)):
            parts.append(
                _long(name.removeprefix("curve."), _array(table[name]), first, epochs, steps)
            )
        first += table.num_rows
    names = sorted({part["metric"] for part in parts})
    join = {
        key: np.concatenate([part[key] for part in parts]) for key in parts[0] if key != "metric"
    }
    codes = np.repeat([names.index(p["metric"]) for p in parts], [len(p["value"]) for p in parts])
    curves = hyper.take(join.pop("cell")).reset_index(drop=True)
    curves["epoch"], curves["step"] = join["epoch"], join["step"]
    curves["metric"] = pd.Categorical.from_codes(codes, names)
    for key in ("layer", "channel"):
        curves[key] = pd.arrays.IntegerArray(join[key], join[key] == 0)
    curves["value"] = join["value"]
    return curves


def write_atomically(path: Path, fill: Callable[[IO[bytes]], Any]) -> None:
    """Writes a file so that it is there whole, or not at all, whatever happens meanwhile."""
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _open(path: Path) -> pq.ParquetFile:
    """A file of results, whose checksums are compared as it is read."""
    return pq.ParquetFile(path, page_checksum_verification=True)


def _path(workdir: Path, group: Group) -> Path:
    return workdir / "groups" / f"{group.key}.parquet"


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


def _array(column: pa.ChunkedArray) -> np.ndarray:
    """The inverse of `_nested`."""
    shape, array = [len(column)], column.combine_chunks()
    while pa.types.is_fixed_size_list(array.type):
        shape.append(array.type.list_size)
        array = array.flatten()
    return array.to_numpy(zero_copy_only=False).reshape(shape)


def _final(outcome: Outcome) -> dict[str, pa.Array]:
    """Status and metrics of the last evaluation, a value per cell."""
    diverged = outcome.diverged_step >= 0
    columns = {
        "status": pa.array(np.where(diverged, "diverged", "ok")),
        "diverged_step": pa.array(outcome.diverged_step, mask=~diverged),
        "steps": pa.array(np.full(len(diverged), outcome.steps[-1])),
    }
    for name, values in outcome.metrics.items():
        last = values[:, -1].astype(np.float64)
        if name == "gradient_norm":
            continue  # one number for all layers would say nothing
        name = f"final.{name}" if "." in name else name
        columns[name] = pa.array(last.reshape(len(last), -1).mean(axis=1))
    return columns


def _long(
    name: str, values: np.ndarray, first: int, epochs: np.ndarray, steps: np.ndarray
) -> dict[str, Any]:
    """One metric of one group in long form; layer and channel are 0 where there is none."""
    axes = [np.arange(first, first + len(values)), np.arange(len(epochs))]
    axes += [np.arange(1, size + 1) for size in values.shape[2:]]
    axes += [np.zeros(1, np.int64)] * (4 - len(axes))
    cell, evaluation, layer, channel = (a.ravel() for a in np.meshgrid(*axes, indexing="ij"))
    return {
        "metric": name,
        "cell": cell,
        "epoch": epochs[evaluation],
        "step": steps[evaluation],
        "layer": layer,
        "channel": channel,
        "value": values.ravel().astype(np.float64),
    }


def _read(workdir: str | os.PathLike, wanted: Callable[[str], bool]) -> list[pa.Table]:
    """The chosen columns of every file of results, in order of file name."""
    paths = sorted((Path(workdir) / "groups").glob("*.parquet"))
    if not paths:
        raise StoreError(f"no results in {workdir}; run `python -m experiments.sweep` first")
    tables = []
    for path in paths:
        try:
            file = _open(path)
            tables.append(file.read([n for n in file.schema_arrow.names if wanted(n)]))
        except (OSError, pa.ArrowException):
            raise StoreError(f"{path} is damaged; run the sweep again to replace it") from None
    return tables
