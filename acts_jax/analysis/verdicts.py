"""Which of two activations is better: paired comparisons of confirmed scores, in four words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from acts_jax.analysis import confirmed, intervals, significance
from acts_jax.suggestion import suggest
from acts_jax.words import count

BETTER = "better"
WORSE = "worse"
EQUIVALENT = "equivalent within the margin"
UNDECIDED = "undecided"
VERDICTS = (BETTER, WORSE, EQUIVALENT, UNDECIDED)

MOST_SEEDS = 1_000_000
"""A difference that so many seeds would not decide is decided by no number of them."""


def compare(
    results: pd.DataFrame,
    by: Sequence[str] = ("depth",),
    examples: pd.DataFrame | None = None,
    against: str | None = None,
    margin: float = 0.005,
    relative_margin: float = 0.05,
    level: float = 0.05,
) -> pd.DataFrame:
    """Compare activations pair by pair in each group of `by`, seed by seed and example by example.

    The test is Student's paired t whatever the number of seeds, widened by what the choice of test
    examples adds (`intervals`). Seeds at which one of the two failed are left out: what is compared
    are networks that train, so read it beside the failed shares of `confirmed.reported`.

    A pair is "equivalent within the margin" if its interval lies within ± margin (two one-sided
    tests, Schuirmann 1987; with the variance of a difference as large as the margin), else "better"
    or "worse" if the interval excludes 0, else "undecided". These intervals are corrected
    (`significance.step_down`) so that a family of pairs has a chance of at most `level` of any
    wrong word but "undecided". A family is one group: all its pairs, or those with `against`.

    Args:
        results: Confirmed cells, see `confirmed.runs`.
        by: Columns that part the groups, see `confirmed.runs`.
        examples: Scores of test examples, see `confirmed.runs`; without them the intervals cover
            the seeds alone, and a verdict holds for these very test examples.
        against: The activation to compare with each other one; all pairs if None.
        margin: Largest difference of accuracies that does not matter; half a point.
        relative_margin: The same of RMSEs, as a share of the smaller of the two means.
        level: Chance of a wrong verdict in a family.

    Returns:
        A row per pair: `by`, `activation`, `other`; `difference`, mean score of `activation` minus
        that of `other`; `low`, `high`, its interval at the confidence 1 - `level`, of this pair
        alone; `covers` ("seeds" or "seeds and test examples"); `seeds`, of which both trained, and
        `left_out`; `seed_error` and `example_error`, standard errors of the two parts;
        `p_sign_flip`, of the seeds alone (`significance.sign_flip`); `p_value`, of no difference;
        `p_equivalence`, 1 minus the confidence at which the interval reaches the margin (1 if the
        difference does); `p_holm` and `p_equivalence_holm`, corrected; `verdict`, on `activation`;
        `margin`, in the unit of the score, and `margin_in_words`; `seeds_needed`, the number of
        seeds that would decide if difference and variances stay what they are, inf if none would
        (see `outlook`); `family`, its name. With fewer than two common seeds, or scores that are
        all the same number and no `examples`, the interval is NaN and the verdict "undecided".

    Raises:
        ValueError: See `confirmed.runs`; an unknown `against`; no group with two activations; a
            margin that is not positive; a level outside (0, 1).
    """
    _refuse(results, against, {"margin": margin, "relative_margin": relative_margin}, level)
    tables = []
    for named, group in confirmed.runs(results, by, examples):
        dataset = {"dataset": results["dataset"].iat[0]} if "dataset" in results else {}
        table = _pairs(group, against, margin, relative_margin, level)
        if table is not None:
            table["margin_in_words"] = (
                f"{100 * margin:.3g} points"
                if group.kind == "accuracy"
                else f"{100 * relative_margin:.3g}% of the smaller error"
            )
            table["family"] = _family(table, group, against) + confirmed.place(dataset | named)
            for position, (column, value) in enumerate(named.items()):
                table.insert(position, column, value)
            tables.append(table)
    if not tables:
        raise ValueError(f"no two activations to compare within a group of {', '.join(by)}")
    return pd.concat(tables, ignore_index=True)


def _refuse(results, against, margins, level) -> None:
    for name, value in margins.items():
        if not value > 0:
            raise ValueError(f"{name} must be above 0, not {value}: 0.005 is half a point")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}: 0.05 is usual")
    names = set(results["activation"].astype(str))
    if against is not None and against not in names:
        raise ValueError(f"no confirmed results of {against!r}{suggest(against, names)}")
    if len(names) == 1:
        raise ValueError(f"{names.pop()} has nothing to be compared with: train another activation")


def _pairs(group: confirmed.Runs, against, margin, relative_margin, level) -> pd.DataFrame | None:
    """The pairs of one group; None if there are none."""
    names = group.activations
    pairs = list(itertools.combinations(range(len(names)), 2))
    if against is not None:
        own = [i for i, name in enumerate(names) if name == against]
        pairs = list(itertools.product(own, sorted({*range(len(names))} - {*own})))
    if not pairs:
        return None
    first, second = np.array(pairs).T
    estimates, covers = zip(*[group.estimate(*pair) for pair in pairs], strict=True)
    estimate = intervals.stack(estimates)
    if group.kind == "rmse":
        margin = relative_margin * _smaller_mean(group.scores[first], group.scores[second])
    margins = np.broadcast_to(margin, first.shape)
    found = verdicts(estimate, margins, level, group.kind)
    tested = max(int(np.isfinite(found["p_value"]).sum()), 1)
    differences = group.scores[first] - group.scores[second]
    half = estimate.half_width(1 - level)
    return pd.DataFrame(
        {
            "activation": [names[i] for i in first],
            "other": [names[i] for i in second],
            "difference": estimate.mean,
            "low": estimate.mean - half,
            "high": estimate.mean + half,
            "covers": covers,
            "seeds": estimate.seeds,
            "left_out": (group.ran[first] & group.ran[second]).sum(axis=1) - estimate.seeds,
            "seed_error": np.sqrt(estimate.seed_variance),
            "example_error": np.sqrt(estimate.example_variance),
            "p_sign_flip": [significance.sign_flip(row[np.isfinite(row)]) for row in differences],
            **found,
            "margin": margins,
            "seeds_needed": _seeds_needed(estimate, margins, 1 - level / tested),
        }
    )


def _smaller_mean(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The smaller of two mean scores [pair], over the seeds [pair, seed] that both have."""
    common = np.isfinite(first) & np.isfinite(second)
    seeds = np.where(common.any(axis=1), common.sum(axis=1), np.nan)
    means = [np.where(common, scores, 0.0).sum(axis=1) / seeds for scores in (first, second)]
    return np.minimum(*means)


def verdicts(
    estimate: intervals.Estimate, margin: np.ndarray, level: float = 0.05, kind: str = "accuracy"
) -> dict[str, np.ndarray]:
    """Verdicts on a family of differences, and what they follow from.

    Args:
        estimate: The differences [..., pair].
        margin: Largest differences that do not matter [..., pair], in the unit of `estimate`.
        level: Chance of a wrong verdict in the family.
        kind: "accuracy", of which more is better, or "rmse", of which less is.

    Returns:
        The columns p_value, p_equivalence, p_holm, p_equivalence_holm and verdict of `compare`.
    """
    p_value, slack = estimate.p_value(estimate.mean), margin - np.abs(estimate.mean)
    at_margin = estimate.at_larger(np.maximum(slack, 0)).p_value(slack)
    p_equivalence = np.where(slack > 0, at_margin, np.where(p_value >= 0, 1, np.nan))
    p_holm, p_equivalence_holm = significance.step_down(p_value, p_equivalence)
    higher = estimate.mean > 0 if kind == "accuracy" else estimate.mean < 0
    words = np.select(
        [p_equivalence_holm < level, (p_holm < level) & higher, p_holm < level],
        [EQUIVALENT, BETTER, WORSE],
        UNDECIDED,
    )
    return {
        "p_value": p_value,
        "p_equivalence": p_equivalence,
        "p_holm": p_holm,
        "p_equivalence_holm": p_equivalence_holm,
        "verdict": words,
    }


def _seeds_needed(estimate, margin: np.ndarray, confidence: float) -> np.ndarray:
    """Fewest seeds whose interval excludes 0 or keeps within the margin; inf if none, or NaN."""
    distance, slack = np.abs(estimate.mean), margin - np.abs(estimate.mean)
    at_margin = estimate.at_larger(np.maximum(slack, 0))

    def decide(seeds: np.ndarray) -> np.ndarray:
        differs = estimate.with_seeds(seeds).half_width(confidence) < distance
        return differs | (at_margin.with_seeds(seeds).half_width(confidence) < slack)

    few = np.ones(distance.shape)
    many = np.full(distance.shape, float(MOST_SEEDS))
    enough = decide(many)
    while np.any(many - few > 1):  # `few` seeds are not enough; `many` are, if any number is
        middle = np.floor((few + many) / 2)
        narrow = decide(middle)
        few, many = np.where(narrow, few, middle), np.where(narrow, middle, many)
    needed = np.where(enough, many, np.inf)
    return np.where(np.isfinite(estimate.seed_variance), needed, np.nan)


def outlook(row: pd.Series) -> str:
    """Say in a sentence what would decide an undecided row of `compare`; empty if decided."""
    if row["verdict"] != UNDECIDED:
        return ""
    if np.isnan(row["seeds_needed"]):
        return "Nothing can be said yet: two seeds at which both train are the least it takes."
    if np.isinf(row["seeds_needed"]):
        return (
            "If the difference stays so, no number of seeds would decide: a larger test set would."
        )
    seeds = count(int(row["seeds_needed"]), "seed")
    return f"If the difference stays so, about {seeds} would decide."


def _family(table: pd.DataFrame, group: confirmed.Runs, against: str | None) -> str:
    if against is not None:
        return f"{count(len(table), 'rival')} of {against}"
    return f"{count(len(table), 'pair')} of {len(group.activations)} activations"
