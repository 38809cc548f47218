"""Scores seed by seed, at the settings that validation chooses: what paired differences need."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from acts_jax.analysis import statistics

ARROWS = {"": "", "low": " ↓", "high": " ↑"}  # at which edge of the rates swept one lies


def by_seed(
    results: pd.DataFrame, by: Sequence[str] = ("activation",), score: str = "test_accuracy"
) -> pd.DataFrame:
    """A score of every seed, for each group of `by` at the setting that validation chooses for it.

    The same seed means the same initial weights and the same batches, so that differences between
    columns are paired. A diverged cell counts 0, its loss as infinite.

    Args:
        results: Of a sweep.
        by: Columns of `results`; the settings are chosen in each group, see `statistics.select`.
        score: The column that is compared.

    Returns:
        A row per seed and a column per group: the value of `by`, or a tuple of values.
    """
    cells = statistics.chosen(results, statistics.select(results, by=by))
    return statistics.scores(cells).pivot_table(
        index="seed", columns=list(by) if len(by) > 1 else by[0], values=score, observed=True
    )


def rates(selection: pd.DataFrame) -> list[str]:
    """The learning rates of `statistics.select` for a table: `0.1 ↑` is the highest one swept."""
    marks = selection["at_edge"].map(ARROWS)
    return [f"{r:.3g}{mark}" for r, mark in zip(selection["learning_rate"], marks, strict=True)]


def rate(chosen: float, tried: Sequence[float], digits: int = 3) -> str:
    """Write a learning rate as `rates` does, marked where it is the lowest or highest tried."""
    edge = str(statistics.edge(chosen, min(tried), max(tried)))
    return f"{chosen:.{digits}g}{ARROWS[edge]}"


def edge_note(rates: Sequence[str]) -> str:
    """What the arrows of `rates` say, as a sentence to append; empty if there are none."""
    note = " ↓ ↑: the lowest or highest rate swept; a better one may lie beyond."
    return note if any(rate[-1] in "↓↑" for rate in rates) else ""
