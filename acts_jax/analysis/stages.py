"""What is reported of an activation: its confirmed score, or the tuned one if there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from acts_jax.analysis import statistics

TUNED, CONFIRMED = "tuned", "confirmed"


def by_stage(selection: pd.DataFrame, scores: pd.DataFrame | None = None) -> pd.DataFrame:
    """The chosen settings, each with the score that is reported of it.

    Args:
        selection: Of `statistics.select`.
        scores: Of `confirmed.reported` for the same activations and depths; None without any.

    Returns:
        The selection with its test score as `score`, `low`, `high`, `seeds` (that it is the mean
        of), `failed` (seeds that were not trained to the end), and `stage`, "tuned" or "confirmed".
    """
    tuned = selection.assign(stage=TUNED, failed=0, score=selection["test_accuracy"])
    if "test_rmse" in selection:
        tuned["score"] = tuned["score"].fillna(selection["test_rmse"])
    if scores is None:
        return tuned
    keys = statistics.groups(selection, ["activation", "depth"])
    columns = ["score", "low", "high", "seeds", "failed"]
    confirmed = scores.set_index(keys)[columns].reindex(pd.MultiIndex.from_frame(tuned[keys]))
    there = confirmed["score"].notna().to_numpy()
    for column in columns:
        tuned[column] = np.where(there, confirmed[column], tuned[column])
    return tuned.assign(stage=np.where(there, CONFIRMED, TUNED))


def half_width(row: pd.Series) -> float:
    """Half of the interval of a row of `by_stage`, before an end was cut off at a bound."""
    return max(row["high"] - row["score"], row["score"] - row["low"])
