"""What the results of a sweep say: the settings chosen, their scores, comparisons and ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from acts_jax.analysis import confirmed, ranking, stages, statistics, verdicts

WITHIN = ("depth",)  # what a score or a comparison is of, beside activation and dataset


class Evidence(NamedTuple):
    """What `weigh` returns.

    Attributes:
        reported: The chosen settings and their scores, see `stages.by_stage`.
        comparisons: Of their confirmed scores, see `verdicts.compare`; None without two activations
            to compare.
        ranks: See `ranking.over_all`; None with a single dataset and depth.
    """

    reported: pd.DataFrame
    comparisons: pd.DataFrame | None = None
    ranks: pd.DataFrame | None = None


def weigh(
    tuned: pd.DataFrame,
    again: pd.DataFrame | None = None,
    examples: pd.DataFrame | None = None,
    *,
    chance: Mapping[str, float],
    against: str | None = None,
    **margins: float,
) -> Evidence:
    """Weighs the results of a sweep, and of the confirmation of what it chose.

    Args:
        tuned: All cells that the settings were chosen from.
        again: The confirmed cells; None without any.
        examples: Scores of their test examples, see `confirmed.runs`.
        chance: Test accuracy of always naming the most frequent class, by dataset; NaN for a
            regression.
        against: The activation that all others are compared with; all pairs by default.
        margins: See `verdicts.compare`.
    """
    selection = statistics.select(tuned, chance=chance)
    if again is None:
        return Evidence(stages.by_stage(selection))
    scores = confirmed.reported(again, WITHIN, examples, chance)
    reported = stages.by_stage(selection, scores)
    if again["activation"].nunique() < 2:
        return Evidence(reported)
    comparisons = verdicts.compare(again, WITHIN, examples, against, **margins)
    return Evidence(reported, comparisons, ranking.over_all(again))
