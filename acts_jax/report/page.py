"""report.html: one self-contained page about a sweep.

Every sentence is computed from the results. Every text from outside is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from acts_jax.analysis import evaluations, statistics
from acts_jax.analysis.stages import CONFIRMED
from acts_jax.report import figures, layer_figures
from acts_jax.report import sentences as wording
from acts_jax.report.captions import captions
from acts_jax.report.chosen import html_table
from acts_jax.report.html import definitions, document, plate, write
from acts_jax.report.matrices import html_matrices, html_ranks


def build(
    results: pd.DataFrame,
    curves: pd.DataFrame,
    reported: pd.DataFrame,
    comparisons: pd.DataFrame | None = None,
    ranks: pd.DataFrame | None = None,
    *,
    title: str,
    facts: Mapping[str, str],
    path: str | Path,
    config: str = "",
    methods: str = "",
    chance: float | Mapping[str, float] | None = None,
    class_counts: Mapping[str, Mapping[str, int]] | None = None,
    formats: Sequence[str] = ("png",),
) -> Path:
    """Write the report of a sweep to `path` and its figures to `figures/` beside it.

    Args:
        results: one row per cell that chose the settings.
        curves: one row per cell, metric, layer and evaluation; may be empty.
        reported: of `stages.by_stage`.
        comparisons: of `verdicts.compare`; None where nothing is confirmed.
        ranks: of `ranking.over_all`; None where there is one dataset and depth only.
        title: of the page.
        facts: what the reader should know of how the results came about (machine, versions,
            seconds), in this order.
        path: of the page; replaced atomically. It loads nothing from elsewhere.
        config: the exact configuration, as text.
        methods: how it was done, in a paragraph.
        chance: the accuracy of guessing, for all datasets or by dataset; not mentioned when None.
        class_counts: by dataset, the training examples of each class. Where one has more than
            `wording.UNEVEN` times those of another, balanced accuracy stands beside accuracy.
        formats: of the figures' files: "png", "pdf", "svg".

    Raises:
        ValueError: `results` is empty.
    """
    path = Path(path)
    if results.empty:
        raise ValueError("the results have no rows: no cell of this sweep has finished yet")
    sections, drawn = [], {}
    for name, place, cells in statistics.by_place(results):
        dataset = str(cells["dataset"].iat[0])
        level = chance.get(dataset) if isinstance(chance, Mapping) else chance
        mine = curves[curves["cell"].isin(cells["cell"])]
        table, pairs = (
            None if frame is None else statistics.at_place(frame, place)
            for frame in (reported, comparisons)
        )
        found = draw(cells, mine, table, chance=level)
        before = re.sub(r"\W+", "_", f"{name}_") if name else ""
        drawn |= {f"{before}{kind}": figure for kind, figure in found.items()}
        counts = (class_counts or {}).get(dataset, {})
        heading = name or "What came out"
        sections.append(_section(heading, cells, mine, table, pairs, found, level, counts))
    if ranks is not None:
        sections.append(html_ranks(ranks))
    confirmed = (reported["stage"] == CONFIRMED).any()
    page = _page(title, sections, facts, config, methods, path, confirmed)
    for form in formats:
        figures.save(drawn, path.parent / "figures", form=form)
    return write(path, page)


def draw(
    results: pd.DataFrame,
    curves: pd.DataFrame,
    reported: pd.DataFrame,
    *,
    chance: float | None = None,
) -> dict[str, Figure]:
    """The figures of one dataset by name, without those that would be empty.

    Of a single learning rate no curve can be drawn; the table of chosen settings has its points.
    """
    best = statistics.chosen(results, reported)
    mine = curves[curves["cell"].isin(best["cell"])]
    drawn = {"test_table": figures.accuracy_table(reported, statistics.score_name(results))}
    if results["learning_rate"].nunique() > 1:
        drawn["learning_rate"] = figures.accuracy_by_learning_rate(results, chance)
        if (results[["dead_fraction", "saturated_fraction"]].max() > 0).any():
            drawn["dead_units"] = figures.dead_units(results)
    if evaluations.has_gradients(mine):
        drawn["gradient_norm"] = layer_figures.gradient_norm_by_layer(mine)
    if len(evaluations.learned_parameters(mine)):
        drawn["learned_parameters"] = layer_figures.learned_parameters(mine)
    return drawn


def _section(
    heading: str,
    results: pd.DataFrame,
    curves: pd.DataFrame,
    reported: pd.DataFrame,
    comparisons: pd.DataFrame | None,
    drawn: Mapping[str, Figure],
    chance: float | None,
    counts: Mapping[str, int],
) -> str:
    said = captions(results, curves, reported)
    sentences = wording.headline(results, reported, comparisons, chance, counts)
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    plates = "".join(plate(figure, name, said[name]) for name, figure in drawn.items())
    pairs = ""
    if comparisons is not None:
        pairs = html_matrices(reported, comparisons, statistics.score_name(results))
    return (
        f"<section><h2>{escape(heading)}</h2><ul class=headline>{items}</ul>"
        f"<h3>Chosen settings</h3>{html_table(results, reported, wording.uneven(counts))}{plates}"
        f"{pairs}</section>"
    )


def _page(
    title: str,
    sections: list[str],
    facts: Mapping[str, str],
    config: str,
    methods: str,
    path: Path,
    confirmed: bool,
) -> str:
    how = f"<h2>Methods</h2><p class=methods>{escape(methods)}</p>" if methods else ""
    configuration = f"<h2>Configuration</h2><pre>{escape(config)}</pre>" if config else ""
    folder = repr(str(path.parent))
    load = f"import acts_jax\n\ntuned = acts_jax.load_results({folder})\n"
    if confirmed:
        load += f'confirmed = acts_jax.load_results({folder}, stage="confirmed")\n'
    load += f"curves = acts_jax.load_curves({folder})"
    return document(
        title,
        f"<h1>{escape(title)}</h1>{''.join(sections)}"
        f"<section><h2>How these results came about</h2>{definitions(facts)}{how}{configuration}"
        f"<h2>Load them in Python</h2><pre>{escape(load)}</pre></section>",
    )
