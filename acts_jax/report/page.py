"""report.html: one self-contained page about a sweep, and the table for the terminal.

Every sentence is computed from the results. Every text from outside is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.table import Table
from rich.text import Text

from acts_jax.analysis import comparison, statistics
from acts_jax.report import figures, layer_figures
from acts_jax.report import sentences as wording
from acts_jax.report.html import definitions, document, write
from acts_jax.report.style import brief, fate, percent, plus_minus, score, shorten, spelt

MOST_LETTERS = 32  # of a name in the table for the terminal


def build(
    results: pd.DataFrame,
    curves: pd.DataFrame,
    *,
    title: str,
    facts: Mapping[str, str],
    path: str | Path,
    config: str = "",
    chance: float | Mapping[str, float] | None = None,
    class_counts: Mapping[str, Mapping[str, int]] | None = None,
) -> Path:
    """Write the report of a sweep to `path` and its figures, as PNG, to `figures/` beside it.

    Args:
        results: one row per cell.
        curves: one row per cell, metric, layer and evaluation; may be empty.
        title: of the page.
        facts: what the reader should know of how the results came about (machine, versions,
            seconds), in this order.
        path: of the page; replaced atomically. It loads nothing from elsewhere.
        config: the exact configuration, as text.
        chance: the accuracy of guessing, for all datasets or by dataset; not mentioned when None.
        class_counts: by dataset, the training examples of each class. Where one has more than
            `wording.UNEVEN` times those of another, balanced accuracy stands beside accuracy.

    Raises:
        ValueError: `results` is empty.
    """
    path = Path(path)
    if results.empty:
        raise ValueError("the results have no rows: no cell of this sweep has finished yet")
    sections, drawn = [], {}
    several = results["dataset"].nunique() > 1
    for dataset, cells in results.groupby("dataset", observed=True):
        level = chance.get(dataset) if isinstance(chance, Mapping) else chance
        mine = curves[curves["cell"].isin(cells["cell"])]
        found = draw(cells, mine, chance=level)
        drawn |= {f"{dataset}_{n}" if several else n: figure for n, figure in found.items()}
        counts = (class_counts or {}).get(dataset, {})
        heading = str(dataset) if several else "What came out"
        sections.append(_section(heading, cells, mine, found, level, counts))
    page = _page(title, sections, facts, config, path)
    figures.save(drawn, path.parent / "figures")
    return write(path, page)


def draw(
    results: pd.DataFrame, curves: pd.DataFrame, *, chance: float | None = None
) -> dict[str, Figure]:
    """The figures of one dataset by name, without those that would be empty.

    Of a single learning rate no curve can be drawn; the table of chosen settings has its points.
    """
    best = statistics.chosen(results, statistics.select(results))
    mine = curves[curves["cell"].isin(best["cell"])]
    drawn = {"test_table": figures.accuracy_table(results)}
    if results["learning_rate"].nunique() > 1:
        drawn["learning_rate"] = figures.accuracy_by_learning_rate(results, chance)
        if (results[["dead_fraction", "saturated_fraction"]].max() > 0).any():
            drawn["dead_units"] = figures.dead_units(results)
    if statistics.has_gradients(mine):
        drawn["gradient_norm"] = layer_figures.gradient_norm_by_layer(mine)
    if len(statistics.learned_parameters(mine)):
        drawn["learned_parameters"] = layer_figures.learned_parameters(mine)
    return drawn


def terminal_table(
    selection: pd.DataFrame, class_counts: Mapping[str, Mapping[str, int]] | None = None
) -> Table:
    """The result of `statistics.select` as a compact table for a terminal of 80 columns.

    With uneven class counts, see `build`, the balanced accuracy on test is in it.
    """
    regression = selection["test_accuracy"].isna()
    kind = "rmse" if regression.all() else "accuracy"
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    several = selection["dataset"].nunique() > 1
    if several:
        table.add_column("dataset")
    table.add_column("activation", overflow="fold", min_width=10)
    header = "test score" if regression.nunique() > 1 else f"test {spelt(kind)}"
    lost = _lost(selection)
    balanced = ["balanced"] if any(map(wording.uneven, (class_counts or {}).values())) else []
    for column in ("depth", "best lr", header, *balanced, "dead", *lost):
        table.add_column(column, justify="right", no_wrap=True)
    worse = selection["test_rmse"] if regression.any() else 0.0
    ranked = selection.assign(worse=(-selection["test_accuracy"]).where(~regression, worse))
    for _, row in ranked.sort_values(["dataset", "depth", "worse"]).iterrows():
        mark = {"": " ", "low": "↓", "high": "↑"}[row["at_edge"]]
        gone = row["lost_share"] == 1
        table.add_row(
            *([Text(str(row["dataset"]))] if several else []),
            Text(shorten(str(row["activation"]), MOST_LETTERS)),
            str(row["depth"]),
            "–" if gone else f"{brief(row['learning_rate'], 3)}{mark}",
            f"all {fate(row)}" if gone else _plus_minus(row),
            *(percent(row["test_balanced_accuracy"]) for _ in balanced),
            percent(row["dead_fraction"]),
            *(percent(row[f"{word}_share"]) for word in lost),
        )
    if (selection["at_edge"] != "").any():
        table.caption = "↓ ↑ the edge of the rates swept: better ones may lie beyond"
    return table


def _lost(selection: pd.DataFrame) -> list[str]:
    """Columns about cells without a score: diverged ones, and failed ones if there are any."""
    return ["diverged", "failed"] if selection["failed_share"].any() else ["diverged"]


def _plus_minus(row: pd.Series) -> str:
    kind, unit = ("rmse", "") if np.isnan(row["test_accuracy"]) else ("accuracy", "%")
    return plus_minus(row[f"test_{kind}"], statistics.half_width(row), kind) + unit


def _section(dataset, results, curves, drawn: Mapping[str, Figure], chance, counts) -> str:
    selection, comparisons = statistics.select(results), comparison.paired(results)
    said = wording.captions(results, curves, selection)
    sentences = wording.headline(results, selection, comparisons, chance, counts)
    uneven = wording.uneven(counts)
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    plates = "".join(_figure(name, figure, said[name]) for name, figure in drawn.items())
    return (
        f"<section><h2>{escape(dataset)}</h2><ul class=headline>{items}</ul>"
        f"<h3>Chosen settings</h3>{_selection_html(results, selection, uneven)}{plates}"
        f"{_comparisons_html(selection, comparisons, statistics.score_name(results))}</section>"
    )


def _figure(name: str, figure: Figure, caption: str) -> str:
    label, drawn = escape(name.replace("_", " "), quote=True), 72 * figure.get_figwidth()
    legend = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f"<figure role=group aria-label='{label}' style='--drawn:{drawn:.0f}pt'>"
        f"{figures.svg(figure)}{legend}</figure>"
    )


def _selection_html(results: pd.DataFrame, selection: pd.DataFrame, uneven: bool) -> str:
    kind = statistics.score_name(results)
    others = [
        c for c in statistics.nuisances(results, ["activation", "depth"]) if c != "learning_rate"
    ]
    if "width" in others and "hidden_sizes" in others:
        others.remove("hidden_sizes")  # the widths of as many equal layers as the depth says
    lost = _lost(selection)
    ordered = selection.sort_values(["depth", f"test_{kind}"], ascending=[True, kind == "rmse"])
    new = ordered["depth"].ne(ordered["depth"].shift())
    entries = [_entries(row, others, lost, kind, uneven) for _, row in ordered.iterrows()]
    head = "".join(f"<th>{escape(h)}</th>" for h in entries[0])
    rows = "".join(
        f"<tr{' class=new' if first else ''}><td>{'</td><td>'.join(row.values())}</td></tr>"
        for first, row in zip(new, entries, strict=True)
    )
    note = (
        "The setting of each row is the best on validation; test scores describe it. The interval "
        "covers seeds, not the choice of test examples. Dead and saturated: shares of the hidden "
        "units. Diverged: share of all cells of the row's activation and depth."
        + (" Failed: the share that could not be trained." if len(lost) > 1 else "")
        + _stopped_early(results, selection)
        + (" Balanced: the balanced accuracy on test." if uneven else "")
        + (" RMSE: root mean square error, in the target's units." if kind == "rmse" else "")
    )
    return (
        f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<p class=note>{note}</p>"
    )


def _entries(
    row: pd.Series, others: list[str], lost: list[str], kind: str, uneven: bool
) -> dict[str, str]:
    """Heading -> entry as HTML, of a row of the table of chosen settings."""
    edge = {"": "", "low": "lowest swept", "high": "highest swept"}[row["at_edge"]]
    rate = brief(row["learning_rate"], 3) + (f" <em>{edge}</em>" if edge else "")
    gone = row["lost_share"] == 1
    low, high = (score(row[c], kind) for c in ("low", "high"))
    tested = f"<em>all {fate(row)}</em>" if gone else score(row[f"test_{kind}"], kind)
    return {
        "depth": str(row["depth"]),
        # a name may go on in a new line after the dots and the colon of `package.module:name`
        "activation": re.sub(r"[.:](?=.)", r"\g<0><wbr>", escape(str(row["activation"]))),
        "learning rate": "–" if gone else rate,
        **{c: "–" if pd.isna(row[c]) else escape(_plain(row[c])) for c in others},
        f"validation {spelt(kind)}": "–" if gone else score(row[f"validation_{kind}"], kind),
        f"test {spelt(kind)}": tested,
        "95% interval": "–" if gone or low == "–" else f"{low} – {high}",
        **({"balanced": "–" if gone else percent(row["test_balanced_accuracy"])} if uneven else {}),
        "seeds": str(row["seeds"]),
        **{word: percent(row[f"{word}_fraction"]) for word in ("dead", "saturated")},
        **{word: percent(row[f"{word}_share"]) for word in lost},
    }


def _stopped_early(results: pd.DataFrame, selection: pd.DataFrame) -> str:
    """At which epochs patience kept the networks of the chosen settings, as a sentence."""
    cells = statistics.chosen(results, selection)
    if "patience" not in cells:
        return ""
    kept = cells.loc[(cells["patience"] > 0) & (cells["status"] == "ok"), "epoch"].astype(int)
    if kept.empty:
        return ""
    low, high = kept.min(), kept.max()
    after = f"{low} to {high} epochs (median {kept.median():g})" if low < high else f"epoch {low}"
    return f" Stopped early, each network is as it was best on validation: after {after}."


def _plain(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _comparisons_html(selection: pd.DataFrame, comparisons: pd.DataFrame, kind: str) -> str:
    tested = comparisons[comparisons["test"] != ""]
    if tested.empty:
        return "<p class=note>One seed or one activation: nothing to compare in pairs.</p>"
    seeds, used = tested["seeds"].max(), wording.join(sorted(tested["test"].unique()))
    unit, sign = "in percentage points", ""
    if kind == "rmse":
        unit, sign = "in the target's units", " Negative: the row is better."
    matrices = "".join(
        _matrix(depth, selection[selection["depth"] == depth], rows, kind)
        for depth, rows in comparisons.groupby("depth")
    )
    note = (
        f"Row minus column, {unit} of the test {spelt(kind)}, each at its own chosen setting, mean "
        f"of differences over {seeds} common seeds.{sign} Bold: p below 0.05 ({used} test, "
        f"corrected for all pairs of a depth by Holm's method). With {seeds} seeds a sign-flip "
        f"test cannot go below p = {brief(2.0 ** (1 - seeds))}. Point at a number for its "
        "bootstrap interval and p-values."
    )
    return (
        f"<h3>Paired comparisons</h3><p class=note>{note}</p><div class=matrices>{matrices}</div>"
    )


def _matrix(depth, selection: pd.DataFrame, comparisons: pd.DataFrame, kind: str) -> str:
    ranked = selection.sort_values(f"test_{kind}", ascending=kind == "rmse")
    order = list(map(str, ranked["activation"]))
    entries = {}
    for row in comparisons.itertuples():
        tip = (
            f"{row.activation} − {row.other}: {brief(row.low)} to {brief(row.high)}; p "
            f"{brief(row.p_value)}, Holm {brief(row.p_holm)}, sign flip {brief(row.p_sign_flip)}"
        )
        entries[row.activation, row.other] = row.difference, row.p_holm, tip
        entries[row.other, row.activation] = -row.difference, row.p_holm, tip
    head = "".join(
        f'<th class=up title="{escape(name)}"><span>{escape(shorten(name, 16))}</span></th>'
        for name in order
    )
    body = "".join(
        f'<tr><th title="{escape(a)}">{escape(shorten(a))}</th>'
        + "".join(_entry(entries.get((a, b)), kind) for b in order)
        + "</tr>"
        for a in order
    )
    return (
        f"<table class=matrix><caption>depth {depth}</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _entry(entry: tuple | None, kind: str) -> str:
    if entry is None:
        return "<td></td>"
    difference, p, tip = entry
    if not np.isfinite(difference):
        return "<td>–</td>"
    text = wording.gap(difference, kind).removesuffix(" points")
    return f'<td title="{escape(tip)}">' + (f"<b>{text}</b>" if p < 0.05 else text) + "</td>"


def _page(
    title: str, sections: list[str], facts: Mapping[str, str], config: str, path: Path
) -> str:
    configuration = f"<h2>Configuration</h2><pre>{escape(config)}</pre>" if config else ""
    load = (
        f"import acts_jax\n\nresults = acts_jax.load_results({str(path.parent)!r})\n"
        f"curves = acts_jax.load_curves({str(path.parent)!r})"
    )
    return document(
        title,
        f"<h1>{escape(title)}</h1>{''.join(sections)}"
        f"<section><h2>How these results came about</h2>{definitions(facts)}{configuration}"
        f"<h2>Load them in Python</h2><pre>{escape(load)}</pre></section>",
    )
