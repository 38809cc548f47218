"""Figures of dying units: by learning rate, and step by step."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from acts_jax.report.drawing import DASHED, DOTTED, band, grid, name_ends
from acts_jax.report.style import ALARM, brief, house_style, log_rates, styles, titles
from acts_jax.studies.dying_relu.counts import (
    KILLED,
    OPTIMIZERS,
    at_best_rate,
    threshold,
    too_high,
)

PERCENT = -5, 103  # limits of the y axes


@house_style()
def by_rate(networks: pd.DataFrame) -> Figure:
    """Draw the table of `counts.at_end` against the learning rate, a column per optimizer."""
    optimizers = networks["optimizer"].unique()
    style, best = styles(list(networks["activation"].unique())), at_best_rate(networks)
    rows = {"dead": "dead hidden units, %", "test_accuracy": "test accuracy, %"}
    figure, panels = _grid(list(rows.values()), optimizers, 6.6, sharey="row")
    for column, optimizer in zip(panels.T, optimizers, strict=True):
        mine, at_best = (t[t["optimizer"] == optimizer] for t in (networks, best))
        for axes, name in zip(column, rows, strict=True):
            _against_rate(axes, mine, at_best, name, style)
        beyond = too_high(networks)
        _shade(column, beyond.loc[beyond["optimizer"] == optimizer, "learning_rate"])
        _mark(column[0], threshold(mine).get(("relu", optimizer), np.nan))
    titles(
        figure,
        "Dead units and accuracy by learning rate",
        "Line: mean over seeds; band: their range. A network that diverges has the accuracy of "
        "chance, and no units that count; dotted: all diverge. Marker: the rate that is best on "
        "validation. Grey: rates that cost relu more than 5 points. Dashed: 40% of the units, and "
        "the rate from which as many of relu's are dead. Dead: f′ is exactly 0 in float32 for "
        "every training example, as it also becomes for elu and gelu when the weights blow up.",
    )
    return figure


def _grid(rows: Sequence[str], optimizers: Sequence[str], height: float, **options: Any):
    columns = [OPTIMIZERS.get(optimizer, optimizer) for optimizer in optimizers]
    return grid(rows, columns, (0.8 + 4.3 * len(optimizers), height), **options)


def _against_rate(
    axes: Axes, networks: pd.DataFrame, best: pd.DataFrame, name: str, style: Mapping
) -> None:
    """Draw a line per activation, which goes on dotted where every seed diverges."""
    rates, ends = sorted(networks["learning_rate"].unique()), {}
    log_rates(axes, networks["learning_rate"])
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.32)
    axes.set_xticks([t for t in 10.0 ** np.arange(-6, 4) if rates[0] <= t <= rates[-1]])
    axes.spines["bottom"].set_bounds(rates[0], rates[-1])
    axes.set_ylim(PERCENT)
    axes.set_xlabel("learning rate", loc="left")
    for activation, (color, marker) in style.items():
        mine = networks[networks["activation"] == activation].set_index("learning_rate")
        middle = band(axes, 100 * mine[name].dropna(), color)
        dot = best[best["activation"] == activation]
        axes.plot(dot["learning_rate"].iloc[0], 100 * dot[name].mean(), marker, color=color, ms=5.5)
        if len(middle):
            last = middle.iloc[-1]
            axes.plot([middle.index[-1], rates[-1]], [last, last], color=color, lw=1.0, ls=DOTTED)
            ends[activation] = last, activation, color
    name_ends(axes, ends, x=rates[-1], shift=0.06, gap=0.07)


def _shade(column: Sequence[Axes], rates: pd.Series) -> None:
    """Shade the rates that are too high for relu, from the lowest of them on."""
    for axes in column if len(rates) else ():
        axes.axvspan(rates.min(), rates.max(), color="#f0f0f0", lw=0, zorder=0)


def _mark(axes: Axes, rate: float) -> None:
    """Draw lines at the share that the texts tell of, and at the rate where relu reaches it."""
    dashed = {"color": ALARM, "lw": 0.9, "ls": DASHED, "zorder": 0}
    text = {"color": ALARM, "fontsize": 8.5, "va": "bottom"}
    axes.axhline(100 * KILLED, **dashed)
    axes.text(axes.get_xlim()[0], 100 * KILLED + 1.5, f"{KILLED:.0%}", ha="left", **text)
    if np.isfinite(rate):
        axes.plot([rate, rate], [PERCENT[0], 100 * KILLED], **dashed)
        axes.text(rate, 100 * KILLED + 1.5, f"relu from {brief(rate)} ", ha="right", **text)


@house_style()
def by_step(units: pd.DataFrame) -> Figure:
    """Draw the dead share of each layer of relu networks by step: the table of `counts.by_step`."""
    mine = units[units["activation"] == "relu"]
    optimizers, layers = (mine[name].unique() for name in ("optimizer", "layer"))
    rows = [f"dead in layer {layer}, %" for layer in layers]
    figure, panels = _grid(rows, optimizers, 1.2 + 2.1 * len(layers), sharey=True)
    for line, layer in zip(panels, layers, strict=True):
        for axes, optimizer in zip(line, optimizers, strict=True):
            _against_step(axes, mine[mine["optimizer"].eq(optimizer) & mine["layer"].eq(layer)])
    for axes in panels[-1]:
        axes.set_xlabel("steps taken", loc="left")
    titles(
        figure,
        "When the units of relu die",
        "Line: mean over the seeds that have not diverged, at the learning rate written beside "
        "it; dark: low rates, light: high ones. Cross: every seed diverged.",
    )
    return figure


def _against_step(axes: Axes, mine: pd.DataFrame) -> None:
    """Draw a line per rate; rates at which few units die share one name."""
    rates, last = sorted(mine["learning_rate"].unique()), mine["step"].max()
    colors = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.8, len(rates)))
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(-0.05, last * 3.2)
    ticks = [0, *(t for t in (1, 3, 10, 30, 100, 300, 1000, 3000, 10000) if t <= last)]
    axes.set_xticks(ticks, [f"{t:,}" for t in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.spines["bottom"].set_bounds(0, last)
    axes.set_ylim(PERCENT)
    ends, low = {}, {}
    for rate, color in zip(rates, colors, strict=True):
        line = 100 * mine[mine["learning_rate"] == rate].groupby("step")["dead"].mean().dropna()
        axes.plot(line.index, line, color=color, lw=1.2)
        if last not in line.index:
            axes.plot(line.index[-1:], line.iloc[-1:], "x", color=ALARM, ms=4.5)
        elif line[last] > 20:
            ends[rate] = line[last], brief(rate), color
        else:
            low[rate] = line[last], color
    if low:
        heights, shades = zip(*low.values(), strict=True)
        text = " to ".join(dict.fromkeys((brief(min(low)), brief(max(low)))))
        ends["low"] = np.mean(heights), text, shades[len(low) // 2]
    name_ends(axes, ends, x=last, shift=0.07, gap=0.1)
