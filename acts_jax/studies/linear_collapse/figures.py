"""The figure of linear networks and their folds, ReLU networks and their linear pieces."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from acts_jax.analysis.statistics import interval
from acts_jax.report.drawing import DOTTED, band, doubling, name_ends
from acts_jax.report.style import FAINT, INK, PALETTE, RULE, house_style, percent, titles
from acts_jax.studies.linear_collapse.measure import WHEN
from acts_jax.training.linear_regions import Pieces
from acts_jax.words import count

LINEAR, RELU, AFTER = PALETTE[7], PALETTE[0], PALETTE[1]


@house_style()
def draw(
    folded: pd.DataFrame,
    regions: pd.DataFrame,
    growth: pd.DataFrame,
    pieces: Mapping[int, Pieces],
    logistic: float,
    dataset: str,
) -> Figure:
    """Draw accuracies of networks and folds, pieces along a segment, and their number."""
    figure = Figure(figsize=(9.6, 7.4), layout="constrained")
    ((above, pieces_above), (below, units_below)) = figure.subplots(2, 2)
    _draw_accuracy(above, folded, logistic)
    _draw_profiles(pieces_above, pieces)
    _draw_depth(below, regions)
    _draw_units(units_below, growth)
    units = " or ".join(f"{count}" for count in sorted(set(regions["units"])))
    titles(
        figure,
        f"Linear layers fold into one; ReLU layers make pieces ({dataset})",
        f"Means of {folded['seed'].nunique()} seeds, bands: 95% intervals. Every shape has "
        f"{units} hidden units and its own best learning rate. "
        "Pieces are counted exactly: every point where a unit switches is solved for, layer by "
        "layer, on segments between two training examples of different classes.",
    )
    return figure


def _draw_accuracy(axes: Axes, folded: pd.DataFrame, logistic: float) -> None:
    """Draw the accuracies of networks and of their folds against depth."""
    folded = folded.set_index(["activation", "depth"])
    linear, relu = folded.loc["identity"], folded.loc["relu"]
    axes.axhline(logistic, color=INK, lw=0.8, ls=DOTTED)
    large = {"marker": "o", "ms": 7, "mfc": "none"}
    cross = {"marker": "x", "ms": 5}
    ends = {}
    for name, accuracy, color, line in (
        ("ReLU", relu["accuracy"], RELU, {"marker": "o", "ms": 4}),
        ("linear (o) and its fold (x)", linear["accuracy"], LINEAR, large),
        ("fold of ReLU", relu["folded_accuracy"], AFTER, {"ls": "--", **cross}),
    ):
        last = band(axes, accuracy, color, interval, **line).iloc[-1]
        ends[name] = last, f"{name}: {percent(last)}", color
    band(axes, linear["folded_accuracy"], LINEAR, interval, ls="none", **cross)
    axes.set_ylim(0, 1.02)
    _name_by_depth(axes, ends, sorted(set(relu.index)), room=5)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set(ylabel="test accuracy", title="Folded into one affine map")
    note = f"dotted: logistic regression, {percent(logistic)}"
    axes.text(0.03, 0.05, note, transform=axes.transAxes, fontsize=8.5)


def _name_by_depth(
    axes: Axes, ends: Mapping[str, tuple[float, str, str]], depths: Sequence[int], room: float
) -> None:
    """Set the x axis to depths, with room on its right for the names of the lines."""
    doubling(axes, depths)
    axes.set(xlabel="hidden layers", xlim=(depths[0] * 0.85, depths[-1] * room))
    name_ends(axes, ends, depths[-1], shift=0.03, gap=0.065)


def _draw_profiles(axes: Axes, pieces: Mapping[int, Pieces]) -> None:
    """Draw one output along a segment, with a tick per breakpoint; a row per depth."""
    for row, depth in enumerate(sorted(pieces, reverse=True)):
        found = pieces[depth]
        edges = np.concatenate([[0.0], found.breakpoints, [1.0]])
        output = np.argmax(np.ptp(found.values, axis=0))
        half = np.diff(edges) / 2 * found.slopes[:, output]
        y = np.append(found.values[:, output] - half, found.values[-1, output] + half[-1])
        y = row + 0.18 + 0.52 * (y - y.min()) / max(np.ptp(y), 1e-12)
        axes.plot(edges, y, color=AFTER, lw=1.2)
        axes.vlines(found.breakpoints, row + 0.02, row + 0.1, color=INK, lw=0.5)
        told = f"{count(depth, 'layer')}: {len(found.slopes)} pieces"
        axes.text(0.01, row + 0.8, told, fontsize=8.5)
        axes.axhline(row, color=RULE, lw=0.6)
    axes.set(yticks=[], xlim=(0, 1), ylim=(0, len(pieces) + 0.05))
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("position on a segment from one example (0) to another (1)")
    axes.set_title("One logit of a trained ReLU network; a tick per breakpoint")


def _draw_depth(axes: Axes, regions: pd.DataFrame) -> None:
    """Draw the number of pieces against depth, before and after training."""
    regions, ends = regions.set_index("depth"), {}
    for (when, words), color in zip(WHEN.items(), (RELU, AFTER), strict=True):
        mine = regions.loc[regions["when"] == when, "regions"]
        last = band(axes, mine, color, interval, marker="o", ms=4).iloc[-1]
        ends[when] = last, f"{words}: {last:.0f}", color
    depths = sorted(set(regions.index))
    top = 1.25 * regions.groupby(["when", "depth"])["regions"].mean().max()
    axes.set_ylim(0, top)
    axes.axhline(1, color=LINEAR, lw=0.8, ls=DOTTED)
    axes.text(depths[0], 1 + 0.02 * top, "linear networks: 1", color=LINEAR, fontsize=8.5)
    _name_by_depth(axes, ends, depths, room=4)
    axes.set(ylabel="linear pieces on a segment", title="Deeper, with as many units")


def _draw_units(axes: Axes, growth: pd.DataFrame) -> None:
    """Draw the number of pieces at initialisation against the number of units."""
    counts, units = growth["regions"], sorted(growth["units"].unique())
    axes.set_yscale("log", base=2)
    ends = {}
    colors = (PALETTE[5], RELU, PALETTE[3])
    for (depth, mine), color in zip(growth.groupby("depth"), colors, strict=False):
        regions = mine.set_index("units")["regions"]
        last = band(axes, regions, color, interval, marker="o", ms=4).iloc[-1]
        ends[depth] = last, count(depth, "layer"), color
    center = np.exp(np.log(growth[["units", "regions"]]).mean())
    proportional = center["regions"] * np.array(units) / center["units"]
    axes.plot(units, proportional, color=FAINT, lw=0.8, ls=DOTTED)
    note = "dotted: in proportion to the units"
    axes.text(0.03, 0.93, note, transform=axes.transAxes, color=FAINT, fontsize=8.5)
    low, high = counts.min() * 0.7, counts.max() * 1.5
    axes.set_ylim(low, high)
    ticks = 2.0 ** np.arange(np.ceil(np.log2(low)), np.floor(np.log2(high)) + 1)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    doubling(axes, units)
    axes.set_xlim(units[0] * 0.9, units[-1] * 2)
    name_ends(axes, ends, units[-1], shift=0.03, gap=0.06)
    axes.set(xlabel="hidden units", ylabel="linear pieces on a segment")
    axes.set_title("More units, at initialisation")
