"""Results: what is stored in one folder of a sweep, as data frames.

Nothing here imports jax: results can be read anywhere.
"""

import os
import re
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from acts_jax.errors import StoreError
from acts_jax.suggestion import suggest
from acts_jax.sweep import record, store
from acts_jax.sweep.outcome import CURVE, EXAMPLES, NETWORK


def read_results(workdir: str | os.PathLike) -> pd.DataFrame:
    """One row per trained cell: its hyperparameters, its status and its final metrics.

    Args:
        workdir: A sweep's workdir, finished or not.

    Returns:
        `cell`, its name, unique in a sweep; a column per axis, named as the config's field
        (activation, depth, learning_rate, seed, ...; `learn` holds the names of the parameters that
        are learned, `share` is "layer" where none is; `split_seed` is left out where all are 0);
        activation parameters as `leaky_relu.negative_slope` (a learned one's initial value; its
        mean over layers at the end is `final.prelu.slope`); status ("ok", "diverged" or "failed"),
        reason (why it is not ok), diverged_step, steps (taken), epoch (after which the network was
        as the metrics say: the last, or with early stopping the best on validation); train_,
        validation_ and test_ loss, accuracy and balanced_accuracy (the mean of the accuracies
        within each class; both NaN in regression), train_, validation_ and test_rmse (in the
        target's units, of a regression), dead_fraction and saturated_fraction. The metrics of
        diverged and failed cells are NaN.

    Raises:
        StoreError: If there are no results, or a file cannot be read.
    """
    others = (CURVE, NETWORK, *EXAMPLES, "traceback")
    tables = [one.table for one in _read(workdir, lambda name: not name.startswith(others))]
    frame = pd.concat([table.to_pandas() for table in tables], ignore_index=True)
    if "split_seed" in frame:  # of some groups only, it may be
        frame["split_seed"] = frame["split_seed"].fillna(0).astype(np.int64)
    models = frame["model"].fillna("mlp") if "model" in frame else "mlp"
    frame = frame.drop(columns="model", errors="ignore")
    frame.insert(frame.columns.get_loc("activation"), "model", models)
    last = [c for c in frame if c.startswith("final.")]
    middle = [c for c in frame if "." in c and c not in last]
    tail = list(frame.columns[frame.columns.get_loc("status") :])
    head = [c for c in frame if c not in {*last, *middle, *tail}]
    return frame[[*head, *middle, *(c for c in tail if c not in {*last, *middle}), *last]]


def read_curves(workdir: str | os.PathLike, metrics: Collection[str] | None = None) -> pd.DataFrame:
    """Every evaluation of every trained cell, in long form: one row per number.

    Args:
        workdir: A sweep's workdir, finished or not.
        metrics: Names of the metrics to load; by default all of them, but for `dead_unit`, which is
            recorded with record="units" only and has a value for every unit.

    Returns:
        The hyperparameter columns of `read_results` (text as categories), then epoch, step,
        metric, layer (1-based from the input; the readout comes last; missing for metrics of the
        whole network), channel (missing unless there is one value per unit) and value. There are no
        rows after a cell was stopped early.

    Raises:
        StoreError: If there are no results, no curves (every cell failed, or none has one of the
            metrics), or a file cannot be read.
    """
    results = read_results(workdir)
    hyper = results.loc[:, : results.columns[results.columns.get_loc("status") - 1]]
    text = {c: "category" for c in hyper if not pd.api.types.is_numeric_dtype(hyper[c])}
    hyper = hyper.astype(text)
    parts, first = [], 0
    marks = ("curve.epoch", "curve.step")
    known = set()

    def wanted(name: str) -> bool:
        metric = name.removeprefix(CURVE)
        if metric == name or name in marks:
            return name in marks
        known.add(metric)
        return metric != "dead_unit" if metrics is None else metric in metrics

    for _, _, table in _read(workdir, wanted):
        if table.column_names:  # cells that failed have no curves
            epochs, steps = (_array(table[name])[0] for name in marks)
            for name in sorted(set(table.column_names) - set(marks)):
                metric, values = name.removeprefix(CURVE), _array(table[name])
                parts.append(_long(metric, values, first, epochs, steps))
        first += table.num_rows
    if not parts and known:
        asked = ", ".join(sorted(metrics or ()))
        raise StoreError(f"no curves of {asked} in {workdir}{suggest(asked, known)}")
    if not parts:
        raise StoreError(f"no curves in {workdir}: every cell failed")
    names = sorted({part["metric"] for part in parts})
    join = {
        key: np.concatenate([part[key] for part in parts]) for key in parts[0] if key != "metric"
    }
    codes = np.repeat([names.index(p["metric"]) for p in parts], [len(p["value"]) for p in parts])
    made = join["step"] <= results["steps"].to_numpy()[join["cell"]]
    join, codes = {key: values[made] for key, values in join.items()}, codes[made]
    curves = hyper.take(join.pop("cell")).reset_index(drop=True)
    curves["epoch"], curves["step"] = join["epoch"], join["step"]
    curves["metric"] = pd.Categorical.from_codes(codes, names)
    for key in ("layer", "channel"):
        curves[key] = pd.arrays.IntegerArray(join[key], join[key] == 0)
    curves["value"] = join["value"]
    return curves


def read_examples(workdir: str | os.PathLike) -> pd.DataFrame:
    """How every trained cell does on every test example, in long form: one row per example.

    It is the network whose metrics `read_results` has: the mean of a cell's scores is its
    `test_accuracy`, or, of a regression, the square of its `test_rmse`.

    Args:
        workdir: A sweep's workdir, finished or not, that was trained with record="examples".

    Returns:
        `cell`, its name (a category); `example`, int32, the same number for the same example under
        every split seed (see `Dataset.test_rows`); `score`, float32, 1 for a hit and 0 for a miss,
        or the squared error in the target's unit. Cells that diverged or failed have no rows.

    Raises:
        StoreError: If there are no results, no cell has examples, or a file cannot be read.
    """
    names: list[str] = []
    cells, examples, scores = [], [], []
    wanted = ("cell", "status", *EXAMPLES)
    for _, about, table in _read(workdir, lambda name: name in wanted):
        found = [name for name in ("test_hits", "test_error") if name in table.column_names]
        if about.failed or not found:
            continue
        ok = np.flatnonzero(table["status"].to_numpy() == "ok")
        score = _array(table[found[0]])
        rows = np.broadcast_to(np.arange(score.shape[1], dtype=np.int32), score.shape)
        if "test_rows" in table.column_names:
            rows = _array(table["test_rows"])
        cells.append(np.repeat(len(names) + ok, score.shape[1]))
        names += table["cell"].to_pylist()
        examples.append(rows[ok].ravel())
        scores.append(score[ok].ravel().astype(np.float32))
    if not names:
        raise StoreError(f"no test examples in {workdir}: train with --config.record=examples")
    return pd.DataFrame(
        {
            "cell": pd.Categorical.from_codes(np.concatenate(cells), names),
            "example": np.concatenate(examples),
            "score": np.concatenate(scores),
        }
    )


def load_arrays(
    workdir: str | os.PathLike, wanted: Callable[[str], bool]
) -> dict[str, dict[str, np.ndarray]]:
    """Stored columns as arrays, by group: curves, and the parameters of recorded networks.

    Args:
        workdir: A sweep's workdir, finished or not.
        wanted: Whether a column is wanted, by its name: `curve.train_loss`,
            `network.hidden_1.kernel`.

    Returns:
        Per key of a group its columns by name: arrays [cells, ...], cells in the order of the plan,
        without those that failed; and `cell`, their names.

    Raises:
        StoreError: As for `read_results`.
    """
    found: dict[str, list[pa.Table]] = {}
    for _, about, table in _read(workdir, lambda name: name == "cell" or wanted(name)):
        if not about.failed:
            found.setdefault(about.key, []).append(table)
    joined = {key: pa.concat_tables(tables) for key, tables in found.items()}
    return {
        key: {name: _array(table[name]) for name in table.column_names}
        for key, table in joined.items()
    }


def _array(column: pa.ChunkedArray) -> np.ndarray:
    """A column of nested lists of fixed sizes as an array [cells, ...]."""
    shape, array = [len(column)], column.combine_chunks()
    while pa.types.is_fixed_size_list(array.type):
        shape.append(array.type.list_size)
        array = array.flatten()
    return array.to_numpy(zero_copy_only=False).reshape(shape)


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


def _read(workdir: str | os.PathLike, wanted: Callable[[str], bool]) -> list[record.Stored]:
    """Every file of results in the order of the plan, with its chosen columns."""
    found = store.contents(workdir, lambda name: wanted(_name_now(name)))
    store.name_foreign(found.foreign)
    for path in found.damaged:
        raise StoreError(f"{path} is damaged; run the sweep again to replace it")
    if not found.stored:
        raise StoreError(f"no results in {workdir}; run `python -m experiments.sweep` first")
    store.check_sources(found.stored)
    return [
        one._replace(table=one.table.rename_columns([*map(_name_now, one.table.column_names)]))
        for one in found.stored
    ]


def _name_now(column: str) -> str:
    """What a stored column is called now: `validation_loss` was once stored as `val_loss`."""
    return re.sub(r"^(curve\.)?val_", r"\1validation_", column)
