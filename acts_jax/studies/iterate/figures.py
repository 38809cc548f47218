"""The figures of iterates: shapes after a few applications, and slopes after many."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.report import drawing
from acts_jax.report.style import (
    FAINT,
    INK,
    PALETTE,
    RULE,
    brief,
    house_style,
    shorten,
    styles,
    titles,
)
from acts_jax.studies.iterate.measure import GRID, START, Iterated


@house_style()
def shapes(iterated: Sequence[Iterated], most: int = 5) -> Figure:
    """Draw f, f∘f, ... in the upper and their slopes in the lower row of each pair of rows."""
    columns = min(5, len(iterated))
    pairs = -(-len(iterated) // columns)
    figure = Figure(figsize=(2.15 * columns + 0.5, 3.9 * pairs + 0.7), layout="constrained")
    axes = figure.subplots(2 * pairs, columns, squeeze=False, sharex=True)
    panels = axes.reshape(pairs, 2, columns).swapaxes(1, 2).reshape(-1, 2)
    for (above, below), found in zip(panels, iterated, strict=False):
        _draw_values(above, found, most)
        _draw_slopes(below, found, most)
    for unused in panels[len(iterated) :].flat:
        unused.set_visible(False)
    for row, first in enumerate(axes[:, 0]):
        first.set_ylabel("slope" if row % 2 else "f applied n times")
    for lowest in axes[-1]:
        lowest.set_xlabel("x")
    titles(
        figure,
        "Applied again and again",
        f"From light to dark: n = 1 to {most} applications. Above: the values, with y = x "
        "dotted and the fixed point marked. Below: their derivative, and its value at 0 after "
        f"1 and after {most} applications.",
    )
    return figure


SHOWN = np.abs(GRID) <= 4


def _draw_lines(axes: Axes, lines: np.ndarray) -> None:
    """Draw one line per number of applications, from light to dark."""
    for share, line in zip(np.arange(1, len(lines) + 1) / len(lines), lines, strict=True):
        axes.plot(GRID[SHOWN], line, color=PALETTE[0], alpha=0.25 + 0.75 * share, lw=1.3)


def _draw_values(axes: Axes, found: Iterated, most: int) -> None:
    x, lines = GRID[SHOWN], found.values[1 : most + 1, SHOWN]
    axes.plot(x, x, color=FAINT, lw=0.7, ls=drawing.DOTTED)
    _draw_lines(axes, lines)
    point, slope = found.fixed_point
    note = "all alike: idempotent" if found.idempotent else ""
    if np.isfinite(point):
        axes.plot(point, point, "o", color=PALETTE[1], ms=4.5, zorder=5)
        note = f"{point + 0.0:.4g}, slope {slope:.3g}"
    ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}
    place = {"transform": axes.transAxes, "ha": "right", "bbox": ground}
    axes.text(0.97, 0.04, note, color=PALETTE[1], fontsize=8.0, **place)
    size = min(1.1 * np.abs(lines[0]).max(), 2.2)
    axes.set(ylim=(-size, size), title=shorten(found.activation.name, 20))


def _draw_slopes(axes: Axes, found: Iterated, most: int) -> None:
    lines, zero = found.slopes[1 : most + 1, SHOWN], found.slope(0.0)
    _draw_lines(axes, lines)
    note = f"at 0: {brief(zero[1])}" + f" → {brief(zero[most])}" * bool(zero[most] != zero[1])
    axes.text(0.5, 0.97, note, transform=axes.transAxes, ha="center", va="top", fontsize=8.5)
    axes.axhline(0, color=RULE, lw=0.6, zorder=0)
    top = max(lines.max(), 1e-9)
    axes.set_ylim(-0.02 * top, 1.3 * top)


@house_style()
def decay(iterated: Sequence[Iterated]) -> Figure:
    """Draw the slope at x = 0 and at x = 2 against the number of applications, on log axes."""
    style = styles([found.activation.name for found in iterated])
    colors = {name: color for name, (color, _) in style.items()}
    figure = Figure(figsize=(9.6, 5.0), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, x in zip(panels, (0.0, START), strict=True):
        slopes = {found.activation.name: found.slope(x)[1:] for found in iterated}
        _draw_decay(axes, slopes, colors)
        axes.set(title=f"at x = {x:g}", xlabel="applications n")
    panels[0].set_ylabel("slope of f applied n times")
    titles(
        figure,
        "Do the derivatives tend to 0?",
        "Bending down: by a constant factor with each application. A straight line on these "
        "axes: as a power of n. Level at 1: never.",
    )
    return figure


def _draw_decay(axes: Axes, slopes: Mapping[str, np.ndarray], colors: Mapping[str, str]) -> None:
    """Draw one panel; names stand at the ends of lines, or beside where they leave the panel."""
    low, high = 1e-8, 1e4
    drawing.decades(axes, range(-8, 5, 2))
    axes.set_ylim(low, high)
    times = len(next(iter(slopes.values())))
    marks = [10**k for k in range(6) if 10**k <= times]
    axes.set_xscale("log")
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_xlim(1, times * 6)
    axes.plot([1, times], [1, 1], color=INK, lw=0.7, ls=drawing.DOTTED)
    ends, falling, rising = {}, {}, {}
    for name, values in slopes.items():
        inside = np.flatnonzero((values > low) & (values < high))
        axes.plot(inside + 1, values[inside], color=colors[name])
        if not inside.size:
            continue
        last = inside[-1] + 1
        if last == times:
            ends[name] = (values[-1], shorten(name, 20), colors[name])
        elif values[last - 1] < np.sqrt(low * high):
            falling[name] = last
        else:
            rising[name] = last
    drawing.name_ends(axes, ends, times, 0.03, 0.045)
    for leaving, edge, inwards in ((falling, low, 1), (rising, high, -1)):
        for place, name in enumerate(sorted(leaving, key=leaving.get, reverse=True)):
            level = edge * 10 ** (inwards * (0.3 + 0.45 * place))
            beyond = slopes[name] < level if inwards > 0 else slopes[name] > level
            axes.annotate(
                shorten(name, 20),
                (1 + np.argmax(beyond), level),
                xytext=(1.5 * max(leaving.values()), level),
                va="center",
                color=colors[name],
                fontsize=8.0,
                arrowprops={"arrowstyle": "-", "lw": 0.5, "color": colors[name]},
            )
