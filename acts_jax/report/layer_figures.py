"""Figures of the curves of a sweep, layer by layer: gradient norms and learned parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from acts_jax.analysis import evaluations
from acts_jax.report import drawing
from acts_jax.report.style import (
    FAINT,
    NOTE,
    RULE,
    brief,
    house_style,
    leaders,
    power_of_ten,
    shorten,
    styles,
    titles,
)

MOST_LABELS = 12
LABELS = 0.55  # room for those at the right of lines, as a share of the lines' length


def gradient_norm_by_layer(curves: pd.DataFrame) -> Figure:
    """Gradient norm by layer (log scale) at the first and at the last evaluation, by depth.

    `curves`: of the cells to compare, usually the chosen setting's. Markers are medians over the
    cells, bars their range; the last layer is the readout. Norms that are exactly 0 lie on a
    line of their own at the bottom. Labels: the median of layer 1 over that of the readout.

    Raises:
        ValueError: `curves` has no gradient norms.
    """
    table = evaluations.gradient_norms(curves)
    depths, names = sorted(table["depth"].unique()), sorted(table["activation"].unique())
    moments = list(dict.fromkeys(table["moment"]))
    with house_style():
        labels = [f"gradient norm, {moment}" for moment in moments]
        figure, grid = _panels(labels, depths, tall=2.7, pad=11, sharey=True)
        floor = _log_norms(grid[0, 0], table)
        for i, moment in enumerate(moments):
            for j, depth in enumerate(depths):
                panel = table[(table["moment"] == moment) & (table["depth"] == depth)]
                _draw_gradients(grid[i, j], panel, styles(names), floor, depth)
        for axes in grid[-1]:
            axes.set_xlabel("layer (the last is the readout)")
        zero = " 0: exactly zero." if (table["low"] <= 0).any() else ""
        note = f"Marker: median; bar: range over seeds.{zero} Number: layer 1 over readout."
        titles(figure, "Gradient norm by layer, tuned", note)
    return figure


def _panels(
    labels: list[str], depths: list[int], tall: float, pad: float, **shared: bool | str
) -> tuple[Figure, np.ndarray]:
    """A row per label, a column per depth; ticks and axis of y at the left only."""
    size = max(1.0 + 3.1 * min(len(depths), 5), 5.6), 1.0 + tall * len(labels)
    figure, grid = drawing.grid(labels, [f"depth {d}" for d in depths], size, pad, **shared)
    for axes in grid[:, 1:].flat:
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    return figure, grid


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
        ranked, half = sorted(ends, key=lambda name: ends[name][0]), MOST_LABELS // 2
        ends = {name: ends[name] for name in (*ranked[:half], *ranked[-half:])}
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
    learned = evaluations.learned_parameters(curves)
    if learned.empty:
        raise ValueError("the curves have no learned activation parameter to draw")
    metrics, depths = sorted(learned["metric"].unique()), sorted(learned["depth"].unique())
    with house_style():
        figure, grid = _panels(metrics, depths, tall=2.4, pad=6, sharey="row", sharex=True)
        for i, metric in enumerate(metrics):
            rows = learned[learned["metric"] == metric]
            _room(grid[i, 0], rows)
            for j, depth in enumerate(depths):
                _draw_learned(grid[i, j], rows[rows["depth"] == depth])
        for axes in grid[-1]:
            axes.set_xlabel("epoch", x=0.5 / (1 + LABELS))
        line = "One line per seed and layer."
        if learned["channel"].notna().any():
            line = "Line: median; band: 10th to 90th percentile over channels and seeds."
        note = f"{line} Dashed: initial value. Number: mean at the end."
        titles(figure, "Learned activation parameters over training, tuned", note)
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
    colors = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.55, len(layers)))
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
        end = evaluations.ends(rows)["value"].mean()
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
