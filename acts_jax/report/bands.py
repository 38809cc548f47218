"""Drawing that studies share: intervals as bars, names at the ends of lines, axes in decades."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from acts_jax.analysis import statistics
from acts_jax.report.style import leaders, power_of_ten

DASHED, DOTTED = (0, (4, 3)), (0, (1, 2))


def bar(
    axes: Axes,
    at: float,
    values: Sequence[float],
    color: str,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    lying: bool = False,
    **line: Any,
) -> None:
    """Draw the 95% interval of the mean of some values as a bar.

    Args:
        axes: Where to draw.
        at: Its x; its y if it lies.
        values: One per seed.
        color: Of the bar.
        bounds: What the mean cannot leave, see `statistics.interval`.
        lying: Whether it is horizontal.
        **line: Options of `Axes.vlines`, such as a label.
    """
    draw = axes.hlines if lying else axes.vlines
    draw(at, *statistics.interval(values, bounds=bounds), color=color, lw=2, **line)


def name_ends(
    axes: Axes, ends: Mapping[Hashable, tuple[float, str, str]], x: float, shift: float, gap: float
) -> None:
    """Write names beside the ends of lines, at the edge where an end lies beyond it.

    Args:
        axes: Where to write; everything that moves its limits is drawn before.
        ends: Height in data units (NaN counts as beyond the top), text and colour of each line.
        x: Where the lines end, in data units.
        shift: From x to the text, in axes units; negative to the left.
        gap: Smallest distance between two texts, in axes units.
    """
    to_axes, placed = axes.transData - axes.transAxes, {}
    axes.get_xlim(), axes.get_ylim()  # settles limits that the data set
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
