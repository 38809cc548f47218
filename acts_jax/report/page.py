"""report.html: one self-contained page about a sweep, and the table for the terminal.

Every sentence is computed from the results. Every text from outside is escaped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.markup import escape as escape_markup
from rich.table import Table

from acts_jax.report import figures, statistics
from acts_jax.report.layout import brief, percent, score


def build(
    results: pd.DataFrame,
    curves: pd.DataFrame,
    *,
    title: str,
    facts: Mapping[str, str],
    path: str | Path,
    config: str = "",
    chance: float | Mapping[str, float] | None = None,
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

    Raises:
      ValueError: `results` is empty.
    """
    path = Path(path)
    if results.empty:
        raise ValueError("the results have no rows: no cell of this sweep has finished yet")
    sections, drawn = [], {}
    for dataset, cells in results.groupby("dataset", observed=True):
        level = chance.get(dataset) if isinstance(chance, Mapping) else chance
        mine = curves[curves["cell"].isin(cells["cell"])]
        found = draw(cells, mine, chance=level)
        several = results["dataset"].nunique() > 1
        drawn |= {f"{dataset}_{n}" if several else n: figure for n, figure in found.items()}
        sections.append(_section(str(dataset), cells, mine, found, level))
    page = _page(title, sections, facts, config, path)
    figures.save(drawn, path.parent / "figures")
    return write(path, page)


def write(path: str | Path, page: str) -> Path:
    """Replace the page at `path` atomically; its folder is made if need be."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(path)
    return path


def draw(
    results: pd.DataFrame, curves: pd.DataFrame, *, chance: float | None = None
) -> dict[str, Figure]:
    """The figures of one dataset by name; those that the curves have no data for are left out."""
    best = statistics.chosen(results, statistics.select(results))
    mine = curves[curves["cell"].isin(best["cell"])]
    drawn = {
        "test_table": figures.accuracy_table(results),
        "learning_rate": figures.accuracy_by_learning_rate(results, chance),
        "dead_units": figures.dead_units(results),
    }
    if _has_gradients(mine):
        drawn["gradient_norm"] = figures.gradient_norm_by_layer(mine)
    if len(statistics.learned_parameters(mine)):
        drawn["learned_parameters"] = figures.learned_parameters(mine)
    return drawn


def _has_gradients(curves: pd.DataFrame) -> bool:
    return bool(np.isfinite(curves.loc[curves["metric"] == "gradient_norm", "value"]).any())


def headline(
    results: pd.DataFrame, selection: pd.DataFrame, comparisons: pd.DataFrame, chance: float | None
) -> list[str]:
    """What the sweep says, in sentences of plain text: best, tied, at chance, diverged, edges."""
    kind = statistics.measure(results)
    trained = selection[selection["diverged_share"] < 1]
    sentences = [
        _best_sentence(row, trained, comparisons, kind)
        for row in statistics.leaders(trained, comparisons, kind).itertuples()
    ]
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
    sentence = (
        f"Depth {row.depth}: {row.activation} is best with {score(best[f'test_{kind}'], kind)} "
        f"test {kind}{_interval(best, kind)}."
    )
    if row.tied:
        sentence += f" With {best['seeds']} seeds {_join(row.tied)} cannot be told from it."
    if row.behind:
        gaps = at_depth.loc[list(row.behind), f"test_{kind}"] - best[f"test_{kind}"]
        sentence += f" Behind: {_join(f'{n} ({_gap(g, kind)})' for n, g in gaps.items())}."
    if row.untested:
        untested = [n for n in row.untested if n in at_depth.index]
        sentence += f" Too few seeds to compare it with {_join(untested)}." if untested else ""
    return sentence


def _warnings(results: pd.DataFrame, selection: pd.DataFrame) -> list[str]:
    sentences = []
    lost = int(results["status"].ne("ok").sum())
    if lost:
        worst = selection.loc[selection["diverged_share"].idxmax()]
        sentences.append(
            f"{lost} of {len(results)} cells diverged ({percent(lost / len(results))}), the "
            f"largest share with {worst['activation']} at depth {worst['depth']} "
            f"({percent(worst['diverged_share'])})."
        )
    for end, word in (("low", "lowest"), ("high", "highest")):
        edge = selection[(selection["at_edge"] == end) & (selection["diverged_share"] < 1)]
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
        parts.append(f"{name} (depth{'s' if len(depths) > 1 else ''} {_join(map(str, depths))})")
    return _join(parts)


def _join(names: Iterable[str]) -> str:
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _interval(row: pd.Series, kind: str) -> str:
    if not np.isfinite(row["low"]):
        return ""
    return f" (95% interval {score(row['low'], kind)} to {score(row['high'], kind)})"


def _gap(difference: float, kind: str) -> str:
    text = f"{100 * difference:+.1f} points" if kind == "accuracy" else f"{difference:+.2g}"
    return text.replace("-", "−")


def captions(
    results: pd.DataFrame, curves: pd.DataFrame, selection: pd.DataFrame
) -> dict[str, str]:
    """One sentence per figure of `draw`, about what it shows in these data."""
    kind = statistics.measure(results)
    best = statistics.chosen(results, selection)
    mine = curves[curves["cell"].isin(best["cell"])]
    said = {
        "test_table": _table_caption(selection, kind),
        "learning_rate": _rate_caption(selection),
        "dead_units": _dead_caption(results),
    }
    if _has_gradients(mine):
        said["gradient_norm"] = _gradient_caption(mine)
    return said | {"learned_parameters": _learned_caption(mine)}


def _table_caption(selection: pd.DataFrame, kind: str) -> str:
    column = f"test_{kind}"
    table = selection.pivot(index="activation", columns="depth", values=column)
    if table.shape[1] < 2:
        ranked = selection.sort_values(column, ascending=kind == "loss")
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
    return (
        f"Depth costs {name} most: {score(table.loc[name, low], kind)} at depth {low}, "
        f"{score(table.loc[name, high], kind)} at depth {high}."
    )


def _rate_caption(selection: pd.DataFrame) -> str:
    rates = selection["learning_rate"]
    low, high = selection.loc[rates.idxmin()], selection.loc[rates.idxmax()]
    if low["learning_rate"] == high["learning_rate"]:
        return f"The chosen learning rate is {rates.iloc[0]:.3g} everywhere."
    return (
        f"The chosen learning rate runs from {low['learning_rate']:.3g} ({low['activation']}, "
        f"depth {low['depth']}) to {high['learning_rate']:.3g} ({high['activation']}, depth "
        f"{high['depth']})."
    )


def _dead_caption(results: pd.DataFrame) -> str:
    keys = ["activation", "depth", "learning_rate"]
    share = results.groupby(keys, observed=True)["dead_fraction"].mean()
    if not share.max() > 0:
        return "No hidden unit was dead at the end of any cell."
    name, depth, rate = share.idxmax()
    most = percent(share.max())
    return f"Most dead units: {name} at depth {depth} with learning rate {rate:.3g}, {most}."


def _gradient_caption(curves: pd.DataFrame) -> str:
    table = statistics.gradient_norms(curves)
    table = table[table["epoch"] == table["epoch"].min()]
    lines = table.sort_values("layer").groupby(["activation", "depth"])["median"]
    ratio = (lines.first() / lines.last()).replace(np.inf, np.nan).dropna()
    if ratio.empty:
        return "No gradient reaches the readout."
    (small, small_depth), (large, large_depth) = ratio.idxmin(), ratio.idxmax()
    when = table["moment"].iloc[0]
    return (
        f"Layer 1 over readout, {when}: from {brief(ratio.min())} ({small}, depth {small_depth}) "
        f"to {brief(ratio.max())} ({large}, depth {large_depth})."
    )


def _learned_caption(curves: pd.DataFrame) -> str:
    learned = statistics.learned_parameters(curves)
    parts = []
    for metric, rows in learned[learned["epoch"] == learned["epoch"].max()].groupby("metric"):
        means = rows.groupby(["depth", "layer"], dropna=False)["value"].mean()
        parts.append(f"{metric} ends between {means.min():.2f} and {means.max():.2f}")
    return f"Means by layer over seeds: {_join(parts)}." if parts else ""


def terminal_table(selection: pd.DataFrame) -> Table:
    """The selection as a compact table for a terminal of 80 columns."""
    kind = "accuracy" if selection["test_accuracy"].notna().any() else "loss"
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    several = selection["dataset"].nunique() > 1
    if several:
        table.add_column("dataset")
    table.add_column("activation", overflow="fold", min_width=10)
    for column in ("depth", "best lr", f"test {kind}", "dead", "diverged"):
        table.add_column(column, justify="right", no_wrap=True)
    order, ascending = ["dataset", "depth", f"test_{kind}"], [True, True, kind == "loss"]
    for row in selection.sort_values(order, ascending=ascending).itertuples():
        mark = {"": " ", "low": "↓", "high": "↑"}[row.at_edge]
        failed = row.diverged_share == 1
        table.add_row(
            *([escape_markup(str(row.dataset))] if several else []),
            escape_markup(str(row.activation)),
            str(row.depth),
            "–" if failed else f"{row.learning_rate:.3g}{mark}",
            "all diverged" if failed else _plus_minus(row, kind),
            percent(row.dead_fraction),
            percent(row.diverged_share),
        )
    if (selection["at_edge"] != "").any():
        table.caption = "↓ ↑ the lowest or highest rate swept: a better one may lie beyond"
    return table


def _plus_minus(row, kind: str) -> str:
    value, half = getattr(row, f"test_{kind}"), (row.high - row.low) / 2
    if not np.isfinite(half):
        return score(value, kind)
    if kind == "loss":
        return f"{value:.3g} ± {half:.2g}"
    return f"{100 * value:.1f} ± {100 * half:.1f}%"


def _section(dataset, results, curves, drawn: Mapping[str, Figure], chance) -> str:
    selection, comparisons = statistics.select(results), statistics.paired(results)
    said = captions(results, curves, selection)
    sentences = headline(results, selection, comparisons, chance)
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    plates = "".join(_figure(name, figure, said[name]) for name, figure in drawn.items())
    return (
        f"<section><h2>{escape(dataset)}</h2><ul class=headline>{items}</ul>"
        f"<h3>Chosen settings</h3>{_selection_html(results, selection)}{plates}"
        f"{_comparisons_html(selection, comparisons, statistics.measure(results))}</section>"
    )


def _figure(name: str, figure: Figure, caption: str) -> str:
    label = escape(name.replace("_", " "), quote=True)
    return (
        f"<figure role=group aria-label='{label}'>{figures.svg(figure)}"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _selection_html(results: pd.DataFrame, selection: pd.DataFrame) -> str:
    kind = statistics.measure(results)
    others = [
        c for c in statistics.nuisances(results, ["activation", "depth"]) if c != "learning_rate"
    ]
    heads = ["depth", "activation", "learning rate", *others, f"validation {kind}", f"test {kind}"]
    heads += ["95% interval", "seeds", "dead", "saturated", "diverged"]
    ordered = selection.sort_values(["depth", f"test_{kind}"], ascending=[True, kind == "loss"])
    new = ordered["depth"].ne(ordered["depth"].shift())
    rows = "".join(
        f"<tr{' class=new' if first else ''}>{_selection_row(row, others, kind)}</tr>"
        for first, (_, row) in zip(new, ordered.iterrows(), strict=True)
    )
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    note = (
        "The setting of each row is the best on validation; test scores describe it. The interval "
        "covers seeds, not the choice of test examples. Dead and saturated: shares of the hidden "
        "units. Diverged: share of all cells of the row's activation and depth."
    )
    return (
        f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<p class=note>{note}</p>"
    )


def _selection_row(row: pd.Series, others: list[str], kind: str) -> str:
    edge = {"": "", "low": "lowest swept", "high": "highest swept"}[row["at_edge"]]
    rate = f"{row['learning_rate']:.3g}" + (f" <em>{edge}</em>" if edge else "")
    failed = row["diverged_share"] == 1
    low, high = (score(row[c], kind) for c in ("low", "high"))
    cells = [
        str(row["depth"]),
        escape(str(row["activation"])),
        "–" if failed else rate,
        *("–" if pd.isna(row[c]) else escape(_plain(row[c])) for c in others),
        "–" if failed else score(row[f"val_{kind}"], kind),
        "<em>all diverged</em>" if failed else score(row[f"test_{kind}"], kind),
        "–" if failed or low == "–" else f"{low} – {high}",
        str(row["seeds"]),
        *(percent(row[c]) for c in ("dead_fraction", "saturated_fraction", "diverged_share")),
    ]
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _plain(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _comparisons_html(selection: pd.DataFrame, comparisons: pd.DataFrame, kind: str) -> str:
    tested = comparisons[comparisons["test"] != ""]
    if tested.empty:
        return "<p class=note>One seed or one activation: nothing to compare in pairs.</p>"
    seeds, used = tested["seeds"].max(), _join(sorted(tested["test"].unique()))
    unit = "in percentage points" if kind == "accuracy" else "of loss"
    matrices = "".join(
        _matrix(depth, selection[selection["depth"] == depth], rows, kind)
        for depth, rows in comparisons.groupby("depth")
    )
    note = (
        f"Row minus column, {unit} of the test {kind}, each at its own chosen setting, mean of "
        f"differences over {seeds} common seeds. Bold: p below 0.05 ({used} test, corrected for "
        f"all pairs of a depth by Holm's method). With {seeds} seeds a sign-flip test cannot go "
        f"below p = {brief(2.0 ** (1 - seeds))}. Point at a number for its bootstrap interval "
        "and p-values."
    )
    return (
        f"<h3>Paired comparisons</h3><p class=note>{note}</p><div class=matrices>{matrices}</div>"
    )


def _matrix(depth, selection: pd.DataFrame, comparisons: pd.DataFrame, kind: str) -> str:
    order = list(selection.sort_values(f"test_{kind}", ascending=kind == "loss")["activation"])
    entries = {}
    for row in comparisons.itertuples():
        tip = (
            f"{brief(row.low)} to {brief(row.high)}; p {brief(row.p_value)}, "
            f"Holm {brief(row.p_holm)}, sign flip {brief(row.p_sign_flip)}"
        )
        for pair, sign in (((row.activation, row.other), 1), ((row.other, row.activation), -1)):
            entries[pair] = (
                sign * row.difference,
                row.p_holm,
                f"{row.activation} − {row.other}: {tip}",
            )
    head = "".join(f"<th class=up><span>{escape(str(name))}</span></th>" for name in order)
    body = "".join(
        f"<tr><th>{escape(str(a))}</th>"
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
    text = _gap(difference, kind).removesuffix(" points")
    return f'<td title="{escape(tip)}">' + (f"<b>{text}</b>" if p < 0.05 else text) + "</td>"


def _page(
    title: str, sections: list[str], facts: Mapping[str, str], config: str, path: Path
) -> str:
    listed = "".join(
        f"<dt>{escape(str(k))}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items()
    )
    configuration = f"<h2>Configuration</h2><pre>{escape(config)}</pre>" if config else ""
    load = (
        f"import acts_jax\n\nresults = acts_jax.load_results({str(path.parent)!r})\n"
        f"curves = acts_jax.load_curves({str(path.parent)!r})"
    )
    return document(
        title,
        f"<h1>{escape(title)}</h1>{''.join(sections)}"
        f"<section><h2>How these results came about</h2><dl>{listed}</dl>{configuration}"
        f"<h2>Load them in Python</h2><pre>{escape(load)}</pre></section>",
    )


def document(title: str, body: str, css: str = "") -> str:
    """A page in the house style.

    Args:
      title: plain text.
      body: HTML, escaped already.
      css: rules that this page adds.
    """
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{CSS}{css}</style></head><body><main>"
        f"{body}</main></body></html>\n"
    )


CSS = """
:root { color-scheme: light dark; --ink: #1d1d1f; --faint: #62626a; --rule: #d9d9dd;
  --ground: #fdfdfc; --alarm: #a3271f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e9ea; --faint: #a2a2aa; --rule: #3a3a40; --ground: #131316; --alarm: #ff9e94; }
  figure svg { filter: invert(1) hue-rotate(180deg); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1rem 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.8rem 0 .5rem; }
ul.headline { padding-left: 1.1rem; max-width: 50rem; } ul.headline li { margin: .3rem 0; }
.note, figcaption { color: var(--faint); font-size: .875rem; max-width: 50rem; }
.wide, .matrices, pre { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
thead th { font-weight: 600; text-align: right; vertical-align: bottom;
  border-bottom: 1px solid var(--ink); }
th, td { padding: .16rem .6rem; text-align: right; white-space: nowrap; }
.wide th:nth-child(2), .wide td:nth-child(2) { text-align: left; }
.wide tbody tr { border-bottom: 1px solid var(--rule); }
.wide tr.new { border-top: 1px solid var(--ink); }
em { color: var(--alarm); font-style: normal; }
figure { margin: 2rem 0; overflow-x: auto; }
figure svg { max-width: 100%; min-width: min(40rem, 100% + 16rem); height: auto; display: block; }
figcaption { margin-top: .4rem; }
.matrices { display: flex; flex-wrap: wrap; gap: 1.5rem 2.5rem; }
.matrix { font-size: .78rem; } .matrix th, .matrix td { padding: .1rem .35rem; }
.matrix caption { text-align: left; font-weight: 600; padding-bottom: .2rem; }
.matrix tbody th { font-weight: 400; } .matrix td { color: var(--faint); }
.matrix td b { color: var(--ink); }
th.up span { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: 400; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; font-size: .875rem; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
pre { font-size: .8rem; background: color-mix(in srgb, var(--ink) 6%, transparent);
  padding: .8rem 1rem; border-radius: 4px; }
@media print { body { font-size: 10pt; } main { max-width: none; padding: 0; }
  figure, .matrix, tr { break-inside: avoid; } pre { white-space: pre-wrap; } }
"""
