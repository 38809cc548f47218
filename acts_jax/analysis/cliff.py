"""Whether a chosen learning rate has a neighbour at which training breaks."""

from __future__ import annotations

import numpy as np
import pandas as pd


def at_cliff(
    frame: pd.DataFrame, chosen: pd.DataFrame, by: list[str], others: list[str], kind: str
) -> np.ndarray:
    """Tell on which side of the chosen rates training breaks at the next rate that was tried.

    It breaks where a seed diverged or failed, or where the network collapses: its mean validation
    accuracy is below half of the chosen one's (in regression, its RMSE above twice).

    Args:
        frame: Cells with lost ones counted, see `statistics.scores`.
        chosen: A row per group of `by` with the chosen setting.
        by: The columns of a group.
        others: The axes besides the learning rate whose values a neighbour shares.
        kind: "accuracy" or "rmse".

    Returns:
        Per row of `chosen` "low", "high" or "". If both sides break, the one that is worse by its
        mean score; "high" if they are equally bad, since a rate that is too high breaks training.
        "" if `by` holds the learning rate, which then was not chosen.
    """
    if "learning_rate" in by:
        return np.full(len(chosen), "")
    score = f"validation_{kind}"
    setting = [*by, *others]
    frame = frame.assign(score_=frame[score] if kind == "accuracy" else -frame[score])
    means = frame.groupby([*setting, "learning_rate"], dropna=False, observed=True, as_index=False)
    means = means.agg(score_=("score_", "mean"), lost_=("diverged", "any"))
    means = means.sort_values([*setting, "learning_rate"], ignore_index=True)
    neighbours = means.groupby(setting, dropna=False, observed=True)[["score_", "lost_"]]
    for side, step in (("low", 1), ("high", -1)):
        means[[f"score_{side}", f"lost_{side}"]] = neighbours.shift(step)
    found = chosen[[*setting, "learning_rate"]].merge(means, how="left")
    floor = found["score_"] * (0.5 if kind == "accuracy" else 2.0)
    low, high = (
        (found[f"lost_{side}"].eq(True) | (found[f"score_{side}"] < floor)).to_numpy()
        for side in ("low", "high")
    )
    worse_below = (found["score_low"] < found["score_high"]).to_numpy()
    return np.select([low & high & worse_below, high, low], ["low", "high", "low"], "")
