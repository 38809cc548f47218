"""What a sweep says, in sentences computed from its results: the headline and the captions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from acts_jax.analysis import statistics
from acts_jax.analysis.stages import CONFIRMED
from acts_jax.analysis.verdicts import BETTER, EQUIVALENT, UNDECIDED, WORSE
from acts_jax.report.style import brief, percent, score, spelt
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
    sentences = [_tested_sentence(trained, comparisons, kind)] if len(trained) else []
    for depth, rows in trained.groupby("depth"):
        ranked = rows.sort_values("score", ascending=kind == "rmse", kind="stable")
        sentences.append(_best_sentence(depth, ranked, comparisons, kind))
    if uneven(class_counts or {}):
        sentences.append(_balance_sentence(trained, class_counts))
    if chance is not None and kind == "accuracy":
        found = trained.assign(test_accuracy=trained["score"])
        stuck = trained[statistics.at_chance(found, chance)]
        if len(stuck):
            sentences.append(
                f"At chance ({percent(chance)}) even at its best setting: {_by_depth(stuck)}."
            )
    return sentences + _warnings(results, reported)


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


def captions(results: pd.DataFrame, curves: pd.DataFrame, reported: pd.DataFrame) -> dict[str, str]:
    """One sentence per figure of `draw`, about what it shows in these data; "" if nothing."""
    kind = statistics.score_name(results)
    best = statistics.chosen(results, reported)
    mine = curves[curves["cell"].isin(best["cell"])]
    said = {
        "test_table": _table_caption(reported, kind),
        "learning_rate": _rate_caption(reported),
        "dead_units": _dead_caption(results),
    }
    if statistics.has_gradients(mine):
        said["gradient_norm"] = _gradient_caption(mine)
    return said | {"learned_parameters": _learned_caption(mine)}


def _table_caption(reported: pd.DataFrame, kind: str) -> str:
    trained = reported[reported["lost_share"] < 1]
    table = trained.pivot(index="activation", columns="depth", values="score")
    if table.size < 2:
        return ""
    if table.shape[1] < 2:
        ranked = trained.sort_values("score", ascending=kind == "rmse")
        first, last = ranked.iloc[0], ranked.iloc[-1]
        return (
            f"From {first['activation']} ({score(first['score'], kind)}) to "
            f"{last['activation']} ({score(last['score'], kind)})."
        )
    low, high = table.columns[0], table.columns[-1]
    change = (table[high] - table[low]) * (1 if kind == "accuracy" else -1)
    name = change.replace([np.inf, -np.inf], np.nan).idxmin() if change.notna().any() else None
    if name is None:
        return "No activation has results at both the least and the greatest depth."
    found = (
        f"{score(table.loc[name, low], kind)} at depth {low}, "
        f"{score(table.loc[name, high], kind)} at depth {high}."
    )
    if change[name] >= 0:
        return f"Depth costs none of them anything; it gives {name} least: {found}"
    return f"Depth costs {name} most: {found}" if len(table) > 1 else f"{name}: {found}"


def _rate_caption(selection: pd.DataFrame) -> str:
    selection = selection[selection["lost_share"] < 1]
    if selection.empty:
        return "No cell was trained to the end."
    rates = selection["learning_rate"]
    if rates.nunique() == 1:
        everywhere = " everywhere" if len(rates) > 1 else ""
        return f"The chosen learning rate is {brief(rates.iloc[0], 3)}{everywhere}."
    low, high = (
        f"{brief(row['learning_rate'], 3)} ({row['activation']}, depth {row['depth']})"
        for row in (selection.loc[rates.idxmin()], selection.loc[rates.idxmax()])
    )
    return f"The chosen learning rate runs from {low} to {high}."


def _dead_caption(results: pd.DataFrame) -> str:
    keys = ["activation", "depth", "learning_rate"]
    share = results.groupby(keys, observed=True)["dead_fraction"].mean()
    if not share.max() > 0:
        return "No hidden unit was dead at the end of any cell."
    name, depth, rate = share.idxmax()
    most = percent(share.max())
    return f"Most dead units: {name} at depth {depth} with learning rate {brief(rate, 3)}, {most}."


def _gradient_caption(curves: pd.DataFrame) -> str:
    table = statistics.gradient_norms(curves)
    table = table[table["moment"] == table["moment"].iloc[0]]
    lines = table.sort_values("layer").groupby(["activation", "depth"])["median"]
    ratio = (lines.first() / lines.last()).replace(np.inf, np.nan).dropna()
    if ratio.empty:
        return "No gradient reaches the readout."
    said = f"Layer 1 over readout, {table['moment'].iloc[0]}"
    if len(ratio) == 1:
        return f"{said}: {brief(ratio.min())}."
    ends = ratio.idxmin(), ratio.idxmax()
    low, high = (f"{brief(ratio[name, depth])} ({name}, depth {depth})" for name, depth in ends)
    return f"{said}: from {low} to {high}."


def _learned_caption(curves: pd.DataFrame) -> str:
    learned = statistics.learned_parameters(curves)
    parts = []
    for metric, rows in statistics.ends(learned).groupby("metric"):
        means = rows.groupby(["depth", "layer"], dropna=False)["value"].mean()
        parts.append(f"{metric} ends between {means.min():.2f} and {means.max():.2f}")
    return f"Means by layer over seeds: {join(parts)}." if parts else ""
