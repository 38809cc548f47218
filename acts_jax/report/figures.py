"""Figures of a sweep, one function each: DataFrame -> matplotlib Figure.

Where they can they share one layout: a column per depth and a row per activation, best first,
each row a small chart with its key number at the right. Colour only repeats what a row name
or a direct label already says.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from acts_jax.report import statistics
from acts_jax.report.layout import (
    ALARM,
    FAINT,
    NOTE,
    RULE,
    STYLE,
    Row,
    Sheet,
    brief,
    fate,
    leaders,
    log_rates,
    percent,
    plus_minus,
    power_of_ten,
    score,
    shorten,
    spelt,
    styles,
    titles,
)

MOST_LABELS = 12
LABELS = 0.55  # room for those at the right of lines, as a share of the lines' length


def accuracy_by_learning_rate(results: pd.DataFrame, chance: float | None = None) -> Figure:
    """Validation accuracy (regression: RMSE) against learning rate, by activation and depth.

    Other nuisance hyperparameters are at their best for each rate. Lines are means over seeds,
    diverged cells counting 0; bands are 95% intervals; crosses mark rates at which a seed
    diverged; the marker is the chosen rate, the number its validation score. Accuracies are
    drawn on a scale from 0 to 1, losses up to the largest of the finite means' lower 90%.
    """
    kind = statistics.measure(results)
    profile = statistics.select(results, by=("activation", "depth", "learning_rate"))
    best = statistics.select(results)
    with matplotlib.rc_context(STYLE):
        order, depths = _order(best, kind), sorted(best["depth"].unique())
        sheet = Sheet(order, depths, _span(profile, kind), styles(order))
        for row in sheet.rows:
            _draw_rates(sheet, row, _at(profile, row), _at(best, row), kind)
        for axes in sheet.columns:
            log_rates(axes, profile["learning_rate"])
        chance_note = ""
        if chance is not None and kind == "accuracy":
            sheet.level(chance)
            chance_note = f" Dotted: chance, {percent(chance)}."
        titles(
            sheet.figure,
            f"Validation {spelt(kind)} by learning rate",
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
    finite = profile[f"val_{kind}"][np.isfinite(profile[f"val_{kind}"])]
    return 0.0, float(finite.quantile(0.9)) if finite.gt(0).any() else 1.0


def _order(best: pd.DataFrame, kind: str) -> list[str]:
    """Activations by mean test score over depths, best first."""
    mean = best.groupby("activation", observed=True)[f"test_{kind}"].mean()
    return list(mean.sort_values(ascending=kind == "rmse", kind="stable").index)


def _at(frame: pd.DataFrame, row: Row) -> pd.DataFrame:
    return frame[(frame["activation"] == row.name) & (frame["depth"] == row.depth)]


def _draw_rates(sheet: Sheet, row: Row, curve: pd.DataFrame, best: pd.DataFrame, kind: str) -> None:
    """One row: the line over learning rates, its band, crosses, the chosen rate and its value."""
    if best.empty:
        return
    color, marker = sheet.style[row.name]
    rate = curve["learning_rate"].to_numpy()
    mean, low, high = (sheet.height(row, curve[c]) for c in (f"val_{kind}", "val_low", "val_high"))
    if len(rate) > 1:
        row.axes.fill_between(rate, low, high, color=color, alpha=0.25, lw=0)
    else:
        row.axes.vlines(rate, low, high, color=color, alpha=0.4, lw=4)
    row.axes.plot(rate, mean, color=color)
    lost = curve["lost_share"].to_numpy() > 0
    row.axes.plot(rate[lost], mean[lost], "x", color=ALARM, ms=4.5, mew=1.1)
    best = best.iloc[0]
    if best["lost_share"] == 1:
        sheet.number(row, f"all {fate(best)}", ALARM)
        return
    value = best[f"val_{kind}"]
    row.axes.plot(best["learning_rate"], sheet.height(row, value), marker, color=color, ms=6)
    edge = ", edge" if best["at_edge"] else ""
    sheet.number(row, f"{score(value, kind)} at {brief(best['learning_rate'], 3)}{edge}")


def dead_units(results: pd.DataFrame) -> Figure:
    """Share of dead (filled) and saturated (line) hidden units against learning rate.

    Means over the seeds that finished, all hidden layers together, at the end of training, other
    nuisance hyperparameters at their best. Activations with neither are named, not drawn.
    """
    profile = statistics.select(results, by=("activation", "depth", "learning_rate"))
    best = statistics.select(results)
    order = _order(best, statistics.measure(results))
    units = profile.groupby("activation", observed=True)[["dead_fraction", "saturated_fraction"]]
    affected = units.max().max(axis=1) > 0
    shown = [name for name in order if affected[name]]
    spared = [name for name in order if not affected[name]]
    with matplotlib.rc_context(STYLE):
        sheet = Sheet(shown, sorted(best["depth"].unique()), (0.0, 1.0), styles(order))
        for row in sheet.rows:
            _draw_dead(sheet, row, _at(profile, row), _at(best, row))
        for axes in sheet.columns:
            log_rates(axes, profile["learning_rate"])
        note = (
            "Filled: dead. Line: saturated, dead included. Marker and numbers: the chosen rate."
            " Row height: 0 to 100%."
        )
        if spared:
            note += "\nNeither at any rate: " + ", ".join(shorten(name) for name in spared) + "."
        titles(sheet.figure, "Dead and saturated hidden units by learning rate", note)
    return sheet.figure


def _draw_dead(sheet: Sheet, row: Row, curve: pd.DataFrame, best: pd.DataFrame) -> None:
    if best.empty:
        return
    color, marker = sheet.style[row.name]
    rate = curve["learning_rate"].to_numpy()
    dead, saturated = (sheet.height(row, curve[c]) for c in ("dead_fraction", "saturated_fraction"))
    alone = "_" if len(rate) == 1 else None
    row.axes.fill_between(rate, row.base, dead, color=color, alpha=0.45, lw=0)
    row.axes.plot(rate, saturated, color=color, lw=1.0, marker=alone, ms=9)
    best = best.iloc[0]
    if not np.isfinite(best["dead_fraction"]):
        sheet.number(row, f"all {fate(best)}", ALARM)
        return
    height = sheet.height(row, best["dead_fraction"])
    row.axes.plot(best["learning_rate"], height, marker, color=color, ms=5.5)
    dead = f"{percent(best['dead_fraction'])} dead\n" if best["dead_fraction"] > 0 else ""
    sheet.number(row, f"{dead}{percent(best['saturated_fraction'])} saturated")


def accuracy_table(results: pd.DataFrame) -> Figure:
    """Heat map of test accuracy (regression: RMSE) at the chosen setting, activation by depth.

    Each square says the mean over seeds and half of its 95% interval.
    """
    kind = statistics.measure(results)
    best = statistics.select(results)
    order, depths = _order(best, kind), sorted(best["depth"].unique())
    value = best.pivot(index="activation", columns="depth", values=f"test_{kind}")
    shade = _shade(value.reindex(index=order, columns=depths).to_numpy(float), kind)
    with matplotlib.rc_context(STYLE):
        size = 2.4 + 1.35 * len(depths), 1.25 + 0.34 * len(order)
        figure = Figure(figsize=(max(size[0], 4.8), size[1]), layout="constrained")
        axes = figure.add_subplot()
        first = np.argmax(np.nan_to_num(shade, nan=-1.0), axis=0)
        axes.imshow(shade, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
        for i, name in enumerate(order):
            for j, depth in enumerate(depths):
                color = "#fefefe" if shade[i, j] > 0.65 else "#111111"
                text = _square(_at(best, Row(axes, name, depth, 0.0)), kind)
                bold = i == first[j] and len(order) > 1 and np.isfinite(shade[i, j])
                weight = "bold" if bold else "normal"
                axes.text(j, i, text, ha="center", va="center", color=color, weight=weight)
        _table_axes(axes, order, depths)
        unit = ", %" if kind == "accuracy" else ""
        several = best["seeds"].max() > 1
        note = "Mean over seeds ± half of the 95% interval." if several else "One seed."
        note += " Bold: best of its depth." if len(order) > 1 else ""
        titles(figure, f"Test {spelt(kind)} at the chosen setting{unit}", note)
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


def _square(best: pd.DataFrame, kind: str) -> str:
    if best.empty:
        return ""
    best = best.iloc[0]
    if best["lost_share"] == 1:
        return fate(best)
    return plus_minus(best[f"test_{kind}"], statistics.half_width(best), kind)


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


def gradient_norm_by_layer(curves: pd.DataFrame) -> Figure:
    """Gradient norm by layer (log scale) at the first and at the last evaluation, by depth.

    `curves`: of the cells to compare, usually the chosen setting's. Markers are medians over the
    cells, bars their range; the last layer is the readout. Norms that are exactly 0 lie on a
    line of their own at the bottom. Labels: the median of layer 1 over that of the readout.

    Raises:
      ValueError: `curves` has no gradient norms.
    """
    table = statistics.gradient_norms(curves)
    depths, names = sorted(table["depth"].unique()), sorted(table["activation"].unique())
    moments = list(dict.fromkeys(table["moment"]))
    with matplotlib.rc_context(STYLE):
        size = max(1.0 + 3.1 * min(len(depths), 5), 5.6), 1.0 + 2.7 * len(moments)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(moments), len(depths), squeeze=False, sharey=True)
        floor = _log_norms(grid[0, 0], table)
        for i, moment in enumerate(moments):
            grid[i, 0].set_ylabel(f"gradient norm, {moment}")
            for j, depth in enumerate(depths):
                panel = table[(table["moment"] == moment) & (table["depth"] == depth)]
                _draw_gradients(grid[i, j], panel, styles(names), floor, depth)
        for axes, depth in zip(grid[0], depths, strict=True):
            axes.set_title(f"depth {depth}", pad=11)
        for axes in grid[-1]:
            axes.set_xlabel("layer (the last is the readout)")
        for axes in grid[:, 1:].flat:
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        zero = " 0: exactly zero." if (table["low"] <= 0).any() else ""
        note = f"Marker: median; bar: range over seeds.{zero} Number: layer 1 over readout."
        titles(figure, "Gradient norm by layer", note)
    return figure


def _log_norms(axes: Axes, table: pd.DataFrame) -> float:
    """Set the shared log axis; returns the height of the line that stands for 0."""
    norms = table[["low", "median", "high"]].to_numpy()
    positive = norms[norms > 0]
    low, high = (positive.min(), positive.max()) if positive.size else (0.1, 1.0)
    room = (high / low) ** 0.04 * 1.3
    floor = low / room**2
    first, last = math.ceil(math.log10(low / room)), math.floor(math.log10(high * room))
    step = max(1, math.ceil((last - first) / 6))
    ticks = [10.0**k for k in range(first, last + 1, step)]
    labels = [power_of_ten(tick) for tick in ticks]
    if len(ticks) < 2:
        finer = [m * 10.0**k for k in range(first - 1, last + 1) for m in (1, 2, 5)]
        ticks = [tick for tick in finer if low / room <= tick <= high * room]
        labels = [brief(tick) for tick in ticks]
    if (norms <= 0).any():
        ticks, labels, low = [floor, *ticks], ["0", *labels], floor
    axes.set_yscale("log")
    axes.set_ylim(low / room, high * room)
    axes.set_yticks(ticks, labels)
    axes.yaxis.set_minor_locator(NullLocator())
    return floor


def _draw_gradients(
    axes: Axes, panel: pd.DataFrame, style: Mapping, floor: float, depth: int
) -> None:
    """Lines of one moment and depth, named at layer 1, where they lie furthest apart."""
    readout = depth + 1
    room = np.clip(0.026 * max(map(len, (shorten(name, 16) for name in style))) + 0.19, 0.35, 0.6)
    axes.set_xlim(1 - room / (1 - room) * depth, readout + 0.04 * depth)
    axes.set_xticks(range(1, readout + 1, max(1, math.ceil(depth / 6))))
    axes.spines["bottom"].set_bounds(1, readout)
    if panel.empty:
        axes.text(0.5, 0.5, "all diverged", transform=axes.transAxes, ha="center", **NOTE)
        return
    axes.hlines(axes.get_yticks(), 1, readout, color=RULE, lw=0.5, zorder=0)
    bottom, top = np.log(axes.get_ylim())
    ends = {}
    for name, line in panel.groupby("activation"):
        color, marker = style[name]
        low, median, high = (np.maximum(line[c], floor) for c in ("low", "median", "high"))
        axes.vlines(line["layer"], low, high, color=color, lw=1.0, alpha=0.5)
        axes.plot(line["layer"], median, color=color, marker=marker, ms=3.5, lw=1.1)
        ends[name] = (np.log(median.iloc[0]) - bottom) / (top - bottom), _ratio(name, line), color
    if len(ends) > MOST_LABELS:
        ranked = sorted(ends, key=lambda name: ends[name][0])
        ends = {
            name: ends[name] for name in ranked[: MOST_LABELS // 2] + ranked[-MOST_LABELS // 2 :]
        }
    leaders(axes, ends, x=1, shift=-0.07, gap=0.075)


def _ratio(name: str, line: pd.DataFrame) -> str:
    first, last = line["median"].iloc[0], line["median"].iloc[-1]
    return f"{shorten(name, 16)} {brief(first / last)}" if last > 0 else shorten(name, 16)


def learned_parameters(curves: pd.DataFrame) -> Figure:
    """Learned activation parameters over training: a column per depth, a row per parameter.

    `curves`: of the cells to show, usually the chosen setting's. Learned parameters are the
    metrics with a dot in their name, such as `"prelu.slope"`. One thin line per cell and layer,
    dark to light from the input; with one value per channel, the median over channels and cells
    and the band from the 10th to the 90th percentile. The dashed line is the initial value.

    Raises:
      ValueError: `curves` has no learned parameter.
    """
    learned = statistics.learned_parameters(curves)
    if learned.empty:
        raise ValueError("the curves have no learned activation parameter to draw")
    metrics, depths = sorted(learned["metric"].unique()), sorted(learned["depth"].unique())
    with matplotlib.rc_context(STYLE):
        size = max(1.0 + 3.1 * min(len(depths), 5), 5.6), 1.0 + 2.4 * len(metrics)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(metrics), len(depths), squeeze=False, sharey="row", sharex=True)
        for i, metric in enumerate(metrics):
            rows = learned[learned["metric"] == metric]
            grid[i, 0].set_ylabel(metric)
            _room(grid[i, 0], rows)
            for j, depth in enumerate(depths):
                _draw_learned(grid[i, j], rows[rows["depth"] == depth])
        for axes, depth in zip(grid[0], depths, strict=True):
            axes.set_title(f"depth {depth}")
        for axes in grid[-1]:
            axes.set_xlabel("epoch", x=0.5 / (1 + LABELS))
        for axes in grid[:, 1:].flat:
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        line = "One line per seed and layer."
        if learned["channel"].notna().any():
            line = "Line: median; band: 10th to 90th percentile over channels and seeds."
        note = f"{line} Dashed: initial value. Number: mean at the end."
        titles(figure, "Learned activation parameters over training", note)
    return figure


def _room(axes: Axes, rows: pd.DataFrame) -> None:
    """Limits for the lines and bands of one parameter; channels beyond the bands are not drawn."""
    values = rows["value"]
    if rows["channel"].notna().any():
        bands = rows.groupby(["depth", "layer", "epoch"], dropna=False)["value"]
        values = bands.quantile([0.1, 0.9])
    low, high = values.min(), values.max()
    margin = 0.06 * (high - low) or 0.1
    axes.set_ylim(low - margin, high + margin)


def _draw_learned(axes: Axes, panel: pd.DataFrame) -> None:
    """One parameter at one depth: lines by layer, named at the last epoch."""
    if panel.empty:
        axes.text(0.5, 0.5, "all diverged", transform=axes.transAxes, ha="center", **NOTE)
        return
    panel = panel.assign(layer=panel["layer"].fillna(0).astype(int))
    layers = sorted(panel["layer"].unique())
    colors = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.65, len(layers)))
    first, last = panel["epoch"].min(), panel["epoch"].max()
    axes.set_xlim(first, last + LABELS * max(last - first, 1))
    axes.spines["bottom"].set_bounds(first, last)
    ticks = MaxNLocator(5, integer=True).tick_values(first, last)
    axes.set_xticks(ticks[(ticks >= first) & (ticks <= last)])
    start = panel.loc[panel["epoch"] == first, "value"]
    if np.ptp(start) < 1e-6:
        axes.plot([first, last], [start.iloc[0]] * 2, color=FAINT, lw=0.8, ls=(0, (4, 3)), zorder=0)
    bottom, top = axes.get_ylim()
    ends = {}
    for layer, color in zip(layers, colors, strict=True):
        rows = panel[panel["layer"] == layer]
        _draw_layer(axes, rows, color)
        end = statistics.ends(rows)["value"].mean()
        text = f"layer {layer}: {end:.2f}" if layer else f"all layers: {end:.2f}"
        ends[layer] = (end - bottom) / (top - bottom), text, color
    leaders(axes, ends, x=last, shift=0.05, gap=0.09)


def _draw_layer(axes: Axes, rows: pd.DataFrame, color) -> None:
    if rows["channel"].notna().any():
        band = rows.groupby("epoch")["value"].quantile([0.1, 0.5, 0.9]).unstack()
        axes.fill_between(band.index, band[0.1], band[0.9], color=color, alpha=0.15, lw=0)
        axes.plot(band.index, band[0.5], color=color)
    else:
        lines = rows.pivot_table(index="epoch", columns="cell", values="value", observed=True)
        axes.plot(lines.index, lines.to_numpy(), color=color, lw=0.8, alpha=0.8)


def svg(figure: Figure) -> str:
    """The figure as an `<svg>` element on a transparent ground, its text kept as text."""
    buffer = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :])
    return text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")


def save(figures: Mapping[str, Figure], directory: str | Path, dpi: int = 110) -> list[Path]:
    """Write each figure to `directory` as `<name>.png`; returns the paths."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{name}.png" for name in figures]
    for path, figure in zip(paths, figures.values(), strict=True):
        with matplotlib.rc_context(STYLE):
            figure.savefig(path, dpi=dpi)
    return paths
