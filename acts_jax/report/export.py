"""Export: the results of a sweep as CSV files, or as TensorBoard runs."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from acts_jax.analysis import statistics
from acts_jax.errors import ConfigError, StoreError
from acts_jax.files import write_atomically, writing_to


def to_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Writes a frame as CSV, atomically; numbers read back exactly, missing ones are empty.

    Raises:
        StoreError: If the file cannot be written.
    """
    words = {c: object for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype)}
    table = pa.Table.from_pandas(frame.astype(words), preserve_index=False)
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    with writing_to(path.parent, "folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda file: pyarrow.csv.write_csv(table, file, options))
    return path


def best_cells(results: pd.DataFrame) -> pd.DataFrame:
    """The best cell of each group by validation: the rows of `results` that win.

    A group is what one compiled program has trained. The highest accuracy wins, of equal ones
    the lowest loss, then the first; in regression the lowest loss. Cells without a result
    (diverged or failed) lose to all others.
    """
    scored = statistics.scores(results)
    keys = {"validation_accuracy": False, "validation_loss": True}
    if statistics.score_name(results) == "rmse":
        del keys["validation_accuracy"]
    ranked = scored.sort_values(list(keys), ascending=list(keys.values()), kind="stable")
    best = ranked.groupby(ranked["cell"].str.rpartition("/")[0], sort=False).head(1)
    return results.loc[best.index.sort_values()]


def run_names(results: pd.DataFrame) -> list[str]:
    """A readable name for each cell, from the hyperparameters that tell it from the others.

    Such as "relu,depth=2,learning_rate=0.1": the activation, then no more columns than needed.
    """
    columns, distinct = ["activation"], 0
    for column in ("activation", *_settings(results), "cell"):
        told_apart = len(results[[*columns, column]].drop_duplicates())
        if told_apart > distinct and column != "activation":
            columns.append(column)
        distinct = max(distinct, told_apart)
    names = []
    for row in results[columns].to_dict("records"):
        parts = [
            f"{c}={v:g}" if isinstance(v, float) else f"{c}={v}"
            for c, v in row.items()
            if pd.notna(v)
        ]
        names.append(re.sub(r"[^\w.=,+-]+", "_", ",".join(parts).removeprefix("activation=")))
    return names


def _settings(results: pd.DataFrame) -> list[str]:
    """All columns of hyperparameters, and those of the seeds behind them."""
    seeds = [column for column in ("seed", "split_seed") if column in results]
    return [*statistics.axes(results), *seeds]


def to_tensorboard(results: pd.DataFrame, curves: pd.DataFrame, folder: Path) -> list[Path]:
    """Writes one TensorBoard run per cell of `results`, replacing an earlier export.

    A run holds every metric of the cell by optimizer step, as `loss/validation`, `accuracy/test`,
    `gradient_norm/layer1` (layers count from the input, the readout comes last); for what has a
    value per channel the mean of each layer and a histogram; all hyperparameters as a text; and
    those that differ among the cells, with status and scores, for TensorBoard's HParams tab.
    Curves end where a cell diverged.

    Args:
        results: The rows of `load_results` to export; cells without a curve are left out.
        curves: `load_curves` of the same sweep; it may hold other cells too.
        folder: What `tensorboard --logdir` shall be given.

    Returns:
        The folders of the runs, named by `run_names`.

    Raises:
        ConfigError: If tensorboardX is not installed.
        StoreError: If there is something else in the folder than an earlier export, or it cannot be
            written to.
    """
    try:
        import tensorboardX  # noqa: F401
    except ImportError:
        raise ConfigError(
            "TensorBoard runs need tensorboardX; pip install 'acts_jax[tensorboard]'"
        ) from None
    strange = [p for p in folder.rglob("*") if p.is_file() and ".tfevents." not in p.name]
    if strange or folder.is_file():
        found = (strange or [folder])[0]
        raise StoreError(f"{found} is not of an earlier export; choose another folder with --out")
    curves = curves[curves["cell"].isin(results["cell"])]
    by_cell = dict(list(curves.groupby(curves["cell"].astype(str), sort=False)))
    results = results[results["cell"].isin(by_cell)]
    names = run_names(results)
    axes = _settings(results)
    differing = [c for c in axes if c == "activation" or results[c].nunique(dropna=False) > 1]
    with writing_to(folder, "folder"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as made:
            for name, (_, row) in zip(names, results.iterrows(), strict=True):
                texts = _scalars(row[axes]), _scalars(row[[*differing, "status"]])
                _write_run(Path(made) / "runs" / name, *texts, by_cell[row["cell"]])
            if folder.exists():
                shutil.rmtree(folder)
            (Path(made) / "runs").rename(folder)
    return [folder / name for name in names]


def _write_run(
    folder: Path, described: dict[str, Any], compared: dict[str, Any], curve: pd.DataFrame
) -> None:
    """One cell's events, in one file."""
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.summary import histogram, hparams, scalar, text

    folder.mkdir(parents=True)
    writer, now = EventsWriter(str(folder / "events")), time.time()
    series = dict(_series(curve))
    scores = [_tag(name) for name in statistics.SCORES if _tag(name) in series]
    lines = "\n".join(f"| {name} | {value} |" for name, value in described.items())
    words = text("hyperparameters", f"| | |\n|---|---|\n{lines}")
    for summary in (words, *hparams(compared, dict.fromkeys(scores))):
        writer.write_event(Event(wall_time=now, summary=summary))
    for tag, (steps, values) in series.items():
        for step, channels in zip(steps, values, strict=True):
            if np.isnan(channels).any():
                break  # the cell has diverged
            summary = scalar(tag, channels.mean())
            if len(channels) > 1:
                summary.MergeFrom(histogram(f"{tag}/channels", channels, "auto"))
            writer.write_event(Event(wall_time=now, step=step, summary=summary))
    writer.close()


def _series(curve: pd.DataFrame) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray]]]:
    """Each metric and layer of one cell: its tag, the steps [evals], the values [evals, channels].

    Metrics that were never measured, such as accuracies in regression, are left out.
    """
    for (metric, layer), rows in curve.groupby(["metric", "layer"], observed=True, dropna=False):
        steps = rows["step"].unique()
        values = rows["value"].to_numpy().reshape(len(steps), -1)
        if not np.isnan(values).all():
            yield _tag(metric) + ("" if pd.isna(layer) else f"/layer{layer}"), (steps, values)


def _tag(metric: str) -> str:
    """A metric's name in TensorBoard, where what precedes the slash shares a section."""
    split, _, what = metric.partition("_")
    return f"{what}/{split}" if split in ("train", "validation", "test") else metric


def _scalars(row: pd.Series) -> dict[str, Any]:
    """The entries that have a value, as Python scalars."""
    values = {n: v.item() if isinstance(v, np.generic) else v for n, v in row.items()}
    return {name: value for name, value in values.items() if pd.notna(value)}
