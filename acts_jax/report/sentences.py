"""What a sweep says, in sentences computed from its results."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from acts_jax.analysis import statistics
from acts_jax.analysis.stages import CONFIRMED
from acts_jax.analysis.verdicts import BETTER, EQUIVALENT, UNDECIDED, WORSE
from acts_jax.report.style import percent, score, spelt
from acts_jax.words import count, join

UNEVEN = 1.5  # times the examples of the smallest class, above which the largest hides the others


def uneven(class_counts: Mapping[str, int]) -> bool:
    """Whether one class has so many more examples than another that accuracy is mostly its own."""
    return bool(class_counts) and max(class_counts.values()) > UNEVEN * min(class_counts.values())


def headline(
    results: pd.DataFrame,
    reported: pd.DataFrame,
    comparisons: pd.DataFrame | None,
    chance: float | None,
    class_counts: Mapping[str, int] | None = None,
) -> list[str]:
    """What the sweep says, in sentences of plain text.

    What was tested; the best of each depth, and how it stands to the others; uneven classes, at
    chance, diverged, edges and cliffs.

    Args:
        results: Of the networks that chose the settings.
        reported: Of `stages.by_stage`.
        comparisons: Of `verdicts.compare`; None where nothing is confirmed.
        chance: The accuracy of guessing; not mentioned when None.
        class_counts: Training examples of each class.
    """
    kind = statistics.score_name(results)
    trained = reported[reported["lost_share"] < 1]
    sentences = nothing_trained(reported) or [_tested_sentence(trained, comparisons, kind)]
    for depth, rows in trained.groupby("depth"):
        ranked = rows.sort_values("score", ascending=kind == "rmse", kind="stable")
        sentences.append(_best_sentence(depth, ranked, comparisons, kind))
    if uneven(class_counts or {}):
        sentences.append(_balance_sentence(trained, class_counts))
    if chance is not None and kind == "accuracy":
        stuck = trained[statistics.at_chance(trained["score"], chance)]
        if len(stuck):
            sentences.append(
                f"At chance ({percent(chance)}) even at its best setting: {_by_depth(stuck)}."
            )
    return sentences + _warnings(results, reported)


def nothing_trained(reported: pd.DataFrame) -> list[str]:
    """Say, in one sentence, that there is no score to report; nothing if there is one."""
    if (reported["lost_share"] < 1).any():
        return []
    if (reported["stage"] == CONFIRMED).any():
        return ["Nothing is confirmed: from fresh seeds no network was trained to its end."]
    return ["Nothing is confirmed: no network was trained to its end, at any setting."]


def _tested_sentence(reported: pd.DataFrame, comparisons: pd.DataFrame | None, kind: str) -> str:
    """What was tested, and in which words it is told."""
    if not (reported["stage"] == CONFIRMED).any():
        return (
            f"Nothing is confirmed: every test {spelt(kind)} here is tuned, from the seeds that "
            "chose the setting, and so too good. Differences were not tested."
        )
    seeds = int((reported["seeds"] + reported["failed"]).max())
    said = (
        f"Settings were chosen on validation; each test {spelt(kind)} is that of networks trained "
        f"anew at the chosen setting from {count(seeds, 'fresh seed')}."
    )
    if comparisons is None or comparisons["p_value"].isna().all():
        return said
    likewise = ", and likewise at other depths" if comparisons["depth"].nunique() > 1 else ""
    return (
        f"{said} Differences were tested over {comparisons['family'].iloc[0]}{likewise}: one is "
        "better or worse if p < 0.05 after Holm's correction, equivalent if its interval lies "
        f"within {comparisons['margin_in_words'].iloc[0]}, and undecided otherwise."
    )


def _best_sentence(
    depth: int, ranked: pd.DataFrame, comparisons: pd.DataFrame | None, kind: str
) -> str:
    """Which is best at a depth, and what was found of each of the others."""
    best = ranked.iloc[0]
    name, value = best["activation"], score(best["score"], kind)
    what = f"{value} test accuracy" if kind == "accuracy" else f"a test {spelt(kind)} of {value}"
    least = "highest" if kind == "accuracy" else "lowest"
    tuned = ", tuned" if best["stage"] != CONFIRMED else ""
    sentence = f"Depth {depth}: {name} comes to {what}{_interval(best, kind)}{tuned}"
    sentence += f", the {least} of {len(ranked)}." if len(ranked) > 1 else "."
    if comparisons is None:
        return sentence
    found = seen_from(name, comparisons[comparisons["depth"] == depth])
    found = found.set_index("other").reindex(ranked["activation"].iloc[1:])
    for verdict, introduced in CLAUSES.items():
        rows = found[found["verdict"] == verdict]
        if len(rows):
            told = [f"{n} ({_told(row, kind)})" for n, row in rows.iterrows()]
            sentence += f" {introduced} {join(told)}."
    return sentence


CLAUSES = {
    BETTER: "It is better than",
    WORSE: "It is worse than",
    EQUIVALENT: "Equivalent within the margin:",
    UNDECIDED: "Undecided, and how many seeds would decide:",
}


def _told(row: pd.Series, kind: str) -> str:
    """By how much two differ, or how many seeds would decide that."""
    if row["verdict"] != UNDECIDED:
        return gap(row["difference"], kind)
    needed = row["seeds_needed"]
    if np.isnan(needed):
        return "not known"
    return f"{needed:,.0f}" if np.isfinite(needed) else "no number"


def seen_from(name: str, comparisons: pd.DataFrame) -> pd.DataFrame:
    """The comparisons of one activation with others: as `activation`, and the verdict on it.

    Args:
        name: Of the activation.
        comparisons: Of `verdicts.compare`, of one group.
    """
    turned = comparisons[comparisons["other"] == name].rename(
        columns={"activation": "other", "other": "activation", "low": "high", "high": "low"}
    )
    turned[["difference", "low", "high"]] *= -1
    turned["verdict"] = turned["verdict"].replace({BETTER: WORSE, WORSE: BETTER})
    return pd.concat([comparisons[comparisons["activation"] == name], turned])


def _balance_sentence(selection: pd.DataFrame, class_counts: Mapping[str, int]) -> str:
    largest, smallest = (pick(class_counts, key=class_counts.get) for pick in (max, min))
    share = class_counts[largest] / class_counts[smallest]
    sentence = (
        f"The classes are uneven: {_class(largest)} has {share:.1f} times the training examples of "
        f"{_class(smallest)}. Balanced accuracy, the mean of the accuracies within each class, "
        f"counts them alike; naming one class always gives {percent(1 / len(class_counts))}."
    )
    if selection.empty:
        return sentence
    best = selection.loc[selection["test_balanced_accuracy"].idxmax()]
    return sentence + (
        f" The highest on test, tuned, is "
        f"{percent(best['test_balanced_accuracy'])}: {best['activation']} at depth {best['depth']}."
    )


def _class(name: str) -> str:
    return name if name.startswith("class") else f"class {name}"


def _warnings(results: pd.DataFrame, selection: pd.DataFrame) -> list[str]:
    sentences = []
    for word in ("diverged", "failed"):
        lost = results[results["status"] == word]
        if len(lost):
            total = count(len(results), "cell")
            all_lost = percent(len(lost) / len(results))
            sentence = f"{len(lost)} of {total} {word} while tuning ({all_lost})"
            share = selection[f"{word}_share"]
            if share.nunique() > 1:
                worst = selection.loc[share.idxmax()]
                sentence += (
                    f", the largest share with {worst['activation']} at depth {worst['depth']} "
                    f"({percent(share.max())})"
                )
            if word == "failed":
                sentence += f": {lost['reason'].iloc[0]}"
            sentences.append(sentence + "." * (not sentence.endswith(".")))
    died = selection[selection["failed"] > 0]
    if len(died):
        told = [
            f"{row['activation']} at depth {row['depth']} ({seeds(row, lost=True)}; 95% interval "
            f"of the share {percent(row['failed_low'])} to {percent(row['failed_high'])})"
            for _, row in died.iterrows()
        ]
        sentences.append(f"Fresh seeds that diverged or failed, without a score: {join(told)}.")
    for end, word in (("low", "lowest"), ("high", "highest")):
        edge = selection[(selection["at_edge"] == end) & (selection["lost_share"] < 1)]
        if len(edge):
            sentences.append(
                f"The chosen learning rate is the {word} of those tried, so a better one may lie "
                f"beyond: {_by_depth(edge)}."
            )
    cliff = selection[(selection["at_cliff"] != "") & (selection["lost_share"] < 1)]
    if len(cliff):
        sentences.append(
            f"At a cliff, training failing at the rate next to the chosen one: {_by_depth(cliff)}."
        )
    return sentences


def seeds(row: pd.Series, lost: bool = False) -> str:
    """The seeds that a score is the mean of, or those that were lost: `6 of 12` if some were."""
    every = f"{row['seeds'] + row['failed']:.0f}"
    if not row["failed"]:
        return every
    return f"{row['failed' if lost else 'seeds']:.0f} of {every}"


def _by_depth(rows: pd.DataFrame) -> str:
    """`sigmoid (depths 4 and 8) and sbaf (depth 8)`."""
    parts = []
    for name, group in rows.groupby("activation", observed=True):
        depths = sorted(group["depth"])
        parts.append(f"{name} (depth{'s' if len(depths) > 1 else ''} {join(map(str, depths))})")
    return join(parts)


def _interval(row: pd.Series, kind: str) -> str:
    if not np.isfinite(row["low"]):
        return ""
    return f" (95% interval {score(row['low'], kind)} to {score(row['high'], kind)})"


def gap(difference: float, kind: str) -> str:
    """A signed difference of accuracies, in percentage points, or of errors; `–` for NaN."""
    if not np.isfinite(difference):
        return "–"
    text = f"{100 * difference:+.1f}" if kind == "accuracy" else f"{difference:+.2g}"
    text = "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")
    return f"{text} points" if kind == "accuracy" else text
