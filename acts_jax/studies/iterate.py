"""Activations applied again and again: what is measured on their iterates, and the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.activations.catalogue import Activation, names
from acts_jax.activations.catalogue import get as get_activation
from acts_jax.report.style import (
    FAINT,
    INK,
    PALETTE,
    RULE,
    STYLE,
    brief,
    leaders,
    power_of_ten,
    shorten,
    styles,
    titles,
)
from acts_jax.theory.description import describe
from acts_jax.theory.iteration import iterates

GRID = np.unique(np.concatenate([np.linspace(-6, 6, 1201), [-1e6, 1e6]]))  # 0 is on it, and 2
_START = 2.0
_BACKGROUND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}


class Iterated(NamedTuple):
    """One activation applied 0, 1, ..., `times` times over `GRID`; float64.

    Attributes:
      activation: Its record.
      values: [times + 1, points].
      slopes: [times + 1, points].
      fixed_point: (x, f'(x)) of the single fixed point that the iterates of 2 go to, NaN if they
        go to none.
    """

    activation: Activation
    values: np.ndarray
    slopes: np.ndarray
    fixed_point: tuple[float, float]

    @property
    def steepest(self) -> np.ndarray:
        """The largest abs(slope) after each number of applications [times + 1]."""
        return np.abs(self.slopes).max(axis=1)

    @property
    def widths(self) -> np.ndarray:
        """Supremum minus infimum of the values, after each number of applications."""
        return np.ptp(self.values, axis=1)

    @property
    def idempotent(self) -> bool:
        """Whether applying it twice, or more often, is exactly applying it once."""
        return all(np.array_equal(a[n], a[1]) for a in self[1:3] for n in range(2, len(a)))

    def slope(self, x: float) -> np.ndarray:
        """The slope at a point of the grid, after each number of applications."""
        return self.slopes[:, np.searchsorted(GRID, x - 1e-9)]

    @property
    def exponent(self) -> float:
        """p, if the slope at 2 falls as n^-p: over the last doubling of n."""
        half, last = self.slope(_START)[[(len(self.slopes) - 1) // 2, -1]]
        return np.log2(half / last) if half > 0 and last > 0 else np.nan


def family() -> list[Activation]:
    """ReLU, and the catalogue's sigmoidal activations."""
    first = ("relu", "sigmoid", "tanh")
    rest = [name for name in names(True) if name not in first]
    others = [a for a in map(get_activation, rest) if a.family == "sigmoidal"]
    return [*map(get_activation, first), *others]


def iterate(activation: Activation, times: int) -> Iterated:
    """Applies an activation up to `times` times, in float64."""
    with jax.enable_x64(True):
        values, slopes = map(np.asarray, iterates(activation, np.asarray(GRID), times))
    shape = describe(activation)
    end = values[-1, np.searchsorted(GRID, _START - 1e-9)]
    near = [p for p in shape.fixed_points if p.low == p.high and abs(p.low - end) < 0.1]
    point = min(near, key=lambda p: abs(p.low - end)) if near else None
    point = (point.low, point.slope) if point else (np.nan, np.nan)
    return Iterated(activation, values, slopes, point)


def table(iterated: Sequence[Iterated]) -> pd.DataFrame:
    """One row per activation."""
    rows = []
    for found in iterated:
        zero, times = found.slope(0.0), len(found.slopes) - 1
        factor = found.fixed_point[1]
        how = f"× {factor:.4f} each" if abs(factor) < 0.999 else f"n^−{found.exponent:.2f}"
        rows.append(
            {
                "activation": found.activation.name,
                "idempotent": "exactly" if found.idempotent else "no",
                "fixed point": found.fixed_point[0],
                "slope there": found.fixed_point[1],
                "slope at 0: n = 1": zero[1],
                "n = 5": zero[min(5, times)],
                f"n = {times}": zero[-1],
                "slope at 2 falls as": "–" if np.isnan(factor) else how,
            }
        )
    return pd.DataFrame(rows)


def shapes(iterated: Sequence[Iterated], most: int = 5) -> Figure:
    """f, f∘f, ... in the upper and their derivatives in the lower row of each band of panels."""
    with matplotlib.rc_context(STYLE):
        columns = min(5, len(iterated))
        bands = -(-len(iterated) // columns)
        figure = Figure(figsize=(2.15 * columns + 0.5, 3.9 * bands + 0.7), layout="constrained")
        axes = figure.subplots(2 * bands, columns, squeeze=False, sharex=True)
        for i, found in enumerate(iterated):
            band, column = divmod(i, columns)
            _draw_shape(*axes[2 * band : 2 * band + 2, column], found, most)
        for i in range(len(iterated), bands * columns):
            for panel in axes[2 * (bands - 1) :, i % columns]:
                panel.set_visible(False)
        for row in range(2 * bands):
            axes[row, 0].set_ylabel("slope" if row % 2 else "f applied n times")
        for column in range(columns):
            axes[-1, column].set_xlabel("x")
        titles(
            figure,
            "Applied again and again",
            f"From light to dark: n = 1 to {most} applications. Above: the values, with y = x "
            "dotted and the fixed point marked. Below: their derivative, and its value at 0 after "
            f"1 and after {most} applications.",
        )
    return figure


def _draw_shape(above: Axes, below: Axes, found: Iterated, most: int) -> None:
    most = min(most, len(found.values) - 1)
    inside = np.abs(GRID) <= 4
    x = GRID[inside]
    above.plot(x, x, color=FAINT, lw=0.7, ls=(0, (1, 2)))
    for n in range(1, most + 1):
        shade = {"color": PALETTE[0], "alpha": 0.25 + 0.75 * n / most, "lw": 1.3}
        above.plot(x, found.values[n][inside], **shade)
        below.plot(x, found.slopes[n][inside], **shade)
    point, slope = found.fixed_point
    if np.isfinite(point):
        above.plot(point, point, "o", color=PALETTE[1], ms=4.5, zorder=5)
        label = f"{point + 0.0:.4g}, slope {slope:.3g}"
        above.text(
            0.97, 0.04, label, transform=above.transAxes, ha="right",
            color=PALETTE[1], fontsize=8.0, bbox=_BACKGROUND,
        )  # fmt: skip
    elif found.idempotent:
        above.text(
            0.97, 0.04, "all alike: idempotent", transform=above.transAxes, ha="right",
            color=PALETTE[1], fontsize=8.0, bbox=_BACKGROUND,
        )  # fmt: skip
    size = 1.1 * np.abs(found.values[1][inside]).max()
    above.set_ylim(-min(size, 2.2), min(size, 2.2))
    above.set_title(shorten(found.activation.name, 20))
    zero = found.slope(0.0)
    text = f"at 0: {brief(zero[1])}"
    if zero[most] != zero[1]:
        text += f" → {brief(zero[most])}"
    top = max(found.slopes[1 : most + 1][:, inside].max(), 1e-9)
    below.set_ylim(-0.02 * top, 1.3 * top)
    below.text(0.5, 0.97, text, transform=below.transAxes, ha="center", va="top", fontsize=8.5)
    below.axhline(0, color=RULE, lw=0.6, zorder=0)


def decay(iterated: Sequence[Iterated]) -> Figure:
    """The slope at x = 0 and at x = 2 against the number of applications, on log axes."""
    style = styles([found.activation.name for found in iterated])
    times = len(iterated[0].slopes) - 1
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 5.0), layout="constrained")
        for axes, x in zip(figure.subplots(1, 2, sharey=True), (0.0, _START), strict=True):
            _draw_decay(axes, {f.activation.name: f.slope(x) for f in iterated}, style)
            axes.set_title(f"at x = {x:g}")
            axes.set_xlabel("applications n")
        figure.axes[0].set_ylabel("slope of f applied n times")
        titles(
            figure,
            "Do the derivatives tend to 0?",
            "Straight down: by a constant factor with each application. A straight line on these "
            "axes: as a power of n. Level at 1: never.",
        )
        figure.axes[0].set_xlim(1, times * 6)
        figure.axes[1].set_xlim(1, times * 6)
    return figure


def _draw_decay(
    axes: Axes, slopes: Mapping[str, np.ndarray], style: Mapping[str, tuple[str, str]]
) -> None:
    low, high = 1e-8, 1e4
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    ticks = [10.0**k for k in range(-8, 5, 2)]
    axes.set_yticks(ticks, [power_of_ten(tick) for tick in ticks])
    axes.minorticks_off()
    times = len(next(iter(slopes.values()))) - 1
    marks = [10**k for k in range(6) if 10**k <= times]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.plot([1, times], [1, 1], color=INK, lw=0.7, ls=(0, (1, 2)))
    ends, gone = {}, {}
    for name, values in slopes.items():
        n = np.arange(1, times + 1)
        inside = (values[1:] > low) & (values[1:] < high)
        axes.plot(n[inside], values[1:][inside], color=style[name][0])
        if inside.any():
            last = n[inside][-1]
            height = np.log(values[last] / low) / np.log(high / low)
            if last == times:
                ends[name] = (height, shorten(name, 20), style[name][0])
            else:
                gone[name] = (last, height > 0.5)
    axes.set_xlim(1, times * 6)
    leaders(axes, ends, times, 0.03, 0.045)
    for upper in (True, False):
        leaving = sorted((n for n in gone if gone[n][1] == upper), key=lambda n: -gone[n][0])
        for i, name in enumerate(leaving):
            level = (high * 10 ** -(0.45 + 0.6 * i)) if upper else low * 10 ** (0.45 + 0.6 * i)
            values = slopes[name][1:]
            at = 1 + np.argmax(values > level if upper else values < level)
            label = (gone[leaving[0]][0] * 1.5, level)
            axes.annotate(
                shorten(name, 20), (at, level), xytext=label, va="center",
                color=style[name][0], fontsize=8.0,
                arrowprops={"arrowstyle": "-", "lw": 0.5, "color": style[name][0]},
            )  # fmt: skip
