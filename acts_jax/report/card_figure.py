"""The picture of a card: a function beside its derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D, ScaledTranslation

from acts_jax.report import facts, formula
from acts_jax.report.card import Card
from acts_jax.report.style import FAINT, INK, PALETTE, RULE, house_style
from acts_jax.theory.description import Shape
from acts_jax.theory.features import jet

CURVE, MARK = PALETTE[0], PALETTE[1]
SIZE = (7.8, 4.5)
_CARD_STYLE = {"font.size": 10.5, "xtick.labelsize": 10.0, "ytick.labelsize": 10.0}


def figure(card: Card, *, heading: bool = True) -> Figure:
    """f beside the diagonal, f' with the region above the threshold, and f''.

    Under a heading, unless there is to be none, of name, parameters and formula.
    """
    with house_style(_CARD_STYLE):
        path = formula.outline(card.activation.formula, 14.0)
        drawn = path.get_extents().height / 72 if len(path.vertices) else 0.0
        extra = 0.5 + drawn if heading else 0.0
        tall = SIZE[1] + extra
        plot = Figure(figsize=(SIZE[0], tall))
        edges = {"left": 0.065, "right": 0.985, "top": 1 - (extra + 0.34) / tall}
        edges |= {"bottom": 0.36 / tall, "hspace": 0.34, "wspace": 0.17}
        grid = plot.add_gridspec(2, 2, width_ratios=(1.15, 1), **edges)
        if heading:
            _heading(plot, card, path)
        if card.shape is None:
            _draw_vector(plot, grid, card)
        else:
            _draw_elementwise(plot, grid, card)
    return plot


def _heading(plot: Figure, card: Card, path: Path) -> None:
    wide, tall = plot.get_size_inches()
    bold = {"fontsize": 15, "fontweight": "bold", "va": "top"}
    name = plot.text(0.02, 1 - 0.12 / tall, card.activation.name, **bold)
    given = [
        f"{key} = {facts.number(float(card.parameters.get(key, parameter.default)))}"
        for key, parameter in card.activation.parameters.items()
    ]
    width = name.get_window_extent().width / plot.dpi / wide
    listed = ", ".join(given if len(given) <= 6 else [*given[:5], "…"])
    plot.text(0.035 + width, 1 - 0.175 / tall, listed, color=FAINT, va="top", fontsize=10.5)
    if len(path.vertices):
        box = path.get_extents()
        fit = min(1.0, 0.96 * wide * 72 / max(box.width, 1.0))
        place = Affine2D().translate(-box.x0, -box.y1).scale(fit * plot.dpi / 72)
        place += ScaledTranslation(0.02 * wide, tall - 0.5, plot.dpi_scale_trans)
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
    largest = facts.largest_slope(shape, 5, most=1 if any(shape.oscillates) else 2)
    _title(main, "f", f"range {facts.value_range(shape)}, gain {facts.number(shape.gain, 4)}")
    _title(first, "f′", f"sup |f′| = {largest}")
    _title(second, "f″", facts.smoothness(shape) if shape.kinks else "no kinks")


def _title(axes: Axes, title: str, line: str) -> None:
    corner = {"xy": (0, 1), "xycoords": "axes fraction", "textcoords": "offset points"}
    line = line if len(line) < 44 else line[:42] + "…"
    axes.annotate(title, xytext=(0, 6), fontsize=12, fontweight="bold", **corner)
    axes.annotate(line, xytext=(20, 6.5), color=INK, fontsize=10, **corner)


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
        low, high = min(low, 0.0), max(high, 0.0)
    else:
        wide = max(abs(span[0]), abs(span[1]))
        low = low if math.isfinite(shape.range[0]) else max(low, -1.1 * wide)
        high = high if math.isfinite(shape.range[1]) else min(high, 1.1 * wide)
        if high <= low:
            low, high = float(finite.min()), float(finite.max())
        if shape.domain[0] < 0 < shape.domain[1]:
            low, high = min(low, -0.12 * (high - low)), max(high, 0.12 * (high - low))
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
    dashed = {"color": FAINT, "lw": 0.7, "ls": (0, (4, 3)), "zorder": 0}
    if shape.threshold < axes.get_ylim()[1]:
        axes.axhline(shape.threshold, **dashed)
    if np.nanmin(axes.lines[0].get_ydata()) < -shape.threshold:
        axes.axhline(-shape.threshold, **dashed)
    most = 1 if any(shape.oscillates) else 3
    for digits in (4, 3):
        label = facts.steep(shape, digits, most)
        where = label if label == "nowhere" else f"for {label}"
        words = f"|f′| > {facts.number(shape.threshold)} {where}"
        if len(words) <= 46:
            break
    words = words if len(words) <= 46 else words[:45] + "…"
    corner = {"xy": (0, 0), "xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(words, xytext=(0, -13), color=CURVE, fontsize=9.5, va="center", **corner)
    x, y = axes.lines[0].get_data()
    kinks = {kink.x for kink in shape.kinks}
    if math.isfinite(shape.steepest.value):
        points = [a for a, b in shape.steepest.where if a == b and span[0] <= a <= span[1]]
        for point in (point for point in points if point not in kinks):
            top = np.interp(point, x, y)
            axes.plot([point], [top], "D", ms=5.5, color=MARK, zorder=5, clip_on=False)


def _mark_fixed_points(axes: Axes, shape: Shape, span: tuple[float, float]) -> None:
    """The diagonal; a full dot attracts, an open one repels."""
    axes.plot(span, span, color=FAINT, lw=0.8, zorder=0.5)
    low, high = axes.get_ylim()
    inside = [p for p in shape.fixed_points if p.high >= span[0] and p.low <= span[1]]
    for point in inside:
        left, right = max(point.low, span[0]), min(point.high, span[1])
        if right > left:
            band = {"color": MARK, "lw": 6, "alpha": 0.3, "solid_capstyle": "butt"}
            axes.plot([left, right], [left, right], zorder=1, **band)
            continue
        face = {"attracting": MARK, "repelling": "white"}.get(point.kind, "#f3c9a8")
        axes.plot([left], [left], "o", ms=7.5, mfc=face, mec=MARK, mew=1.5, zorder=5, clip_on=False)
        if low <= left <= high and left != 0 and len(inside) <= 4:
            outer = left > span[0] + 0.85 * (span[1] - span[0])
            place = {"xytext": (-8, -12), "ha": "right"} if outer else {"xytext": (8, -12)}
            place |= {"xy": (left, left), "textcoords": "offset points", "zorder": 6}
            axes.annotate(facts.number(left, 4), color=MARK, fontsize=10, **place)
    axes.set_ylim(low, high)
    x = max(span[0], low) + 0.02 * (high - low)
    if x < min(span[1], high):
        text = {"color": FAINT, "fontsize": 9.5, "va": "bottom"}
        axes.annotate("y = x", (x, x), (9, 0), textcoords="offset points", **text)


def _mark_asymptotes(axes: Axes, shape: Shape, span: tuple[float, float]) -> None:
    low, high = axes.get_ylim()
    for line, end in zip(shape.asymptotes, span, strict=True):
        if line not in (None, (1.0, 0.0)):
            x = np.sort([end, (span[0] + span[1]) / 2])
            axes.plot(x, line[0] * x + line[1], color=INK, lw=0.9, ls=(0, (5, 3)), zorder=1)
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
            dashes = ("-", (0, (6, 1.5)), (0, (2, 1)), "-.")[i % 4]
            axes.plot(x, outputs[:, i], color=PALETTE[i % 8], lw=2.0, ls=dashes)
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
        x, y = axes.lines[0].get_xdata()[at], outputs[at, lines[0]]
        placed.append((at, y + tall))
        label = " ".join(f"f{'₁₂₃₄₅₆₇₈'[i % 8]}" for i in lines)
        above = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center"}
        axes.annotate(label, (x, y), color=PALETTE[lines[-1] % 8], fontsize=11, **above)
