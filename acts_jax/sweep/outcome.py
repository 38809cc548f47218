"""The outcome of a group's training, or why there is none, as the columns of a file of results.

Nothing here imports jax.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from acts_jax.sweep.grid import Group

CURVE, NETWORK = "curve.", "network."  # how columns of curves and of parameters begin
EXAMPLES = ("test_hits", "test_error", "test_rows")  # columns of the test examples

# What every program gives and is stored on demand only: the value of `record` that asks for it.
ON_DEMAND = {"dead_unit": "units"} | dict.fromkeys(EXAMPLES, "examples")


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
        examples: Of the test examples at the kept evaluation, arrays [cells, n]: `test_hits`, bool,
            or, of a regression, `test_error`, float32, the squared error in the target's unit; and
            `test_rows`, int32, `Dataset.test_rows` where they are not 0 to n - 1. Empty unless they
            are recorded; of no meaning for cells that have diverged.
    """

    epochs: np.ndarray
    steps: np.ndarray
    metrics: Mapping[str, np.ndarray]
    diverged_step: np.ndarray
    last: np.ndarray
    kept: np.ndarray
    parameters: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    examples: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why the cells of a group could not be trained.

    Attributes:
        reason: One line, such as "TypeError: expected 2 arguments".
        traceback: Where it happened.
    """

    reason: str
    traceback: str


def outcome_table(group: Group, outcome: Outcome) -> pa.Table:
    """A row per cell: its hyperparameters, its results, and what was recorded of it."""
    times = {"epoch": outcome.epochs, "step": outcome.steps}
    curves = {n: np.broadcast_to(t, (group.size, len(t))) for n, t in times.items()}
    # A network without hidden layers has nothing to store of what is measured layer by layer.
    curves |= {name: values for name, values in outcome.metrics.items() if values.size}
    nested = {f"{CURVE}{name}": values for name, values in curves.items()}
    nested |= {f"{NETWORK}{path}": values for path, values in outcome.parameters.items()}
    nested |= outcome.examples
    columns = _cells(group) | _final(outcome)
    return pa.table(columns | {name: _nested(values) for name, values in nested.items()})


def failure_table(group: Group, failure: Failure) -> pa.Table:
    """A row per cell that could not be trained: its hyperparameters, and why."""
    said = {"status": "failed", **dataclasses.asdict(failure)}
    return pa.table(_cells(group) | {n: _column(text, group.size) for n, text in said.items()})


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
        # Over the sites where it is known, and channels that are there.
        flat = kept.reshape(len(kept), -1)
        known = ~np.isnan(flat)
        total = np.sum(flat, axis=1, where=known)
        columns[name] = pa.array(
            np.where(known.any(axis=1), total, np.nan) / known.sum(axis=1).clip(1)
        )
    return columns
