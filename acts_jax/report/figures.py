"""Figures of a sweep by learning rate and depth, one function each: DataFrame -> Figure.

Where they can they share one layout: a column per depth and a row per activation, best first,
each row a small chart with its key number at the right. Colour only repeats what a row name
or a direct label already says.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.analysis import statistics
from acts_jax.analysis.stages import TUNED
from acts_jax.files import write_atomically, writing_to
from acts_jax.report.style import (
    ALARM,
    Row,
    Sheet,
    brief,
    fate,
    house_style,
    log_rates,
    percent,
    score,
    shorten,
    spelt,
    styles,
    titles,
    with_interval,
)
from acts_jax.words import join

# Of files, and what is left out of each so that the same figure gives the same bytes.
FORMATS: Mapping[str, Mapping[str, None]] = {
    "png": {},
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
}


def accuracy_by_learning_rate(results: pd.DataFrame, chance: float | None = None) -> Figure:
    """Validation accuracy (regression: RMSE) against learning rate, by activation and depth.

    Other nuisance hyperparameters are at their best for each rate. Lines are means over seeds,
    diverged cells counting 0; bands are 95% intervals; crosses mark rates at which a seed
    diverged; the marker is the chosen rate, the number its validation score. Accuracies are
    drawn on a scale from 0 to 1, losses up to the largest of the finite means' lower 90%.
    """
    kind = statistics.score_name(results)
    profile = statistics.select(results, by=("activation", "depth", "learning_rate"))
    best = statistics.select(results)
    with house_style():
        order = _order(best, kind)
        draw = functools.partial(_draw_rates, kind=kind)
        sheet = _sheet(profile, best, order, order, _span(profile, kind), draw)
        chance_note = ""
        if chance is not None and kind == "accuracy":
            sheet.level(chance)
            chance_note = f" Dotted: chance, {percent(chance)}."
        titles(
            sheet.figure,
            f"Validation {spelt(kind)} by learning rate, tuned",
            _rates_note(profile, best, kind, sheet.high) + chance_note,
        )
    return sheet.figure


def _rates_note(profile: pd.DataFrame, best: pd.DataFrame, kind: str, high: float) -> str:
    seeds = int(best["seeds"].max())
    line = f"Line: mean of {seeds} seeds; band: 95% interval." if seeds > 1 else "One seed."
    line += " Marker and number: the chosen rate."
    lost = profile[profile["lost_share"] > 0]
    if len(lost):
        line += f" Cross: some seeds {fate(lost.max(numeric_only=True))}."
    if (best["at_edge"] != "").any():
        line += " Edge: the lowest or highest rate swept."
    if kind == "accuracy":
        return f"{line} Row height: 0 to 100%."
    top = f"0 to {score(high, kind)}, in the target's units"
    return f"{line} Row height: {top}; what exceeds it is drawn at the top. Lower is better."


def _span(profile: pd.DataFrame, kind: str) -> tuple[float, float]:
    if kind == "accuracy":
        return 0.0, 1.0
    finite = profile[f"validation_{kind}"][np.isfinite(profile[f"validation_{kind}"])]
    return 0.0, float(finite.quantile(0.9)) if finite.gt(0).any() else 1.0


def _order(best: pd.DataFrame, kind: str, column: str = "") -> list[str]:
    """Activations by the mean of a score over depths, by default on validation, best first."""
    mean = best.groupby("activation", observed=True)[column or f"validation_{kind}"].mean()
    return list(mean.sort_values(ascending=kind == "rmse", kind="stable").index)


def _at(frame: pd.DataFrame, row: Row) -> pd.DataFrame:
    return frame[(frame["activation"] == row.name) & (frame["depth"] == row.depth)]


def _sheet(profile, best, order, shown, span, draw: Callable[..., None]) -> Sheet:
    """Every row drawn by `draw(sheet, row, curve, best)`, from its means by rate, its best one."""
    sheet = Sheet(shown, sorted(best["depth"].unique()), span, styles(order))
    for row in sheet.rows:
        for _, chosen in _at(best, row).iterrows():
            draw(sheet, row, _at(profile, row), chosen)
    for axes in sheet.columns:
        log_rates(axes, profile["learning_rate"])
    return sheet


def _draw_rates(sheet: Sheet, row: Row, curve: pd.DataFrame, best: pd.Series, kind: str) -> None:
    """One row: the line over learning rates, its band, crosses, the chosen rate and its value."""
    color, marker = sheet.style[row.name]
    rate = curve["learning_rate"].to_numpy()
    mean, low, high = (
        sheet.height(row, curve[c])
        for c in (f"validation_{kind}", "validation_low", "validation_high")
    )
    if len(rate) > 1:
        row.axes.fill_between(rate, low, high, color=color, alpha=0.25, lw=0)
    else:
        row.axes.vlines(rate, low, high, color=color, alpha=0.4, lw=4)
    row.axes.plot(rate, mean, color=color)
    lost = curve["lost_share"].to_numpy() > 0
    row.axes.plot(rate[lost], mean[lost], "x", color=ALARM, ms=4.5, mew=1.1)
    if best["lost_share"] == 1:
        sheet.number(row, f"all {fate(best)}", ALARM)
        return
    value = best[f"validation_{kind}"]
    row.axes.plot(best["learning_rate"], sheet.height(row, value), marker, color=color, ms=6)
    edge = ", edge" if best["at_edge"] else ""
    sheet.number(row, f"{score(value, kind)} at {brief(best['learning_rate'], 3)}{edge}")


def dead_units(results: pd.DataFrame) -> Figure:
    """Share of dead (filled) and saturated (line) hidden units against learning rate.

    Means over the seeds that finished, all hidden layers together, at the end of training, other
    nuisance hyperparameters at their best. Activations with neither are named, not drawn; networks
    without a hidden layer are left out.
    """
    results = results[results["depth"] > 0]
    profile = statistics.select(results, by=("activation", "depth", "learning_rate"))
    best = statistics.select(results)
    order = _order(best, statistics.score_name(results))
    units = profile.groupby("activation", observed=True)[["dead_fraction", "saturated_fraction"]]
    affected = units.max().max(axis=1) > 0
    shown = [name for name in order if affected[name]]
    spared = [name for name in order if not affected[name]]
    with house_style():
        sheet = _sheet(profile, best, order, shown, (0.0, 1.0), _draw_dead)
        note = (
            "Filled: dead. Line: dead or saturated. Marker and numbers: the chosen rate."
            " Row height: 0 to 100%."
        )
        if spared:
            note += "\nNeither at any rate: " + ", ".join(shorten(name) for name in spared) + "."
        titles(sheet.figure, "Dead and saturated hidden units by learning rate, tuned", note)
    return sheet.figure


def _draw_dead(sheet: Sheet, row: Row, curve: pd.DataFrame, best: pd.Series) -> None:
    color, marker = sheet.style[row.name]
    rate = curve["learning_rate"].to_numpy()
    dead, saturated = (sheet.height(row, curve[c]) for c in ("dead_fraction", "saturated_fraction"))
    alone = "_" if len(rate) == 1 else None
    row.axes.fill_between(rate, row.base, dead, color=color, alpha=0.45, lw=0)
    row.axes.plot(rate, saturated, color=color, lw=1.0, marker=alone, ms=9)
    if not np.isfinite(best["dead_fraction"]):
        sheet.number(row, f"all {fate(best)}", ALARM)
        return
    height = sheet.height(row, best["dead_fraction"])
    row.axes.plot(best["learning_rate"], height, marker, color=color, ms=5.5)
    dead = f"{percent(best['dead_fraction'])} dead\n" if best["dead_fraction"] > 0 else ""
    sheet.number(row, f"{dead}{percent(best['saturated_fraction'])} saturated")


def accuracy_table(reported: pd.DataFrame, kind: str) -> Figure:
    """Heat map of test accuracy (regression: RMSE) at the chosen setting, activation by depth.

    Each square says the score and its 95% interval.

    Args:
        reported: Of `stages.by_stage`.
        kind: Of score, see `statistics.score_name`.
    """
    best = reported
    order, depths = _order(best, kind, "score"), sorted(best["depth"].unique())
    value = best.pivot(index="activation", columns="depth", values="score")
    shade = _shade(value.reindex(index=order, columns=depths).to_numpy(float), kind)
    written = [[_square(best, name, depth, kind) for depth in depths] for name in order]
    with house_style():
        wide = max(1.35, 0.25 + 0.083 * max(len(text) for row in written for text in row))
        size = 2.4 + wide * len(depths), 1.25 + 0.34 * len(order)
        figure = Figure(figsize=(max(size[0], 4.8), size[1]), layout="constrained")
        axes = figure.add_subplot()
        first = np.argmax(np.nan_to_num(shade, nan=-1.0), axis=0)
        axes.imshow(shade, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
        for i in range(len(order)):
            for j in range(len(depths)):
                color = "#fefefe" if shade[i, j] > 0.65 else "#111111"
                bold = i == first[j] and len(order) > 1 and np.isfinite(shade[i, j])
                weight = "bold" if bold else "normal"
                axes.text(j, i, written[i][j], ha="center", va="center", color=color, weight=weight)
        _table_axes(axes, order, depths)
        unit = ", %" if kind == "accuracy" else ""
        several = best["seeds"].max() > 1
        note = "Mean over seeds with its 95% interval." if several else "One seed."
        note += " Bold: best of its depth." if len(order) > 1 else ""
        if (best["stage"] == TUNED).any():
            note += " Tuned: from the seeds that chose the setting, and so too high."
        stages = join(best["stage"].unique())
        titles(figure, f"Test {spelt(kind)} at the chosen setting, {stages}{unit}", note)
    return figure


def _shade(value: np.ndarray, kind: str) -> np.ndarray:
    """`value` in [0, 1], dark for good; NaN (left white) for missing and infinite ones.

    Shaded by the logarithm of the error or loss: 99% is to 98% what 98% is to 96%.
    """
    value = np.where(np.isfinite(value), value, np.nan)
    value = np.log(np.maximum(1 - value if kind == "accuracy" else value, 1e-3))
    low, high = np.nanmin(value, initial=np.inf), np.nanmax(value, initial=-np.inf)
    if kind == "accuracy":
        high = 0.0
    return (high - value) / ((high - low) or 1.0)


def _square(reported: pd.DataFrame, name: str, depth: int, kind: str) -> str:
    rows = reported[(reported["activation"] == name) & (reported["depth"] == depth)]
    if rows.empty:
        return ""
    (_, row), *_ = rows.iterrows()
    return fate(row) if row["lost_share"] == 1 else with_interval(row, kind)


def _table_axes(axes: Axes, order: list[str], depths: list[int]) -> None:
    axes.set_xticks(range(len(depths)), [f"{d}" for d in depths])
    axes.set_yticks(range(len(order)), [shorten(name) for name in order])
    for position in range(1, len(depths)):
        axes.axvline(position - 0.5, color="#fefefe", lw=2)
    for position in range(1, len(order)):
        axes.axhline(position - 0.5, color="#fefefe", lw=2)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("depth: hidden layers", loc="left")
    axes.spines[:].set_visible(False)


def svg(figure: Figure) -> str:
    """The figure as an `<svg>` element on a transparent ground, its text kept as text."""
    buffer = io.StringIO()
    with house_style():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :])
    return text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")


def save(
    figures: Mapping[str, Figure], directory: str | Path, dpi: int = 110, form: str = "png"
) -> list[Path]:
    """Write each figure to `directory` as `<name>.<form>`; returns the paths.

    Args:
        figures: by name.
        directory: made if need be.
        dpi: dots per inch of a PNG.
        form: "png", "pdf" or "svg".

    Raises:
        StoreError: one cannot be written.
    """
    directory = Path(directory)
    with writing_to(directory, "folder"):
        directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{name}.{form}" for name in figures]
    for path, figure in zip(paths, figures.values(), strict=True):
        draw = functools.partial(figure.savefig, dpi=dpi, format=form, metadata=FORMATS[form])
        with writing_to(path, "file"), house_style():
            write_atomically(path, draw)
    return paths
