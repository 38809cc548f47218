"""The picture of the study: accuracies, gradients and dead units beside the published ones."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from acts_jax.report import drawing
from acts_jax.report.style import FAINT, INK, house_style, power_of_ten, styles, titles
from acts_jax.studies.uva_tutorial3.measure import Repeated, widths
from acts_jax.studies.uva_tutorial3.published import ACCURACY, DEAD

MARKERS = {"JAX": "x", "PyTorch": "+"}  # of the published numbers, by version of the notebook


@house_style()
def figure(found: Repeated) -> Figure:
    """Draw accuracies, gradients and dead units by layer, the published numbers beside them."""
    result = Figure(figsize=(10.5, 7.4), layout="constrained")
    above, below = result.subfigures(2, 1, height_ratios=(1, 0.95))
    left, right = above.subplots(1, 2, width_ratios=(1, 1.1))
    _draw_accuracy(left, found.accuracy)
    _draw_gradients(right, found.gradients)
    shapes = list(dict.fromkeys(shape for _, shape in found.dead))
    ratios = [len(widths(shape)) + 3 for shape in shapes]
    panels = below.subplots(1, len(shapes), width_ratios=ratios, squeeze=False)[0]
    for axes, shape in zip(panels, shapes, strict=True):
        _draw_dead(axes, found.dead, shape)
    panels[0].set_ylabel("dead units of relu, %")
    panels[0].legend(frameon=False, fontsize=8, loc="upper left")
    titles(
        result,
        "The University of Amsterdam's tutorial on activations, repeated",
        "Dots: one per seed; bars: 95% intervals of the mean. Crosses: the tutorial's one "
        "seed (× JAX, + PyTorch). Dead: f′ is 0 for every training image.",
    )
    return result


def _draw_accuracy(axes: Axes, accuracy: pd.DataFrame) -> None:
    """Draw dots, intervals and crosses; say what lies far below the others, as the sigmoid."""
    colors = styles(list(accuracy))
    learned = list(accuracy.columns.drop("sigmoid"))
    shown = 100 * np.concatenate([accuracy[learned], ACCURACY.loc[learned].T])
    margin = 0.1 * np.ptp(shown)
    low, high = shown.min() - margin, shown.max() + margin
    names = list(accuracy)[::-1]
    for y, name in enumerate(names):
        color, values = colors[name][0], 100 * accuracy[name]
        if values.max() < low:
            published = ", ".join(f"{ACCURACY[kind][name]:.1%} {kind}" for kind in ACCURACY)
            words = f"{values.mean():.1f}%, off the axis (tutorial: {published})"
            at = low + 0.02 * (high - low)
            axes.text(at, y, words, color=color, va="center", fontsize=8.5)
            continue
        drawing.bar(axes, y, values, color, bounds=(0, 100), lying=True)
        axes.plot(values, np.full(len(values), y), "o", color=color, ms=4, alpha=0.6)
        for kind, marker in MARKERS.items():
            axes.plot(100 * ACCURACY[kind][name], y - 0.28, marker, color=FAINT, ms=6)
    axes.set(xlim=(low, high), ylim=(-0.6, len(names) - 0.6))
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.set(xlabel="test accuracy, %", title="Accuracy after the best epoch")


def _draw_gradients(axes: Axes, gradients: pd.DataFrame) -> None:
    colors = styles(list(gradients))
    layers = gradients.index.unique("layer")
    axes.set(yscale="log", ylim=(gradients.min().min() / 1.5, gradients.max().max() * 1.5))
    axes.yaxis.set_major_formatter(lambda value, _: power_of_ten(value))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(layers, [*map(str, layers[:-1]), "readout"])
    axes.set_xlim(layers[0] - 1.5, layers[-1] + 0.2)
    axes.spines["bottom"].set_bounds(layers[0], layers[-1])
    axes.set_xlabel("layer")
    ends = {}
    for name, medians in gradients.groupby("layer").median().items():
        color, marker = colors[name]
        axes.plot(layers, medians, color=color, marker=marker, ms=4)
        ends[name] = medians.iloc[0], name, color
    drawing.name_ends(axes, ends, x=layers[0], shift=-0.09, gap=0.075)
    axes.set_title("Gradient entries at initialisation, root mean square")


def _draw_dead(axes: Axes, dead: Mapping[tuple[str, str], pd.DataFrame], shape: str) -> None:
    units = np.array(widths(shape))
    layers = np.arange(1, len(units) + 1)
    for when, offset, color, label in (
        ("before", -0.17, FAINT, "at initialisation"),
        ("after", 0.17, INK, "after training"),
    ):
        shares = 100 * dead[when, shape] / units
        axes.plot(layers + offset, shares.T, "o", color=color, ms=3.5, alpha=0.5)
        for layer in layers:
            drawing.bar(axes, layer + offset, shares[layer], color, bounds=(0, 100))
        axes.plot([], [], color=color, lw=2, label=label)
        for kind, counts in DEAD.get((when, shape), {}).items():
            published = 100 * np.array(counts) / units
            axes.plot(layers + 2.1 * offset, published, MARKERS[kind], color=color, ms=6)
    axes.set(xticks=layers, xlabel="layer")
    axes.set_ylim(bottom=-1)
    axes.set_title(f"Dead units, {len(units)} layers: {shape}")
