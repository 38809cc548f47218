"""Drawing that figures share: panels, lines in bands, bars, names of lines, and axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from acts_jax.analysis import statistics
from acts_jax.report.style import leaders, power_of_ten

DASHED, DOTTED = (0, (4, 3)), (0, (1, 2))


def grid(
    rows: Sequence[str],
    columns: Sequence[str],
    size: tuple[float, float],
    pad: float = 9,
    **options: Any,
) -> tuple[Figure, np.ndarray]:
    """Lay out panels [rows, columns], a label beside every row and a title above every column.

    The size of the figure is in inches, the pad between a title and its panel in points. Options
    are those of `Figure.subplots`, such as `sharey="row"`.
    """
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(rows), len(columns), squeeze=False, **options)
    for axes, label in zip(panels[:, 0], rows, strict=True):
        axes.set_ylabel(label)
    for axes, title in zip(panels[0], columns, strict=True):
        axes.set_title(title, pad=pad)
    return figure, panels


def extent(values: pd.Series) -> tuple[float, float]:
    """Return the least and the greatest of some values."""
    return values.min(), values.max()


def band(
    axes: Axes,
    values: pd.Series,
    color: str,
    spread: Callable[[pd.Series], tuple[float, float]] = extent,
    **line: Any,
) -> pd.Series:
    """Draw the mean of the values at every x in a band that shows how they spread.

    On a logarithmic y axis the mean is the geometric one, and `spread` gets logarithms.

    Args:
        axes: Where to draw, its y scale set before.
        values: The y, indexed by x; several, such as those of the seeds, share an x.
        color: Of line and band.
        spread: From the values at one x to both ends of the band there.
        **line: Options of `Axes.plot`.

    Returns:
        The means, indexed by x in increasing order.
    """
    log = axes.get_yscale() == "log"
    grouped = (np.log(values) if log else values).groupby(level=0)
    middle, ends = grouped.mean(), np.reshape([spread(part) for _, part in grouped], (-1, 2))
    if log:
        middle, ends = np.exp(middle), np.exp(ends)
    axes.fill_between(middle.index, *ends.T, color=color, alpha=0.2, lw=0)
    axes.plot(middle.index, middle, color=color, **line)
    return middle


def bar(
    axes: Axes,
    at: float,
    values: Sequence[float],
    color: str,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    lying: bool = False,
    **line: Any,
) -> None:
    """Draw the 95% interval of the mean of some values, one per seed: a bar at x, or lying at y.

    Bounds are what the mean cannot leave, see `statistics.interval`; `line` has options of
    `Axes.vlines`, such as a label.
    """
    draw = axes.hlines if lying else axes.vlines
    draw(at, *statistics.interval(values, bounds=bounds), color=color, lw=2, **line)


def name_ends(
    axes: Axes, ends: Mapping[Any, tuple[float, str, str]], x: float, shift: float, gap: float
) -> None:
    """Write the names of lines beside their ends, at the edge where an end lies beyond it.

    Args:
        axes: Where to write; everything that moves its limits is drawn before.
        ends: By line: the y of its end (NaN counts as beyond the top), the text and the colour.
        x: Where the lines end.
        shift: How far from x the text starts, in axes units; to the left when negative.
        gap: Least distance between two texts, in axes units.
    """
    axes.get_xlim(), axes.get_ylim()  # settles limits that the data set
    to_axes, placed = axes.transData - axes.transAxes, {}
    for name, (y, text, color) in ends.items():
        height = np.nan_to_num(to_axes.transform((x, y))[1], nan=1.0)
        placed[name] = float(np.clip(height, 0, 1)), text, color
    leaders(axes, placed, x, shift, gap)


def decades(axes: Axes, exponents: Iterable[int]) -> None:
    """Set a logarithmic y axis with ticks at these powers of ten and nowhere else."""
    ticks = [10.0**exponent for exponent in exponents]
    axes.set_yscale("log")
    axes.set_yticks(ticks, [power_of_ten(tick) for tick in ticks])
    axes.minorticks_off()


def doubling(axes: Axes, values: Sequence[float]) -> None:
    """Set a logarithmic x axis, of base 2, with ticks at some values and nowhere else."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.xaxis.set_minor_locator(NullLocator())
