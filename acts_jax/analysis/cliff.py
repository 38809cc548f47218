"""Whether training breaks at the learning rate next to a chosen one."""

from __future__ import annotations

import numpy as np
import pandas as pd


def at_cliff(
    frame: pd.DataFrame,
    chosen: pd.DataFrame,
    by: list[str],
    others: list[str],
    kind: str,
    chance: float = 0.0,
) -> np.ndarray:
    """Tell on which side of the chosen rates training breaks at the next rate that was tried.

    It breaks where a larger share of the seeds diverges or fails than at the chosen rate; and, at
    the next higher rate, where networks collapse: the mean validation accuracy has lost more than
    half of what the chosen rate gains over `chance` (in regression, the RMSE more than doubles). A
    lower rate without lost seeds breaks nothing, however low its score: networks have learnt less
    there in the same number of epochs.

    Args:
        frame: Cells with lost ones counted, see `statistics.scores`.
        chosen: A row per group of `by` with the chosen setting.
        by: The columns of a group.
        others: The axes besides the learning rate whose values a neighbour shares.
        kind: "accuracy" or "rmse".
        chance: The accuracy of guessing; with 0, which is below it, a collapse may be overlooked.

    Returns:
        Per row of `chosen` "low", "high" or ""; "high" if both sides break. "" if `by` holds the
        learning rate, which then was not chosen.
    """
    if "learning_rate" in by:
        return np.full(len(chosen), "")
    setting = [*by, *others]
    means = frame.groupby([*setting, "learning_rate"], dropna=False, observed=True, as_index=False)
    means = means.agg(score_=(f"validation_{kind}", "mean"), lost_=("diverged", "mean"))
    means = means.sort_values([*setting, "learning_rate"], ignore_index=True)
    neighbours = means.groupby(setting, dropna=False, observed=True)[["score_", "lost_"]]
    for side, step in (("low", 1), ("high", -1)):
        means[[f"score_{side}", f"lost_{side}"]] = neighbours.shift(step)
    found = chosen[[*setting, "learning_rate"]].merge(means, how="left")
    low, high = (found[f"lost_{side}"] > found["lost_"] for side in ("low", "high"))
    if kind == "accuracy":
        collapsed = found["score_high"] - chance < (found["score_"] - chance) / 2
    else:
        collapsed = found["score_high"] > 2 * found["score_"]
    return np.select([high | collapsed, low], ["high", "low"], "")
