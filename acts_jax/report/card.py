"""One activation on one card: the picture, and the facts in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D, ScaledTranslation
from rich.console import Group
from rich.markup import escape as escape_markup
from rich.table import Table
from rich.text import Text

from acts_jax.activations.catalogue import Activation, get
from acts_jax.report import facts, formula
from acts_jax.report.style import FAINT, INK, PALETTE, RULE, STYLE
from acts_jax.theory.description import Shape, describe
from acts_jax.theory.features import jet

CURVE, MARK = PALETTE[0], PALETTE[1]
SIZE = (7.8, 4.5)
_CARD_STYLE = STYLE | {"font.size": 10.5, "xtick.labelsize": 10.0, "ytick.labelsize": 10.0}


@dataclass(frozen=True)
class Card:
    """What a card shows.

    Attributes:
        activation: the record.
        parameters: those given; the others have their defaults.
        shape: what `describe` found; None for a whole-vector function.
        errors: `acts_jax.precision.accuracy.Error`s, if they were measured.
    """

    activation: Activation
    parameters: Mapping[str, Any] = field(default_factory=dict)
    shape: Shape | None = None
    errors: tuple = ()


def make(
    activation: str | Activation, /, *, threshold: float = 0.25, inputs: int = 0, **parameters: Any
) -> Card:
    """Everything about one activation.

    Args:
        activation: a name of the catalogue, "package.module:function", or an `Activation`.
        threshold: the slope above which a region of f' is marked.
        inputs: how many float32 inputs to measure the errors of f and f' at, with the default
            parameters (`accuracy.largest_errors`); 0 for none.
        **parameters: plain numbers.

    Raises:
        ValueError: unknown activation or parameter.
    """
    activation = get(activation)
    activation.check(parameters)
    if not activation.elementwise:
        return Card(activation, parameters)
    shape = describe(activation, threshold=threshold, **parameters)
    errors: tuple = ()
    if inputs:
        from acts_jax.precision.accuracy import largest_errors

        errors = tuple(largest_errors(activation, inputs=inputs))
    return Card(activation, parameters, shape, errors)


def text(card: Card) -> dict[str, str]:
    """The facts of a card by name, as plain text."""
    activation = card.activation
    lines = {
        "formula": formula.as_text(activation.formula),
        "parameters": facts.parameters(activation, dict(card.parameters)),
    }
    if card.shape is None:
        lines["acts on"] = "whole vectors (the last axis): no slope or fixed point of one number"
        lines["range"] = facts.interval(activation.range, (True, True))
    else:
        lines |= facts.lines(card.shape)
    if card.errors:
        lines["accuracy"] = facts.accuracy(card.errors)
    lines |= {
        "family": activation.family.replace("_", " "),
        "paper": activation.reference,
        "aliases": ", ".join(activation.aliases),
    }
    return {name: line for name, line in lines.items() if line}


def terminal(card: Card) -> Group:
    """The facts as a table for `rich.console.Console.print`."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, line in text(card).items():
        table.add_row(escape_markup(name), escape_markup(line))
    return Group(Text(card.activation.name, style="bold"), table)


def figure(card: Card, *, heading: bool = True) -> Figure:
    """f beside the diagonal, f' with the region above the threshold, and f''.

    Args:
        card: what `make` gives.
        heading: whether name, parameters and formula stand above the curves.
    """
    with matplotlib.rc_context(_CARD_STYLE):
        extra = _heading_height(card) if heading else 0.0
        plot = Figure(figsize=(SIZE[0], SIZE[1] + extra))
        top = 1 - (extra + 0.34) / plot.get_figheight()
        grid = plot.add_gridspec(
            2, 2, width_ratios=(1.15, 1), left=0.065, right=0.985, top=top,
            bottom=0.36 / plot.get_figheight(), hspace=0.34, wspace=0.17,
        )  # fmt: skip
        if heading:
            _heading(plot, card, extra)
        if card.shape is None:
            _draw_vector(plot, grid, card)
        else:
            _draw_elementwise(plot, grid, card)
    return plot


def _heading_height(card: Card) -> float:
    path = formula.outline(card.activation.formula, 14.0)
    height = path.get_extents().height if len(path.vertices) else 0.0
    return 0.5 + height / 72


def _heading(plot: Figure, card: Card, extra: float) -> None:
    tall = plot.get_figheight()
    name = plot.text(0.02, 1 - 0.12 / tall, card.activation.name, fontsize=15,
                     fontweight="bold", va="top")  # fmt: skip
    given = [
        f"{key} = {facts.number(float(card.parameters.get(key, parameter.default)))}"
        for key, parameter in card.activation.parameters.items()
    ]
    width = name.get_window_extent().width / plot.dpi / plot.get_figwidth()
    listed = ", ".join(given if len(given) <= 6 else [*given[:5], "…"])
    plot.text(0.035 + width, 1 - 0.175 / tall, listed, color=FAINT, va="top", fontsize=10.5)
    path = formula.outline(card.activation.formula, 14.0)
    if len(path.vertices):
        box = path.get_extents()
        fit = min(1.0, 0.96 * plot.get_figwidth() * 72 / max(box.width, 1.0))
        place = (
            Affine2D().translate(-box.x0, -box.y1).scale(fit * plot.dpi / 72)
            + ScaledTranslation(0.02 * plot.get_figwidth(), tall - 0.5, plot.dpi_scale_trans)
        )  # fmt: skip
        plot.add_artist(PathPatch(path, transform=place, facecolor=INK, linewidth=0))


def _draw_elementwise(plot: Figure, grid, card: Card) -> None:
    shape, function = card.shape, card.activation.function
    low, high = window(shape)
    x = _abscissae(shape, low, high)
    values = jet(function, shape.parameters, x)
    breaks = [kink for kink in shape.kinks if low < kink.x < high]
    main = plot.add_subplot(grid[:, 0])
    first, second = plot.add_subplot(grid[0, 1]), plot.add_subplot(grid[1, 1])
    for axes, order in ((main, 0), (first, 1), (second, 2)):
        _curve(axes, x, values[order], [kink.x for kink in breaks if kink.order <= order])
        for kink in breaks:
            axes.axvline(kink.x, color=FAINT, lw=0.7, ls=(0, (1, 2)), zorder=0)
        axes.axhline(0, color=RULE, lw=0.8, zorder=0)
        axes.set_xlim(low, high)
        even = np.interp(np.linspace(low, high, 1001), x, values[order])
        axes.set_ylim(*_ordinates(even, order, shape, (low, high)))
        axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(8 if order == 0 else 5, steps=[1, 2, 2.5, 5, 10]))
    for axes in (main, first):
        for left, right in shape.steep:
            left, right = max(left, low), min(right, high)
            if right > left and len(shape.steep) <= 60:
                axes.axvspan(left, right, color=CURVE, alpha=0.08, lw=0, zorder=-1)
    _mark_kinks((main, first), card, breaks)
    _mark_slopes(first, shape, (low, high))
    _mark_fixed_points(main, shape, (low, high))
    _mark_asymptotes(main, shape, (low, high))
    first.tick_params(labelbottom=False)
    said = _short(shape)
    for axes, title, line in (
        (main, "f", said[0]),
        (first, "f′", said[1]),
        (second, "f″", said[2]),
    ):
        _title(axes, title, line)


def _short(shape: Shape) -> tuple[str, str, str]:
    """What the three titles say."""
    smooth = facts.smoothness(shape)
    return (
        f"range {facts.value_range(shape)}, gain {facts.number(shape.gain, 4)}",
        f"sup |f′| = {facts.largest_slope(shape, 5, most=1 if any(shape.oscillates) else 2)}",
        smooth if shape.kinks else "no kinks",
    )


def _title(axes: Axes, title: str, line: str) -> None:
    axes.annotate(title, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points",
                  fontsize=12, fontweight="bold")  # fmt: skip
    axes.annotate(line if len(line) < 44 else line[:42] + "…", (0, 1), (20, 6.5), color=INK,
                  xycoords="axes fraction", textcoords="offset points", fontsize=10)  # fmt: skip


def window(shape: Shape) -> tuple[float, float]:
    """The part of the x axis that shows what there is to see."""
    if all(math.isfinite(end) for end in shape.domain):
        return shape.domain
    turns = sorted({abs(turn.x) for turn in shape.turning_points})
    if any(shape.oscillates) and len(turns) > 6:
        wide = 3.2 * (turns[4] - turns[2])
    else:
        points = [*(kink.x for kink in shape.kinks), *(turn.x for turn in shape.turning_points)]
        points += [end for pair in shape.steep for end in pair]
        points += [end for point in shape.fixed_points for end in (point.low, point.high)]
        points += [end for pair in shape.steepest.where for end in pair]
        shown = [abs(x) for x in points if math.isfinite(x) and 0 < abs(x) <= 12]
        wide = 1.45 * max(shown, default=2.8)
        wide = wide if wide < 1 and not any(shape.asymptotes) else min(max(wide, 4.0), 12.0)
    return max(-wide, shape.domain[0]), min(wide, shape.domain[1])


def _abscissae(shape: Shape, low: float, high: float) -> np.ndarray:
    """Points to draw, with a pair close around every kink, and near the ends of a domain."""
    near = np.geomspace(1e-6, 0.02, 24) * (high - low)
    x = [np.linspace(low, high, 1201), low + near, high - near]
    for kink in shape.kinks:
        x.append(kink.x + np.array([-1e-9, 1e-9]) * max(1.0, abs(kink.x)))
        x += [kink.x - near, kink.x + near]
    x = np.unique(np.concatenate(x))
    x = x[~np.isin(x, [kink.x for kink in shape.kinks])]
    return x[(x >= low) & (x <= high)]


def _curve(axes: Axes, x, y, breaks) -> None:
    """One line, interrupted where it jumps and where it has no value."""
    x, y = np.concatenate([x, breaks]), np.concatenate([y, np.full(len(breaks), np.nan)])
    order = np.argsort(x, kind="stable")
    y = np.where(np.isfinite(y), y, np.nan)
    axes.plot(x[order], y[order], color=CURVE, lw=2.0, solid_capstyle="butt")


def _ordinates(y, order: int, shape: Shape, span: tuple[float, float]) -> tuple[float, float]:
    """Limits of the y axis: without the last percents of what runs off to infinity."""
    finite = y[np.isfinite(y)]
    low, high = float(finite.min()), float(finite.max())
    inner = np.quantile(finite, [0.03, 0.97])
    room = max(inner[1] - inner[0], 1e-3)
    if order:
        low, high = max(low, inner[0] - 0.8 * room), min(high, inner[1] + 0.8 * room)
    if order == 0:
        wide = max(abs(span[0]), abs(span[1]))
        low = low if math.isfinite(shape.range[0]) else max(low, -1.1 * wide)
        high = high if math.isfinite(shape.range[1]) else min(high, 1.1 * wide)
        if high <= low:
            low, high = float(finite.min()), float(finite.max())
        if shape.domain[0] < 0 < shape.domain[1]:
            low, high = min(low, -0.12 * (high - low)), max(high, 0.12 * (high - low))
    else:
        low, high = min(low, 0.0), max(high, 0.0)
    if order == 1 and math.isfinite(shape.steepest.value):
        high = max(high, min(1.15 * shape.threshold, 1.3 * shape.steepest.value))
    pad = 0.07 * (high - low) or 0.5
    return low - pad, high + pad


def _mark_kinks(panels: Sequence[Axes], card: Card, breaks) -> None:
    """Where f or f' jumps: a dot at the value that the library gives it there."""
    shape = card.shape
    for order, axes in enumerate(panels):
        points = np.array([kink.x for kink in breaks if kink.order <= order], float)
        if points.size and points.size <= 40:
            value = jet(card.activation.function, shape.parameters, points)[order]
            axes.plot(points, value, "o", ms=5, color=CURVE, zorder=4)


def _mark_slopes(axes: Axes, shape: Shape, span: tuple[float, float]) -> None:
    """A line at the threshold, its region in words, and dots where abs(f') is largest."""
    if shape.threshold < axes.get_ylim()[1]:
        axes.axhline(shape.threshold, color=FAINT, lw=0.7, ls=(0, (4, 3)), zorder=0)
    if np.nanmin(axes.lines[0].get_ydata()) < -shape.threshold:
        axes.axhline(-shape.threshold, color=FAINT, lw=0.7, ls=(0, (4, 3)), zorder=0)
    most = 1 if any(shape.oscillates) else 3
    for digits in (4, 3):
        label = facts.steep(shape, digits, most)
        words = f"|f′| > {facts.number(shape.threshold)}" + (
            " nowhere" if label == "nowhere" else f" for {label}"
        )
        if len(words) <= 46:
            break
    axes.annotate(
        words if len(words) <= 46 else words[:45] + "…",
        (0, 0), (0, -13), xycoords="axes fraction", textcoords="offset points",
        color=CURVE, fontsize=9.5, va="center",
    )  # fmt: skip
    if math.isfinite(shape.steepest.value):
        points = [a for a, b in shape.steepest.where if a == b and span[0] <= a <= span[1]]
        for point in points:
            near = [k.x for k in shape.kinks if k.x == point]
            if not near:
                line = axes.lines[0]
                y = np.interp(point, line.get_xdata(), line.get_ydata())
                axes.plot([point], [y], "D", ms=5.5, color=MARK, zorder=5, clip_on=False)


def _mark_fixed_points(axes: Axes, shape: Shape, span: tuple[float, float]) -> None:
    """The diagonal; a full dot attracts, an open one repels."""
    axes.plot(span, span, color=FAINT, lw=0.8, zorder=0.5)
    low, high = axes.get_ylim()
    inside = [p for p in shape.fixed_points if p.high >= span[0] and p.low <= span[1]]
    for point in inside:
        left, right = max(point.low, span[0]), min(point.high, span[1])
        if right > left:
            axes.plot([left, right], [left, right], color=MARK, lw=6, alpha=0.3, zorder=1,
                      solid_capstyle="butt")  # fmt: skip
            continue
        face = {"attracting": MARK, "repelling": "white"}.get(point.kind, "#f3c9a8")
        axes.plot([left], [left], "o", ms=7.5, mfc=face, mec=MARK, mew=1.5, zorder=5, clip_on=False)
        if low <= left <= high and left != 0 and len(inside) <= 4:
            outer = left > span[0] + 0.85 * (span[1] - span[0])
            axes.annotate(facts.number(left, 4), (left, left), (-8 if outer else 8, -12),
                          textcoords="offset points", ha="right" if outer else "left", color=MARK,
                          fontsize=10, zorder=6)  # fmt: skip
    axes.set_ylim(low, high)
    x = max(span[0], low) + 0.02 * (high - low)
    if x < min(span[1], high):
        axes.annotate("y = x", (x, x), (9, 0), color=FAINT, fontsize=9.5, va="bottom",
                      textcoords="offset points")  # fmt: skip


def _mark_asymptotes(axes: Axes, shape: Shape, span: tuple[float, float]) -> None:
    low, high = axes.get_ylim()
    middle = (span[0] + span[1]) / 2
    for line, (start, stop) in zip(
        shape.asymptotes, ((span[0], middle), (middle, span[1])), strict=True
    ):
        if line is None or line == (1.0, 0.0):
            continue
        ends = np.array([start, stop])
        axes.plot(ends, line[0] * ends + line[1], color=INK, lw=0.9, ls=(0, (5, 3)), zorder=1)
    axes.set_ylim(low, high)


def _draw_vector(plot: Figure, grid, card: Card) -> None:
    """A whole-vector function: its outputs while the first, or the last, input moves."""
    x = np.linspace(-5, 5, 401)
    held = np.array([2.0, 1.0, -1.0])
    for column, place in enumerate((0, 3)):
        inputs = np.insert(np.tile(held, (x.size, 1)), place, x, axis=1).astype(np.float32)
        outputs = np.asarray(card.activation(inputs, **card.parameters), float)
        axes = plot.add_subplot(grid[:, column])
        for i in range(outputs.shape[1]):
            axes.plot(x, outputs[:, i], color=PALETTE[i % 8], lw=2.0,
                      ls=("-", (0, (6, 1.5)), (0, (2, 1)), "-.")[i % 4])  # fmt: skip
        axes.set_xlim(-5, 5)
        axes.axhline(0, color=RULE, lw=0.8, zorder=0)
        entries = np.insert(np.array(["2", "1", "−1"], object), place, "x")
        _title(axes, f"f({', '.join(entries)})", "")
        _label_outputs(axes, outputs)


def _label_outputs(axes: Axes, outputs: np.ndarray) -> None:
    """The numbers of the outputs above their lines, where no line or label is in the way.

    Equal lines share a label.
    """
    shared: dict[bytes, list[int]] = {}
    for i in range(outputs.shape[1]):
        shared.setdefault(outputs[:, i].tobytes(), []).append(i)
    wide, tall = outputs.shape[0] // 30, 0.045 * np.ptp(outputs)  # half a label, its height
    placed: list[tuple[int, float]] = []

    def room(at: int, lines: list[int]) -> float:
        """How far a label there is from lines and labels, and its line from the other lines."""
        middle = outputs[at, lines[0]] + tall
        near = [np.abs(outputs[at - wide : at + wide] - middle).min()]
        near += list(np.abs(np.delete(outputs[at], lines) - outputs[at, lines[0]]))
        near += [abs(m - middle) / 2 for other, m in placed if abs(other - at) < 2 * wide]
        return min(near)

    for lines in shared.values():
        at = max(range(2 * wide, outputs.shape[0] - wide, 4), key=lambda at: room(at, lines))
        placed.append((at, outputs[at, lines[0]] + tall))
        label = " ".join(f"f{'₁₂₃₄₅₆₇₈'[i % 8]}" for i in lines)
        axes.annotate(label, (axes.lines[0].get_xdata()[at], outputs[at, lines[0]]), (0, 7),
                      ha="center", textcoords="offset points", color=PALETTE[lines[-1] % 8],
                      fontsize=11)  # fmt: skip
