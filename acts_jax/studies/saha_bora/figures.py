"""The pictures of SBAF and A-ReLU beside the sigmoid and the ReLU."""

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from acts_jax.activations.catalogue import get
from acts_jax.report import drawing
from acts_jax.report.style import ALARM, FAINT, INK, PALETTE, house_style, percent, titles
from acts_jax.studies.saha_bora.measure import PUBLISHED, REACH, UNIT, a_relu_gap, sbaf
from acts_jax.theory import features, fitting
from acts_jax.theory.fitting import Fit

SBAF, TARGET = PALETTE[1], INK


@house_style()
def sbaf_figure(found: Mapping[str, Fit]) -> Figure:
    """Draw SBAF's shapes, the distance from its targets over (k, alpha), and its best fits."""
    figure = Figure(figsize=(10.5, 6.4), layout="constrained")
    (shapes, to_sigmoid, to_relu), (plain, sigmoid, relu) = figure.subplots(2, 3)
    _draw_shapes(shapes)
    _draw_map(figure, to_sigmoid, found["sigmoid"])
    _draw_map(figure, to_relu, found["relu"])
    _draw_plain(plain, found)
    for axes, name in ((sigmoid, "sigmoid"), (relu, "relu")):
        _draw_fit(axes, found[f"{name}, inside"], found[f"{name}, moved"])
        axes.set_title(f"{name}: x mapped, y scaled and shifted")
    titles(
        figure,
        "SBAF: its shapes, and how near it comes to the sigmoid and the ReLU",
        "Percentages: root mean square distance as a share of the target's range. Grey: the "
        "target; orange: the best SBAF over k and α; x mapped to [0.05, 0.95] (line) or to "
        "[0, 1] (dashed).\nSBAF is convex for every k and α, so it cannot bend like a sigmoid.",
    )
    return figure


def _draw_shapes(axes: Axes) -> None:
    x = np.concatenate([np.geomspace(1e-5, 0.02, 60), np.linspace(0.02, 0.98, 300)])
    x = np.concatenate([x, 1 - x[:60][::-1]])
    alphas = (0.0, 0.25, 0.5, 0.75, 1.0)
    colors = matplotlib.colormaps["plasma"](np.linspace(0, 0.8, len(alphas)))
    for alpha, color in zip(alphas, colors, strict=True):
        for k, style in ((0.98, "-"), (4.0, (0, (3, 2)))):
            y = sbaf(k, alpha, x)[0]
            axes.plot(x, y, color=color, ls=style, lw=1.3)
            if 0 < alpha < 1:
                axes.plot(alpha, y.min(), "o", color=color, ms=3.5)
        axes.vlines(alpha, y.min(), 1.03, color=color, lw=0.7, ls=drawing.DOTTED)
        axes.text(alpha, 1.04, f"α {alpha:g}", color=color, ha="center", fontsize=8)
    axes.set(ylim=(0.15, 1.1), xlim=(-0.06, 1.06), xlabel="x")
    axes.set_title("SBAF, k 0.98 (line) and 4 (dashed)")


def _draw_map(figure: Figure, axes: Axes, best: Fit) -> None:
    """Draw the distance from a target on [0, 1] over k and alpha, and its least value."""
    grid = {"k": np.geomspace(0.05, 50, 49), "alpha": np.linspace(0, 1, 41)}
    share = fitting.rms_distances("sbaf", best.target, UNIT, grid).T / best.span
    levels = [0, 0.1, 0.2, 0.3, 0.5, 1, 1.5, 2, 3, 5]
    norm = matplotlib.colors.BoundaryNorm(levels, 256)
    shown = axes.contourf(*grid.values(), share, levels=levels, cmap="Blues", norm=norm)
    bar = figure.colorbar(shown, ax=axes, ticks=levels, pad=0.02)
    bar.ax.set_yticklabels([f"{100 * level:g}%" for level in levels], fontsize=7.5)
    bar.outline.set_visible(False)
    k, alpha = best.parameters["k"], best.parameters["alpha"]
    axes.plot(k, alpha, "o", color=SBAF, mec="white", ms=8, clip_on=False)
    axes.annotate(
        f"best: {percent(best.relative_rms)}\nk {k:.2f}, α {alpha:.2f}",
        (k, alpha),
        xytext=(0, 12),
        textcoords="offset points",
        ha="center",
        color=SBAF,
        fontsize=8.5,
        fontweight="bold",
        bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1.5},
    )
    axes.set_xscale("log")
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="k", ylabel="α", title=f"Distance from the {best.target.name} on [0, 1]")


def _draw_plain(axes: Axes, found: Mapping[str, Fit]) -> None:
    x = np.concatenate([np.geomspace(1e-6, 0.01, 80), np.linspace(0.01, 1, 200)])
    for name, place in (("sigmoid", (0.2, 0.68)), ("relu", (0.42, 0.28))):
        fit = found[name]
        axes.plot(x, _target(fit, x), color=TARGET, lw=2, alpha=0.5)
        axes.plot(x, fit(x), color=SBAF)
        axes.text(*place, f"{name} {percent(fit.relative_rms)}", fontsize=8.5)
    axes.set(xlabel="x", ylim=(0, 1.03), title="Both on [0, 1], x and y as they are")


def _draw_fit(axes: Axes, inside: Fit, whole: Fit) -> None:
    x = np.linspace(*inside.interval, 2001)
    axes.plot(x, _target(inside, x), color=TARGET, lw=2, alpha=0.5)
    axes.plot(x, whole(x), color=SBAF, lw=1, ls=(0, (3, 2)))
    axes.plot(x, inside(x), color=SBAF)
    told = f"{percent(inside.relative_rms)}; worst {inside.worst:.2g}\n"
    told += f"onto [0, 1] (dashed): {percent(whole.relative_rms)}"
    axes.text(0.1, 0.97, told, transform=axes.transAxes, va="top", fontsize=8.5, color=SBAF)
    axes.set_xlabel("x")


def _target(fit: Fit, x: np.ndarray) -> np.ndarray:
    return features.jet(fit.target.function, fit.target.defaults, x)[0]


@house_style()
def a_relu_figure(found: Mapping[str, Fit], scores: pd.DataFrame) -> Figure:
    """Draw A-ReLU beside the ReLU, its slope at 0, and the test error of networks with each.

    `scores` are test accuracies: a row per seed, a column per (activation, depth), activations
    named as `measure.by_parameters` does.
    """
    figure = Figure(figsize=(10.5, 3.5), layout="constrained")
    curve, slope, trained = figure.subplots(1, 3, width_ratios=(1.2, 0.9, 1.1))
    _draw_gap(curve, found["a_relu, published"])
    _draw_slope(slope)
    _draw_scores(trained, scores)
    titles(
        figure,
        "A-ReLU beside the ReLU, and networks trained with each function",
        "k 0.54 and n 1.3, as published. Bars: 95% intervals over seeds, at the learning rate and "
        "with or without layer normalisation as validation chose. SBAF sees the sigmoid of the "
        "pre-activation.",
    )
    return figure


def _draw_gap(axes: Axes, fit: Fit) -> None:
    x = np.linspace(-1, REACH, 1001)
    below = a_relu_gap()
    crossing = below.interval[1]
    axes.fill_between(x, np.maximum(x, 0), fit(x), color=SBAF, alpha=0.18, lw=0)
    axes.plot(x, np.maximum(x, 0), color=TARGET, lw=2, alpha=0.5)
    axes.plot(x, fit(x), color=SBAF)
    at = below.worst_at
    axes.vlines(at, at - below.worst, at, color=ALARM, lw=1.5)
    axes.plot(crossing, crossing, "o", color=INK, ms=5)
    note = {"textcoords": "offset points", "fontsize": 8.5}
    deepest, middle = f"{below.worst:.5f} below\nat x {at:.4f}", (at, at - below.worst / 2)
    axes.annotate(deepest, middle, xytext=(14, -30), color=ALARM, **note)
    crosses = f"crosses at {crossing:.4f}"
    axes.annotate(crosses, (crossing, crossing), xytext=(-8, 4), ha="right", **note)
    axes.text(9.9, 8.6, "relu", ha="right", color=FAINT, fontsize=8.5)
    axes.text(9.2, 10.2, "A-ReLU", ha="right", color=SBAF, fontsize=8.5)
    axes.set(xlabel="x", title="f(x)")


def _draw_slope(axes: Axes) -> None:
    x = np.concatenate([np.linspace(-0.2, 0, 50), np.geomspace(1e-8, 1, 400)])
    slope = features.jet(get("a_relu").function, PUBLISHED, x)[1]
    axes.step([-0.2, 0, 1], [0, 0, 1], where="pre", color=TARGET, lw=2, alpha=0.5)
    axes.plot(x, slope, color=SBAF)
    axes.text(0.25, 0.93, "relu", color=FAINT, fontsize=8.5, va="top")
    axes.text(0.25, 0.40, "A-ReLU", color=SBAF, fontsize=8.5, va="top")
    axes.set(xlabel="x", title="f′(x): no jump at 0")


def _draw_scores(axes: Axes, scores: pd.DataFrame) -> None:
    order = ("sigmoid", "sbaf", "relu", "a_relu")
    kinds = {name: name.partition(",")[0] for name, _ in scores}
    known = [name for name, kind in kinds.items() if kind in order]
    names = sorted(known, key=lambda name: order.index(kinds[name]))
    depths = sorted({depth for _, depth in scores})
    for place, depth in enumerate(depths):
        marker, shift = "os^Dv"[place % 5], 0.22 * (place - (len(depths) - 1) / 2)
        for x, name in enumerate(names):
            error = 100 * (1 - scores[name, depth])
            color = SBAF if kinds[name] in ("sbaf", "a_relu") else TARGET
            drawing.bar(axes, x + shift, error, color, bounds=(0.1, 100))
            axes.scatter(x + shift, error.mean(), marker=marker, color=color, s=34, zorder=3)
        axes.scatter([], [], marker=marker, color=FAINT, s=34, label=f"depth {depth}")
    axes.set_yscale("log")
    axes.set_yticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(1.5, 130)
    labels = [name.replace(", alpha", ",\nα").replace(", ", ",\n") for name in names]
    axes.set_xticks(range(len(names)), labels)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.legend(frameon=False, fontsize=8.5, handletextpad=0.1)
    axes.set_title("Test error of trained networks, %")
