"""Figures of gradients that vanish on their way back: by layer, by factor and by depth."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from acts_jax.report.drawing import DASHED, band, doubling, grid, name_ends
from acts_jax.report.style import INK, brief, house_style, power_of_ten, styles, titles
from acts_jax.studies.vanishing_gradients.measure import (
    BEFORE,
    MOMENTS,
    NETWORK,
    by_network,
    geometric_mean,
)

INITS = {
    "lecun_normal": "LeCun: variance 1 / fan in",
    "second_moment": "second moment: variance gain² / fan in",
}


def draw(layers: pd.DataFrame) -> dict[str, Figure]:
    """Draw all figures, by the names of their files, from the table of `measure.by_layer`."""
    networks = by_network(layers)
    depth = layers["depth"].max()
    deepest = layers[layers["depth"] == depth]
    before = networks[networks["moment"] == BEFORE]
    return {
        "vanishing_gradients": _gradients(deepest, networks, depth),
        "vanishing_gradients_factors": _factors(deepest, depth),
        "vanishing_gradients_depth": _gradient_by_depth(before),
        "vanishing_gradients_accuracy": _accuracy_by_depth(before),
    }


def _gradients(deepest: pd.DataFrame, networks: pd.DataFrame, depth: int) -> Figure:
    """Gradient norm of each layer over that of the last hidden one, in the deepest networks."""
    last = deepest[deepest["layer"] == depth].set_index(NETWORK)["gradient_norm"]
    factor = networks.set_index(NETWORK)["factor"]
    points = deepest.join(last.rename("last"), on=NETWORK).join(factor, on=NETWORK)
    points["y"] = points["gradient_norm"] / points["last"]
    return _sheet(
        points.rename(columns={"moment": "row", "layer": "x", "factor": "number"}),
        rows={moment: f"gradient norm, {moment}" for moment in MOMENTS},
        bound=lambda layer: 0.25 ** (depth - layer),
        xlabel=f"hidden layer (norm 1 at layer {depth})",
        title=f"The gradient on its way back through {depth} layers",
        note="Dashed: a quarter per layer, the most that f′ of the sigmoid lets through. Number: "
        "the factor per layer, from a straight line fitted to the logarithms.",
    )


def _factors(deepest: pd.DataFrame, depth: int) -> Figure:
    """The two factors of each layer apart, in the deepest networks at initialisation."""
    rows = {"slope": "error multiplied by f′", "weight": "error multiplied by the weights"}
    before = deepest[deepest["moment"] == BEFORE].rename(columns={"layer": "x"})
    points = before.melt([*NETWORK, "x"], list(rows), var_name="row", value_name="y")
    return _sheet(
        points.assign(number=points["y"]),
        rows=rows,
        bound=lambda layer: np.full(len(layer), 0.25),
        xlabel=f"hidden layer (of {depth})",
        title="The two factors of a layer apart, at initialisation",
        note="Dashed: 1/4, the largest slope of the sigmoid. Number: geometric mean over the "
        "layers. A layer multiplies the error by both factors.",
    )


def _gradient_by_depth(before: pd.DataFrame) -> Figure:
    """Gradient norm of layer 1 over that of the last hidden one, against depth."""
    depth, ratio = before["depth"], before["ratio"]
    return _sheet(
        before.assign(row="ratio", x=depth, y=ratio, number=ratio.where(depth == depth.max())),
        rows={"ratio": "gradient norm, layer 1 over last"},
        bound=lambda depth: 0.25 ** (depth - 1.0),
        title="The gradient that reaches layer 1, by depth, at initialisation",
        note="Dashed: a quarter per layer. Number: at the greatest depth.",
    )


def _accuracy_by_depth(before: pd.DataFrame) -> Figure:
    percent = 100 * before["test_accuracy"]
    return _sheet(
        before.assign(row="accuracy", x=before["depth"], y=percent, number=np.nan),
        rows={"accuracy": "test accuracy, %"},
        title="Accuracy by depth",
        note="Each at the learning rate that is best on validation.",
        log=False,
    )


@house_style()
def _sheet(
    points: pd.DataFrame,
    *,
    rows: Mapping[str, str],
    title: str,
    note: str,
    xlabel: str = "",
    bound: Callable[[np.ndarray], np.ndarray] | None = None,
    log: bool = True,
) -> Figure:
    """Draw a panel per row and initialisation, with a line per activation.

    The columns of `points` are row, init, activation, x, y, and number, whose geometric mean over
    a line is written beside its name; `rows` maps rows to labels, `bound` x to the dashed line. x
    is a layer if it has a label, and else the depth; y is logarithmic, or else a percentage.
    """
    inits = list(dict.fromkeys(points["init"]))
    style = styles(list(points["activation"].unique()))
    if log:
        points = points[points["y"] > 0]
    size = max(0.6 + 4.2 * len(inits), 5.8), 1.2 + 2.6 * len(rows)
    columns = [INITS.get(init, init) for init in inits]
    figure, panels = grid(list(rows.values()), columns, size, sharex=True, sharey="row")
    for line, row in zip(panels, rows, strict=True):
        in_row = points[points["row"] == row]
        _scale(line[0], in_row["y"], log)
        for axes, init in zip(line, inits, strict=True):
            _panel(axes, in_row[in_row["init"] == init], style, bound, by_layer=bool(xlabel))
    for axes in panels[-1]:
        axes.set_xlabel(xlabel or "hidden layers", loc="right" if xlabel else "left")
    mean = "geometric mean" if log else "mean"
    titles(figure, title, f"Line: {mean} over seeds; band: their range. {note}")
    return figure


def _scale(axes: Axes, y: pd.Series, log: bool) -> None:
    """Set the y axis that the panels of a row share."""
    if not log:
        axes.set_ylim(0, 103)
        return
    axes.set(yscale="log", ylim=(y.min() / 1.5, y.max() * 1.5))
    axes.yaxis.set_minor_locator(NullLocator())
    if np.log10(y.max() / y.min()) > 2.5:
        axes.yaxis.set_major_locator(LogLocator(numticks=8))
        axes.yaxis.set_major_formatter(lambda value, _: power_of_ten(value))
    else:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _panel(
    axes: Axes,
    points: pd.DataFrame,
    style: Mapping[str, tuple[str, str]],
    bound: Callable[[np.ndarray], np.ndarray] | None,
    by_layer: bool,
) -> None:
    """Draw the bound, and a line with its band, its name and its number per activation."""
    xs = np.array(sorted(points["x"].unique()))
    if by_layer:
        x, shift, marker = xs[0], -0.06, None
        axes.set_xlim(xs[0] - 0.45 * (len(xs) - 1) - 0.5, xs[-1] + 0.3)
        axes.set_xticks(sorted({1, *xs[xs % max(1, len(xs) // 4) == 0]}))
    else:
        x, shift, marker = xs[-1], 0.06, "o"
        doubling(axes, xs)
        axes.set_xlim(xs[0] / 1.1, xs[-1] * (xs[-1] / xs[0]) ** 0.55)
    axes.spines["bottom"].set_bounds(xs[0], xs[-1])
    if bound is not None:
        axes.plot(xs, bound(xs), color=INK, lw=1.0, ls=DASHED, zorder=3)
    ends = {}
    for name, (color, _) in style.items():
        mine = points[points["activation"] == name]
        middle = band(axes, mine.set_index("x")["y"], color, marker=marker, ms=3.5)
        if x in middle.index:
            ends[name] = middle[x], name + _number(geometric_mean(mine["number"])), color
    name_ends(axes, ends, x, shift, gap=0.085)


def _number(value: float) -> str:
    if not np.isfinite(value):
        return ""
    return f" ×{value:.2f}" if value >= 0.01 else f" ×{brief(value)}"
