"""How fast networks reach a training loss: steps to it, the fairest learning rate, and ratios."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from acts_jax.analysis import statistics

CELL = ["activation", "depth", "learning_rate", "seed"]
SLOW, FAST = "sigmoid", "relu"  # as the text has it


def steps_to(curves: pd.DataFrame, loss: float) -> pd.DataFrame:
    """Find the step at which each network's training loss first reaches `loss`.

    Between two evaluations the logarithm of the loss is interpolated linearly.

    Args:
        curves: Of a sweep, its `train_loss` alone.
        loss: To be reached; above 0.

    Returns:
        A row per cell: the columns of `CELL`, and steps, NaN if it never got there.
    """
    found = []
    for _, cell in curves.sort_values("step").groupby("cell", observed=True):
        taken = _crossing(cell["step"].to_numpy(), cell["value"].to_numpy(), loss)
        found.append([*cell.iloc[0][CELL], taken])
    frame = pd.DataFrame(found, columns=[*CELL, "steps"])
    return frame.astype({"activation": str, "depth": int, "learning_rate": float, "seed": int})


def _crossing(steps: np.ndarray, losses: np.ndarray, loss: float) -> float:
    reached = np.flatnonzero(losses <= loss)
    if not reached.size:
        return np.nan
    first = reached[0]
    if first == 0:
        return float(steps[0])
    before, after = np.log(losses[first - 1 : first + 1])
    share = (before - np.log(loss)) / (before - after)
    return steps[first - 1] + share * (steps[first] - steps[first - 1])


def at_best_rate(steps: pd.DataFrame) -> pd.DataFrame:
    """Choose each network's steps at the learning rate that is fastest for the other seeds.

    Choosing the rate on the very seeds that are reported would flatter whatever varies most. For
    every seed the rate is the one with which most of the other seeds get there, and, of those,
    get there soonest on average.

    Returns:
        The rows of `steps` at the chosen rates: one per activation, depth and seed.
    """
    chosen = []
    for _, group in steps.groupby(["activation", "depth"]):
        for seed in group["seed"].unique():
            others = group[group["seed"] != seed] if group["seed"].nunique() > 1 else group
            rates = others.groupby("learning_rate")["steps"].agg(["count", "mean"])
            rate = rates.sort_values(["count", "mean"], ascending=[False, True]).index[0]
            chosen.append(group[(group["seed"] == seed) & (group["learning_rate"] == rate)])
    return pd.concat(chosen, ignore_index=True)


class Ratios(NamedTuple):
    """Steps of the slow activation over those of the fast one, seed by seed.

    A network that never got to the loss counts the budget of steps, which it would have exceeded.

    Attributes:
        log2: Logarithms to base 2, one per seed at which either of the two got there [seeds].
        understated: Seeds among them at which the slow one did not: the ratio is larger.
        overstated: Seeds among them at which the fast one did not: the ratio is smaller.
        dropped: Seeds left out, at which neither did.
    """

    log2: np.ndarray
    understated: int
    overstated: int
    dropped: int

    def times(self, factor: float) -> "Ratios":
        """Multiply by a factor, the ratio of seconds per step: the ratios are those of seconds."""
        return self._replace(log2=self.log2 + np.log2(factor))

    def caveat(self, budget: int) -> str:
        """Describe the networks that never got there, or return an empty string."""
        counts = ((SLOW, self.understated), (FAST, self.overstated))
        lost = ", ".join(f"{count} {name}" for name, count in counts if count)
        parts = [f"networks that never got there count {budget} steps: {lost}"] if lost else []
        if self.dropped:
            parts.append(f"seeds left out because both never did: {self.dropped}")
        return f" ({'; '.join(parts)})" if parts else ""


def ratios(best: pd.DataFrame, depth: int, budget: float) -> Ratios:
    """Divide the steps of the networks that `at_best_rate` chose, at one depth."""
    at_depth = best[best["depth"] == depth]
    table = at_depth.pivot_table(index="seed", columns="activation", values="steps", dropna=False)
    table = table.reindex(index=at_depth["seed"].unique(), columns=[SLOW, FAST])
    lost = table.isna()
    kept = ~lost.all(axis=1)
    counted = table[kept].fillna(budget)
    return Ratios(
        np.log2(counted[SLOW].to_numpy() / counted[FAST].to_numpy()),
        understated=int(lost.loc[kept, SLOW].sum()),
        overstated=int(lost.loc[kept, FAST].sum()),
        dropped=int((~kept).sum()),
    )


def summarise(
    best: pd.DataFrame, seconds: Mapping[tuple[str, int], float], rates: Sequence[float]
) -> pd.DataFrame:
    """Summarise each depth and activation in a row: rates, networks that got there, steps, seconds.

    Args:
        best: From `at_best_rate`.
        seconds: (activation, depth) -> seconds of a step.
        rates: The learning rates swept.

    Returns:
        depth, activation, learning_rate (of most seeds), edge ("low" or "high" if that is the
        lowest or highest of several), reached, cells, steps, low, high (mean and 95% interval, NaN
        unless all got there), milliseconds (of a step), seconds (to the loss).
    """
    rows = []
    for (depth, name), group in best.groupby(["depth", "activation"]):
        taken, each = group["steps"], seconds[name, depth]
        rate = group.loc[taken.notna(), "learning_rate"].mode().get(0, np.nan)
        low, high = statistics.interval(taken)
        rows.append(
            {
                "depth": depth,
                "activation": name,
                "learning_rate": rate,
                "edge": str(statistics.edge(rate, min(rates), max(rates))),
                "reached": int(taken.notna().sum()),
                "cells": len(taken),
                "steps": taken.mean(skipna=False),
                "low": low,
                "high": high,
                "milliseconds": 1e3 * each,
                "seconds": each * taken.mean(skipna=False),
            }
        )
    return pd.DataFrame(rows)
