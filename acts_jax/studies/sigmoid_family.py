"""Sigmoids side by side: tails and slopes in a table, shapes and scores in a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.activations.catalogue import get
from acts_jax.activations.derivative import derivative
from acts_jax.analysis import statistics
from acts_jax.analysis.pairing import rates
from acts_jax.kernels.hyperbolic import tanh_slope
from acts_jax.report.style import (
    FAINT,
    INK,
    RULE,
    STYLE,
    leaders,
    percent,
    power_of_ten,
    styles,
    titles,
)
from acts_jax.studies.claims import Check, at_least, at_most, near
from acts_jax.theory.description import Shape

Curve = tuple[np.ndarray, np.ndarray, np.ndarray]


def label(name: str) -> str:
    """`arctan` for `acts_jax.theory.scaled_sigmoids:arctan`."""
    return name.rpartition(":")[2]


def curves(activations: Sequence[str], low: float = -6, high: float = 6) -> dict[str, Curve]:
    """Label -> (x, f(x), f'(x)), float64 [1201]; x = 0 is in the middle where low = -high."""
    x = np.linspace(low, high, 1201)
    with jax.enable_x64(True):
        return {
            label(name): (
                x,
                *(np.asarray(g(jnp.asarray(x))) for g in (get(name), derivative(get(name)))),
            )
            for name in activations
        }


def off_scale(found: Mapping[str, Curve]) -> float:
    """How far the worst of them is from f(0) = 0, f'(0) = 1 and from staying inside (-1, 1)."""
    middle = {name: (y[len(y) // 2], slope[len(y) // 2]) for name, (_, y, slope) in found.items()}
    outside = max(float(np.abs(y).max()) - 1 for _, y, _ in found.values())
    return max(outside, *(max(abs(y), abs(slope - 1)) for y, slope in middle.values()))


def shape_checks(found: Mapping[str, Curve], tanh: Shape) -> list[Check]:
    """What is said of tanh's slope, and whether all are on one scale.

    Args:
      found: From `curves`.
      tanh: Described with the threshold 0.25.
    """
    proved = {"theorem": True}
    checks = [
        near("the largest slope of tanh", "1", tanh.steepest.value, 1, 1e-6, **proved),
        near(
            "tanh' > 0.25 up to |x| =", "about 1.31", tanh.steep[0][1], 1.3169579, 1e-6,
            format=".7f", **proved,
        ),
        at_least(
            "tanh' at 1.31 is above 0.25", "> 0.25", float(tanh_slope(jnp.float32(1.31))), 0.25,
            format=".5f", **proved,
        ),
        at_most(
            "f(0) = 0, f'(0) = 1 and |f| < 1 for all of them: largest deviation", "0",
            off_scale(found), 1e-6, format=".1g", **proved,
        ),
    ]  # fmt: skip
    if "logistic" in found:
        x, y, _ = found["logistic"]
        same = float(np.abs(y - np.tanh(x)).max())
        said = "2 sigmoid(2x) - 1 is tanh: largest difference"
        checks.append(at_most(said, "0", same, 1e-12, **proved))
    return checks


def table(found: Mapping[str, Curve], selection: pd.DataFrame) -> pd.DataFrame:
    """One row per activation: slopes, how near 1 it is, and its test accuracy at its best rate."""
    rows, rate = [], dict(zip(selection["activation"], rates(selection), strict=True))
    for name, (x, y, slope) in found.items():
        at = {point: np.searchsorted(x, point - 1e-9) for point in (2, 4)}
        chosen = selection[selection["activation"] == name].iloc[0]
        rows.append(
            {
                "activation": name,
                "steepest": slope.max(),
                "slope at 2": slope[at[2]],
                "slope at 4": slope[at[4]],
                "1 − f(4)": 1 - y[at[4]],
                "f' > 1/4 for |x| below": x[slope > 0.25].max(),
                "learning rate": rate[name],
                "test accuracy": f"{percent(chosen['test_accuracy'])}"
                f" ({percent(chosen['low'])} to {percent(chosen['high'])})",
            }
        )
    return pd.DataFrame(rows).sort_values("slope at 4", ignore_index=True)


def figure(found: Mapping[str, Curve], results: pd.DataFrame, edge: float, dataset: str) -> Figure:
    """Values, slopes, tails, and the test accuracy of each seed at the best learning rate.

    Args:
      found: From `curves`.
      results: Of the sweep, activations named by their labels.
      edge: Where tanh' is 1/4.
      dataset: Its name.
    """
    style = styles(list(found))
    with matplotlib.rc_context(STYLE):
        picture = Figure(figsize=(9.6, 7.4), layout="constrained")
        ((a, b), (c, d)) = picture.subplots(2, 2)
        _draw_values(a, found, style)
        _draw_slopes(b, found, style, edge)
        _draw_tails(c, found, style)
        _draw_scores(d, results, style)
        titles(
            picture,
            f"The sigmoid family on one scale ({dataset})",
            "All have value 0 and slope 1 at 0 and range (−1, 1); 2σ(2x) − 1, the logistic "
            "function on this scale, is tanh. Right below: each at the learning rate that "
            "validation chose, in the order of validation; a dot per seed, the mean and its 95% "
            "interval.",
        )
    return picture


def _draw_values(axes: Axes, found: Mapping[str, Curve], style: Mapping) -> None:
    ends = {}
    for name, (x, y, _) in found.items():
        inside = np.abs(x) <= 4
        axes.plot(x[inside], y[inside], color=style[name][0])
        ends[name] = (0.5 + y[inside][-1] / 2.1, name, style[name][0])
    axes.set_xlim(-4, 8)
    axes.set_ylim(-1.05, 1.05)
    axes.set_xticks([-4, -2, 0, 2, 4])
    axes.axhline(0, color=RULE, lw=0.6, zorder=0)
    leaders(axes, ends, 4, 0.04, 0.055)
    axes.set_xlabel("x")
    axes.set_ylabel("f(x)")
    axes.set_title("Values")


def _draw_slopes(axes: Axes, found: Mapping[str, Curve], style: Mapping, edge: float) -> None:
    for name, (x, _, slope) in found.items():
        inside = np.abs(x) <= 4
        axes.plot(x[inside], slope[inside], color=style[name][0])
    axes.axhline(0.25, color=INK, lw=0.8, ls=(0, (1, 2)))
    axes.vlines([-edge, edge], 0, 0.25, color=INK, lw=0.8, ls=(0, (1, 2)))
    axes.annotate(
        f"tanh′ = ¼ at ±{edge:.7f}", (edge, 0.25), xytext=(1.75, 0.5), fontsize=8.5,
        arrowprops={"arrowstyle": "-", "lw": 0.6, "color": FAINT},
    )  # fmt: skip
    axes.set_xlim(-4, 4)
    axes.set_ylim(0, None)
    axes.set_xlabel("x")
    axes.set_ylabel("f′(x)")
    axes.set_title("Slopes")


def _draw_tails(axes: Axes, found: Mapping[str, Curve], style: Mapping) -> None:
    low, last, ends = 1e-6, 6.0, {}
    axes.set_yscale("log")
    axes.set_ylim(low, 1)
    axes.set_xlim(0, 9)
    for name, (x, y, _) in found.items():
        inside = (x >= 0) & (x <= last) & (1 - y > low)
        axes.plot(x[inside], 1 - y[inside], color=style[name][0])
        if 1 - np.interp(last, x, y) > low:
            height = 1 + np.log10(1 - np.interp(last, x, y)) / 6
            ends[name] = (height, name, style[name][0])
        else:
            axes.annotate(
                name, (x[inside][-1], low), xytext=(-4, 4), textcoords="offset points",
                ha="right", color=style[name][0], fontsize=8.0,
            )  # fmt: skip
    ticks = [10.0**k for k in range(-6, 1)]
    axes.set_yticks(ticks, [power_of_ten(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xticks(range(7))
    leaders(axes, ends, last, 0.04, 0.055)
    axes.set_xlabel("x")
    axes.set_ylabel("1 − f(x)")
    axes.set_title("Tails: what is left to 1")


def _draw_scores(axes: Axes, results: pd.DataFrame, style: Mapping) -> None:
    selection = statistics.select(results, by=("activation",))
    selection = selection.sort_values("val_accuracy", ignore_index=True)
    chosen_rates = rates(selection)
    cells = statistics.chosen(results, selection)
    for row, chosen in selection.iterrows():
        name, color = chosen["activation"], style[chosen["activation"]][0]
        seeds = cells[cells["activation"] == name]["test_accuracy"]
        axes.plot(seeds, [row + 0.18] * len(seeds), "o", color=color, ms=3, alpha=0.6, mew=0)
        axes.hlines(row, chosen["low"], chosen["high"], color=color, lw=2)
        axes.plot(chosen["test_accuracy"], row, "o", color=color, ms=6)
        axes.text(
            1.02, row, f"{percent(chosen['test_accuracy'])} at {chosen_rates[row]}",
            transform=axes.get_yaxis_transform(), va="center", fontsize=8.5,
        )  # fmt: skip
    axes.set_yticks(range(len(selection)), list(selection["activation"]))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.5, len(selection) - 0.3)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("test accuracy")
    axes.grid(axis="x", color=RULE, lw=0.5)
    axes.set_axisbelow(True)
    axes.set_title("Trained")
