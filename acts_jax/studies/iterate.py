"""Activations applied again and again: relu stays itself, sigmoids squash, tanh holds on at 0.

Values and slopes of the iterates are computed in float64 on a grid, and held to the known fixed
points and to what texts say of the limits. Nothing is trained.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.activations.catalogue import Activation, get, names
from acts_jax.errors import ConfigError
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
from acts_jax.studies.claims import Check, Claim, at_least, at_most, near
from acts_jax.theory.description import describe
from acts_jax.theory.iteration import iterates

TEXT = (
    "relu∘relu∘...∘relu = relu. Sigmoid-like functions squash more with each application, and "
    "their derivatives tend to 0."
)
GRID = np.unique(np.concatenate([np.linspace(-6, 6, 1201), [-1e6, 1e6]]))  # 0 is on it, and 2
START = 2.0  # on the grid; where its iterates go is the fixed point that is shown
GONE = 0.01  # a slope below is called 0
AWAY = np.abs(GRID) >= 0.5  # tanh's slope at x needs far more than 1 / x² applications to fall
DIGITS = {"format": ".7f", "theorem": True}  # of numbers known to 7 digits, the last one rounded
HALF_A_DIGIT = 5e-8


def study(activations: Sequence[Activation] | None = None, times: int = 1000) -> Claim:
    """Iterate activations, and check their values, slopes and fixed points.

    Args:
        activations: Which; `family` by default.
        times: Applications, at least 10.

    Raises:
        ConfigError: If no check is about any of them.
    """
    activations = activations or family()
    if not any(one.name == "relu" or one.family == "sigmoidal" for one in activations):
        given = ", ".join(one.name for one in activations)
        raise ConfigError(f"this experiment needs relu or a sigmoidal activation beside {given}")
    found = [iterate(activation, times) for activation in activations]
    squashing = [one for one in found if one.activation.family == "sigmoidal"]
    kept = [one for one in squashing if abs(one.slope(0)[-1]) > GONE]
    at_zero = ", ".join(f"{one.activation.name} {one.slope(0)[-1]:.2g}" for one in kept)
    largest = max((one.steepest_away for one in squashing), default=np.nan)
    return Claim(
        name="iterate",
        title="Applied again and again",
        text=TEXT,
        checks=tuple(checks(found)),
        summary=f"After {times} applications no sigmoidal function has a slope above {largest:.2g} "
        f"at 0.5 ≤ |x| ≤ 6. At 0 the slope is f′(0) to the power of {times} where f(0) = 0, and "
        f"does not tend to 0 for {at_zero or 'none'}.",
        figures={"iterate": draw_shapes(found), "iterate_slopes": draw_decay(found)},
        numbers={
            one.activation.name: {
                "slope_at_0": one.slope(0)[:51],
                "slope_at_2": one.slope(2)[:51],
                "steepest_away_from_0": one.steepest_away,
                "fixed_point": one.fixed_point,
                "exponent": one.exponent,
            }
            for one in found
        },
        table=table(found),
    )


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
    def times(self) -> int:
        """The largest number of applications."""
        return len(self.slopes) - 1

    @property
    def steepest_away(self) -> float:
        """The largest abs(slope) after all applications, at the points `AWAY` from 0."""
        return float(np.abs(self.slopes[-1, AWAY]).max())

    @property
    def idempotent(self) -> bool:
        """Whether applying it twice, or more often, is exactly applying it once."""
        return all((each[2:] == each[1]).all() for each in (self.values, self.slopes))

    def slope(self, x: float) -> np.ndarray:
        """Return the slope at a point of the grid, after each number of applications."""
        return self.slopes[:, np.searchsorted(GRID, x - 1e-9)]

    @property
    def exponent(self) -> float:
        """p, if the slope at 2 falls as n^-p: over the last doubling of n."""
        half, last = self.slope(START)[[self.times // 2, -1]]
        return np.log2(half / last) if half > 0 and last > 0 else np.nan


def checks(found: Sequence[Iterated]) -> Iterator[Check]:
    """Check what is known of relu, sigmoid and tanh, and whether sigmoidal functions squash.

    Where f(0) = 0 the slope at 0 is f'(0)^n: 1 for tanh, and without bound for erf, however soon it
    vanishes at any other x. So 0 is asked about by itself.
    """
    by_name, times = {one.activation.name: one for one in found}, found[0].times
    if relu := by_name.get("relu"):
        off = max(np.abs(each[1:] - each[1]).max() for each in (relu.values, relu.slopes))
        same = f"relu applied 2 to {times} times is relu, in value and slope: largest difference"
        yield near(same, "exactly relu", off, 0, 0, theorem=True)

    if sigmoid := by_name.get("sigmoid"):
        (point, slope), at_zero = sigmoid.fixed_point, sigmoid.slope(0)
        there, tenth = "0.2247043", at_zero[10] / at_zero[9]
        left = "sigmoid's slope at 0: the factor of the 10th application"
        yield near("sigmoid's fixed point", "0.6590461", point, 0.6590461, HALF_A_DIGIT, **DIGITS)
        at_point = "sigmoid's slope at its fixed point"
        yield near(at_point, there, slope, 0.2247043, HALF_A_DIGIT, **DIGITS)
        # The 9 before have brought 0 to slope^9 of its distance from the point; |f''| is below 0.1.
        rest = HALF_A_DIGIT + 0.1 * point * slope**9
        yield near(left, there, tenth, 0.2247043, rest, **DIGITS)

    squashing = [one for one in found if one.activation.family == "sigmoidal"]
    if squashing:
        widths = np.array([np.ptp(one.values[1:7], axis=1) for one in squashing])
        narrower = "sigmoidal functions squash more each of the first 6 times: new range over old"
        yield at_most(narrower, "below 1", (widths[:, 1:] / widths[:, :-1]).max(), 0.999)
    for one in squashing:
        away = f"{one.activation.name}, {times} times: steepest slope at 0.5 ≤ |x| ≤ 6"
        yield at_most(away, "tends to 0", one.steepest_away, GONE, format=".2g")
    if squashing:
        steepest = max(abs(one.slope(0)[-1]) for one in squashing)
        everywhere = f"sigmoidal functions, {times} times: steepest slope of any at x = 0"
        yield at_most(everywhere, "tends to 0", steepest, GONE, format=".2g")

    if tanh := by_name.get("tanh"):
        kept = f"tanh's slope at 0 after {times} applications: an exception"
        yield near(kept, "1, exactly", tanh.slope(0)[-1], 1, 0, theorem=True)
        falls = "tanh's slope from x = 2 on: exponent p of its fall as n^-p"
        yield at_least(falls, "tends to 0", tanh.exponent, 1, format=".3f")


def family() -> list[Activation]:
    """List relu, and the catalogue's sigmoidal activations."""
    first = ("relu", "sigmoid", "tanh")
    others = [get(name) for name in names(True) if name not in first]
    return [*map(get, first), *(one for one in others if one.family == "sigmoidal")]


def iterate(activation: Activation, times: int) -> Iterated:
    """Apply an activation up to `times` times, in float64."""
    with jax.enable_x64(True):
        values, slopes = map(np.asarray, iterates(activation, GRID, times))
    end = values[-1, np.searchsorted(GRID, START - 1e-9)]
    points = describe(activation).fixed_points
    close = [p for p in points if p.low == p.high and abs(p.low - end) < 0.1]
    nearest = min(close, key=lambda p: abs(p.low - end), default=None)
    fixed_point = (nearest.low, nearest.slope) if nearest else (np.nan, np.nan)
    return Iterated(activation, values, slopes, fixed_point)


def table(iterated: Sequence[Iterated]) -> pd.DataFrame:
    """Tabulate one row per activation."""
    rows = []
    for found in iterated:
        zero, (point, factor) = found.slope(0.0), found.fixed_point
        falls = f"× {factor:.4f} each" if abs(factor) < 0.999 else f"n^−{found.exponent:.2f}"
        rows.append(
            {
                "activation": found.activation.name,
                "idempotent": "exactly" if found.idempotent else "no",
                "fixed point": point,
                "slope there": factor,
                "slope at 0: n = 1": zero[1],
                "n = 5": zero[5],
                f"n = {found.times}": zero[-1],
                "slope at 2 falls as": "–" if np.isnan(factor) else falls,
            }
        )
    return pd.DataFrame(rows)


@house_style()
def draw_shapes(iterated: Sequence[Iterated], most: int = 5) -> Figure:
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
def draw_decay(iterated: Sequence[Iterated]) -> Figure:
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
