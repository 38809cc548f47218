"""The picture of slopes below zero: where learned ones go, and how accurate all are."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.analysis import statistics
from acts_jax.report import drawing
from acts_jax.report.style import FAINT, INK, PALETTE, house_style, titles
from acts_jax.studies.learn_prelu.measure import KINDS, LEARNED, Comparison, without_decay

FIRST, DEEPER = (0.596, 0.681), (0.06, 0.20)  # where slopes ended in He et al. 2015, by layer
COLORS = dict(zip(KINDS, PALETTE, strict=False))


@house_style()
def figure(found: Comparison) -> Figure:
    """Draw where learned slopes go and end, and the test accuracy of fixed and learned ones."""
    paths = found.paths["per layer"]
    layers = sorted(paths["layer"].dropna().unique())
    shown = [layers[i] for i in np.unique(np.linspace(0, len(layers) - 1, 4).round().astype(int))]
    result = Figure(figsize=(10.5, 7.2), layout="constrained")
    above, below = result.subfigures(2, 1, height_ratios=(1, 1.05))
    panels = above.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axes, layer in zip(panels, shown, strict=True):
        _draw_paths(axes, paths[paths["layer"] == layer], layer, named=layer == shown[-1])
    panels[0].set_ylabel("learned slope, one per layer")
    left, right = below.subplots(1, 2, width_ratios=(1, 1.25))
    _draw_ends(left, found)
    _draw_accuracy(right, found)
    titles(
        result,
        "The slope below zero: tried, or learned",
        "Top: a line per seed, a colour per starting value; grey: where slopes ended in He et "
        "al. (2015), first layer and deeper ones.\nBars and band on the right: 95% intervals "
        "over seeds, at the learning rate that validation chose.",
    )
    return result


def _draw_paths(axes: Axes, rows: pd.DataFrame, layer: int, named: bool) -> None:
    first, last = rows["epoch"].min(), rows["epoch"].max()
    axes.axhspan(*(FIRST if layer == 1 else DEEPER), color="#e4e4e4", lw=0, zorder=0)
    axes.axhline(0, color=FAINT, lw=0.6)
    by_start, ends = rows.groupby(LEARNED), {}
    colors = matplotlib.colormaps["plasma"](np.linspace(0.0, 0.8, len(by_start)))
    for (start, those), color in zip(by_start, colors, strict=True):
        lines = those.pivot_table(index="epoch", columns="cell", values="value", observed=True)
        axes.plot(lines.index, lines.to_numpy(), color=color, lw=1.0, alpha=0.75)
        ends[start] = lines.iloc[-1].mean(), f"from {start:g}", color
    axes.set(title=f"layer {layer}", xlabel="epoch", xlim=(first, last * (1.5 if named else 1.02)))
    axes.spines["bottom"].set_bounds(first, last)
    axes.set_xticks(np.linspace(first, last, 4).round())
    if named:
        drawing.name_ends(axes, ends, x=last, shift=0.06, gap=0.08)


def _draw_ends(axes: Axes, found: Comparison) -> None:
    """Draw where the slopes of each kind end, by layer: a dot per seed (and channel)."""
    kinds = {kind: found.ends[kind] for kind in KINDS if kind in found.ends}
    layers = sorted(set().union(*(rows["layer"].dropna() for rows in kinds.values())))
    generator = np.random.default_rng(0)
    for offset, (kind, rows) in zip((-0.26, 0.0, 0.26), kinds.items(), strict=False):
        dots = {"marker": "o", "ls": "", "color": COLORS[kind], "mec": "none"}
        for layer in layers:
            values = rows.loc[rows["layer"].fillna(layer) == layer, "value"]
            x = layer + offset + generator.uniform(-0.08, 0.08, len(values))
            many = len(values) > 20
            axes.plot(x, values, **dots, ms=2.2 if many else 4.5, alpha=0.35 if many else 0.9)
            axes.hlines(values.median(), layer + offset - 0.11, layer + offset + 0.11, INK, lw=1.4)
        axes.plot([], [], **dots, ms=4.5, label=kind)
    axes.axhline(1, color=FAINT, lw=0.8, ls=drawing.DASHED)
    axes.axhline(0, color=FAINT, lw=0.6)
    axes.set(xticks=layers, xlabel="layer", ylabel="slope at the end")
    axes.set_title(f"Where slopes end that start at {found.start:g} (bar: median)")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper center", handletextpad=0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.14 * (high - low))


def _draw_accuracy(axes: Axes, found: Comparison) -> None:
    """Draw accuracies with intervals: fixed slopes, the chosen one dark, and learned ones."""
    by_slope = 100 * found.by_slope
    tried, means = np.arange(by_slope.shape[1]), by_slope.mean()
    low, high = np.transpose([statistics.interval(by_slope[slope]) for slope in by_slope])
    axes.fill_between(tried, low, high, color=FAINT, alpha=0.2, lw=0)
    axes.plot(tried, means, "o-", color=FAINT, ms=4)
    axes.plot(list(by_slope).index(found.best), means[found.best], "o", color=INK, ms=7)

    kinds = [kind for kind in KINDS if any(without_decay(name) == kind for name in found.ends)]
    places = tried[-1] + 1.6 + 1.1 * np.arange(len(kinds))
    for name in found.ends:
        kind, values = without_decay(name), 100 * found.by_variant[name]
        decays = name != kind
        x = places[kinds.index(kind)] + (0.2 if decays else -0.2)
        drawing.bar(axes, x, values, COLORS[kind])
        face = "white" if decays else COLORS[kind]
        axes.plot(x, values.mean(), "o", color=COLORS[kind], mfc=face, ms=6.5)

    labels = [f"{slope:g}" for slope in by_slope] + [kind.replace(" ", "\n") for kind in kinds]
    axes.set_xticks([*tried, *places], labels)
    axes.axvline(tried[-1] + 0.8, color=FAINT, lw=0.6)
    below = {"y": -0.19, "va": "center", "transform": axes.get_xaxis_transform()}
    axes.text(tried.mean(), s="fixed slope", ha="center", **below)
    axes.text(axes.get_xlim()[1], s="learned slope (hollow: it decays, too)", ha="right", **below)
    axes.set_ylabel("test accuracy, %")
    axes.set_title("Accuracy of fixed slopes (dark: the chosen one) and of learned ones")
