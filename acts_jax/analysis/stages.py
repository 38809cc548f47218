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
        of), `stage`, "tuned" or "confirmed", and of a confirmed one `score_all`, and `failed`
        (fresh seeds that were not trained to the end) with the interval of their share,
        `failed_low` and `failed_high`. `score` is NaN, and `lost_share` 1, where no seed was
        trained to the end, fresh ones if there are any.
    """
    tuned = selection.assign(stage=TUNED, score=selection["test_accuracy"], failed=0)
    tuned[["failed_low", "failed_high", "score_all"]] = np.nan
    if "test_rmse" in selection:
        tuned["score"] = tuned["score"].fillna(selection["test_rmse"])
    columns = ["score", "low", "high", "seeds", "failed", "failed_low", "failed_high", "score_all"]
    if scores is not None:
        keys = statistics.groups(selection, ["activation", "depth"])
        confirmed = scores.set_index(keys)[columns].reindex(pd.MultiIndex.from_frame(tuned[keys]))
        there = confirmed["seeds"].notna().to_numpy()
        for column in columns:
            tuned[column] = np.where(there, confirmed[column], tuned[column])
        tuned["stage"] = np.where(there, CONFIRMED, TUNED)
        died = there & (tuned["seeds"] == 0)
        tuned["lost_share"] = tuned["lost_share"].mask(died, 1.0)
    gone = tuned["lost_share"] == 1
    tuned[["score", "low", "high"]] = tuned[["score", "low", "high"]].mask(gone)
    tuned[["at_edge", "at_cliff"]] = tuned[["at_edge", "at_cliff"]].mask(gone, "")
    return tuned
