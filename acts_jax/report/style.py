"""House style of the figures: colours, number formats, titles, labels, and the sheet of rows."""

from __future__ import annotations

import contextlib
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter
from scipy.optimize import isotonic_regression

INK, FAINT, RULE, ALARM = "#222222", "#6b6b6b", "#d0d0d0", "#b3261e"

# After Okabe and Ito (2008): black and yellow became grey and olive, and sky blue and orange are
# darker, so that all eight can be read as text on white and, inverted, on black.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#c0649a", "#c48400", "#2f9bd8", "#857600", "#757575")
WELL_KNOWN = ("relu", "prelu", "elu", "sigmoid", "tanh", "leaky_relu", "gelu", "silu", "sbaf")
MARKERS = "os^DvPXhdp*"

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.4,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "acts_jax",
}
NOTE = {"fontsize": 8.5, "color": FAINT}


@contextlib.contextmanager
def house_style(own: Mapping[str, Any] = MappingProxyType({})) -> Iterator[None]:
    """Draws in the house style inside this context, whatever a user's `matplotlibrc` says.

    Args:
        own: Settings of a figure that differ from the house style.
    """
    # The backend is for windows, and there are none.
    plain = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")}
    with matplotlib.rc_context({**plain, **STYLE, **own}):
        yield


def styles(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """A colour and a marker for each activation; the well-known ones always get the same."""
    wheel = len(PALETTE)
    taken = {WELL_KNOWN.index(name) for name in names if name in WELL_KNOWN}
    free = (i for i in range(len(WELL_KNOWN) + len(names)) if i not in taken)
    slots = {n: WELL_KNOWN.index(n) if n in WELL_KNOWN else next(free) for n in sorted(set(names))}
    return {
        name: (PALETTE[i % wheel], MARKERS[(i + i // wheel) % len(MARKERS)])
        for name, i in slots.items()
    }


def percent(share: float) -> str:
    """`0.9741` as `97.4%`; an exact 0 as `0%`; `–` for NaN."""
    if share == 0:
        return "0%"
    return f"{100 * share:.1f}%" if np.isfinite(share) else "–"


def spelt(kind: str) -> str:
    """What a score is called in a text, from `statistics.score_name`."""
    return {"rmse": "RMSE"}.get(kind, kind)


def score(value: float, kind: str) -> str:
    """An accuracy as a percentage, an RMSE with three digits: `59.0`."""
    if kind == "accuracy":
        return percent(value)
    return f"{value:.{_decimals(value)}f}" if np.isfinite(value) else "–"


def with_interval(row, kind: str, unit: str = "") -> str:
    """The score of a row of `stages.by_stage` with its interval, in percent or the target's units.

    `97.4 ± 0.3%` where both sides are as long, to the last digit that is shown; else
    `97.0% (95.1 to 98.0)`. The score alone where an end is NaN.
    """
    scale, decimals = (100, 1) if kind == "accuracy" else (1, _decimals(row["score"]))

    def text(value: float) -> str:
        return f"{scale * value:.{decimals}f}"

    middle, low, high = (row[column] for column in ("score", "low", "high"))
    if not np.isfinite([low, high]).all():
        return text(middle) + unit
    if text(middle - low) == text(high - middle):
        return f"{text(middle)} ± {text(high - middle)}{unit}"
    return f"{text(middle)}{unit} ({text(low)} to {text(high)})"


def _decimals(value: float) -> int:
    """How many of them give `value` three digits."""
    return max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0


def fate(row) -> str:
    """What became of those cells of a row of `statistics.select` that have no score."""
    if not row.failed_share:
        return "diverged"
    return "diverged or failed" if row.diverged_share else "failed"


def brief(value: float, digits: int = 2) -> str:
    """Two digits, if not said otherwise: `0.5`, `290`, `5.6e-5`."""
    mantissa, _, exponent = f"{float(f'{value:.{digits}g}'):g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def shorten(name: str, most: int = 24) -> str:
    """The end of a long name, which tells `package.module:function` apart best.

    It begins after a dot, where enough is left then to have the module in it.
    """
    if len(name) <= most:
        return name
    end = name[1 - most :]
    package, _, rest = end.partition(".")
    return "…" + (rest if ":" in rest and ":" not in package else end)


def power_of_ten(value: float) -> str:
    """`0.01` as `0.01`, `1e-6` as `10⁻⁶`: log axes without mathtext, which names could break."""
    exponent = round(math.log10(value))
    if -3 <= exponent <= 3:
        return f"{value:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def titles(figure: Figure, title: str, note: str) -> None:
    """A bold title above and a lighter note below, both at the left, wrapped to the width."""
    width = int(14.5 * figure.get_figwidth())
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    lines = [line for part in note.splitlines() for line in textwrap.wrap(part, width)]
    figure.set_figheight(figure.get_figheight() + 0.15 * max(len(lines) - 2, 0))
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", **NOTE)


def log_rates(axes: Axes, rates: pd.Series) -> None:
    """A logarithmic learning rate axis with plain numbers, also for a single rate.

    A rate of 0 has no place on it.
    """
    rates = rates[rates > 0]
    if rates.empty:
        return
    low, high = rates.min(), rates.max()
    margin = (high / low) ** 0.05 if high > low else 2.0
    axes.set_xscale("log")
    axes.set_xlim(low / margin, high * margin)
    if math.log10(high / low) < 1:
        axes.set_xticks(sorted(set(rates))[:: max(1, rates.nunique() // 4)])
    else:
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
    axes.xaxis.set_major_formatter(lambda value, _: power_of_ten(value) if value else "0")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(FixedLocator(sorted(set(rates))))
    axes.set_xlabel("learning rate")


def spread(positions: Sequence[float], gap: float) -> np.ndarray:
    """Positions in [0, 1], order kept, moved by the least squares that leave `gap` between them.

    Positions minus rank times gap must not decrease: isotonic regression.
    """
    order = np.argsort(positions, kind="stable")
    gap = min(gap, 1 / max(order.size - 1, 1))
    steps = gap * np.arange(order.size)
    pooled = isotonic_regression(np.asarray(positions, float)[order] - steps).x
    result = np.empty(order.size)
    result[order] = np.clip(pooled, 0, 1 - gap * max(order.size - 1, 0)) + steps
    return result


class Row(NamedTuple):
    """One activation at one depth on a sheet: its axes and where its zero line is."""

    axes: Axes
    name: str
    depth: int
    base: float


class Sheet:
    """A column per depth, a row per activation, numbers at the right of every row.

    All rows of a column share one Axes, so that 30 activations cost hardly more than one.
    `height` maps values from `low`..`high`, the `span`, to the row. `style` is that of `styles`.
    """

    fill = 0.84

    def __init__(self, names: Sequence[str], depths: Sequence[int], span, style: Mapping):
        self.low, self.high = span
        self.style = style
        columns = min(len(depths), 4)
        lines = math.ceil(len(depths) / columns)
        tall = 0.52 if len(names) <= 12 else 0.36
        longest = max((len(shorten(name)) for name in names), default=0)
        width = max(0.8 + 0.075 * longest + 2.9 * columns, 5.6)
        height = 1.3 + lines * (0.6 + tall * max(len(names), 1))
        self.figure = Figure(figsize=(width, height), layout="constrained")
        self.columns = [self.figure.add_subplot(lines, columns, i + 1) for i in range(len(depths))]
        for i, (axes, depth) in enumerate(zip(self.columns, depths, strict=True)):
            axes.set_title(f"depth {depth}")
            self._ruled(axes, names, named=i % columns == 0)
        self.rows = [
            Row(axes, name, depth, len(names) - 1.0 - i)
            for axes, depth in zip(self.columns, depths, strict=True)
            for i, name in enumerate(names)
        ]

    def _ruled(self, axes: Axes, names: Sequence[str], named: bool) -> None:
        axes.set_ylim(-0.12, max(len(names), 1) + 0.02)
        bases = np.arange(len(names))[::-1]
        labels = [shorten(name) if named else "" for name in names]
        axes.set_yticks(bases + self.fill / 2, labels)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.hlines(bases, 0, 1, transform=axes.get_yaxis_transform(), color=RULE, lw=0.6)

    def height(self, row: Row, values) -> np.ndarray:
        """Where `values` lie in the row; values beyond `low`..`high` end at its edge."""
        share = (np.asarray(values, float) - self.low) / (self.high - self.low)
        return row.base + self.fill * np.clip(share, 0, 1)

    def level(self, value: float) -> None:
        """A dotted line at `value` in every row."""
        for axes in self.columns:
            heights = [self.height(row, value) for row in self.rows if row.axes is axes]
            dotted = {"color": FAINT, "lw": 0.7, "ls": (0, (1, 2))}
            axes.hlines(heights, 0, 1, transform=axes.get_yaxis_transform(), **dotted)

    def number(self, row: Row, text: str, color: str = INK) -> None:
        """A row's key number, at its right."""
        place = row.axes.get_yaxis_transform()
        y = row.base + self.fill / 2
        row.axes.text(1.02, y, text, transform=place, va="center", color=color, fontsize=8.5)


def leaders(
    axes: Axes, ends: Mapping[str, tuple[float, str, str]], x: float, shift: float, gap: float
) -> None:
    """Direct labels beside lines that end at `x`: text, colour, and a thin leader to each end.

    `ends` maps names to (height in axes units, text, colour); the text starts `shift` away from
    x in axes units, to the left when negative; labels lie at least `gap` apart.
    """
    heights = [height for height, _, _ in ends.values()]
    start = axes.transAxes.inverted().transform(axes.transData.transform((x, 1.0)))[0]
    side, align = (1, "left") if shift > 0 else (-1, "right")
    near, far, label = start + 0.012 * side, start + shift - 0.01 * side, start + shift
    place = {"transform": axes.transAxes, "ha": align, "va": "center"}
    segments = []
    for (height, text, color), y in zip(ends.values(), spread(heights, gap), strict=True):
        axes.text(label, y, text, color=color, fontsize=8.0, **place)
        segments.append([(near, height), (far, y)])
    colors = [color for _, _, color in ends.values()]
    lines = LineCollection(segments, colors=colors, linewidths=0.5, alpha=0.7)
    lines.set_transform(axes.transAxes)
    axes.add_artist(lines)
