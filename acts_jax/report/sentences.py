"""What a sweep says, in sentences computed from its results: the headline and the captions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from acts_jax.analysis import comparison, statistics
from acts_jax.report.style import brief, percent, score, spelt
from acts_jax.words import count, join

UNEVEN = 1.5  # times the examples of the smallest class, above which the largest hides the others


def uneven(class_counts: Mapping[str, int]) -> bool:
    """Whether one class has so many more examples than another that accuracy is mostly its own."""
    return bool(class_counts) and max(class_counts.values()) > UNEVEN * min(class_counts.values())


def headline(
    results: pd.DataFrame,
    selection: pd.DataFrame,
    comparisons: pd.DataFrame,
    chance: float | None,
    class_counts: Mapping[str, int] | None = None,
) -> list[str]:
    """What the sweep says, in sentences of plain text.

    Best and tied, uneven classes, at chance, diverged, edges.
    """
    kind = statistics.score_name(results)
    trained = selection[selection["lost_share"] < 1]
    sentences = [
        _best_sentence(row, trained, comparisons, kind)
        for row in comparison.leaders(trained, comparisons, kind).itertuples()
    ]
    if uneven(class_counts or {}):
        sentences.append(_balance_sentence(trained, class_counts))
    if chance is not None and kind == "accuracy":
        stuck = trained[statistics.at_chance(trained, chance)]
        if len(stuck):
            sentences.append(
                f"At chance ({percent(chance)}) even at its best setting: {_by_depth(stuck)}."
            )
    return sentences + _warnings(results, selection)


def _best_sentence(row, selection, comparisons, kind: str) -> str:
    at_depth = selection[selection["depth"] == row.depth].set_index("activation")
    best = at_depth.loc[row.activation]
    value = score(best[f"test_{kind}"], kind)
    value = f"{value} test accuracy" if kind == "accuracy" else f"a test {spelt(kind)} of {value}"
    is_best = "is best with" if len(at_depth) > 1 else "comes to"
    sentence = f"Depth {row.depth}: {row.activation} {is_best} {value}{_interval(best, kind)}."
    if row.tied:
        sentence += f" With {best['seeds']} seeds {join(row.tied)} cannot be told from it."
    if row.behind:
        gaps = at_depth.loc[list(row.behind), f"test_{kind}"] - best[f"test_{kind}"]
        sentence += f" Behind: {join(f'{n} ({gap(g, kind)})' for n, g in gaps.items())}."
    if row.untested:
        untested = [n for n in row.untested if n in at_depth.index]
        sentence += f" Too few seeds to compare it with {join(untested)}." if untested else ""
    return sentence


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
        f" The highest on test, at the settings chosen by validation accuracy, is "
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
            sentence = f"{len(lost)} of {total} {word} ({percent(len(lost) / len(results))})"
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
    for end, word in (("low", "lowest"), ("high", "highest")):
        edge = selection[(selection["at_edge"] == end) & (selection["lost_share"] < 1)]
        if len(edge):
            sentences.append(
                f"The chosen learning rate is the {word} of those swept, so a better one may lie "
                f"beyond: {_by_depth(edge)}."
            )
    return sentences


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
    """A signed difference of accuracies, in percentage points, or of errors."""
    text = f"{100 * difference:+.1f} points" if kind == "accuracy" else f"{difference:+.2g}"
    return text.replace("-", "−")


def captions(
    results: pd.DataFrame, curves: pd.DataFrame, selection: pd.DataFrame
) -> dict[str, str]:
    """One sentence per figure of `draw`, about what it shows in these data; "" if nothing."""
    kind = statistics.score_name(results)
    best = statistics.chosen(results, selection)
    mine = curves[curves["cell"].isin(best["cell"])]
    said = {
        "test_table": _table_caption(selection, kind),
        "learning_rate": _rate_caption(selection),
        "dead_units": _dead_caption(results),
    }
    if statistics.has_gradients(mine):
        said["gradient_norm"] = _gradient_caption(mine)
    return said | {"learned_parameters": _learned_caption(mine)}


def _table_caption(selection: pd.DataFrame, kind: str) -> str:
    column = f"test_{kind}"
    trained = selection[selection["lost_share"] < 1]
    table = trained.pivot(index="activation", columns="depth", values=column)
    if table.size < 2:
        return ""
    if table.shape[1] < 2:
        ranked = trained.sort_values(column, ascending=kind == "rmse")
        first, last = ranked.iloc[0], ranked.iloc[-1]
        return (
            f"From {first['activation']} ({score(first[column], kind)}) to "
            f"{last['activation']} ({score(last[column], kind)})."
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
