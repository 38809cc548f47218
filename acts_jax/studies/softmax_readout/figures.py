"""The figure of test examples beside their probabilities, and of the networks compared."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.data import Dataset
from acts_jax.report.style import FAINT, INK, PALETTE, RULE, house_style, percent, shorten, titles
from acts_jax.studies.softmax_readout.readouts import Readouts

RIGHT, OTHER, WRONG = PALETTE[0], "#b8b8b8", PALETTE[1]


@house_style()
def draw(
    dataset: Dataset, found: Readouts, examples: Sequence[int], scores: pd.DataFrame
) -> Figure:
    """Draw test examples beside their probabilities, the first a clear one, and the comparisons.

    Inputs that are no images are drawn as lines.
    """
    rows = -(-(len(examples) + 1) // 4)
    figure = Figure(figsize=(10.4, 0.7 + 2.35 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, 8, width_ratios=[1, 1.5] * 4)
    for i, example in enumerate(examples):
        row, column = i // 4, 2 * (i % 4)
        title = f"2nd: {percent(found.runner_up[example])}" if i else "a clear one"
        _draw_input(figure.add_subplot(grid[row, column]), dataset, example, title)
        beside = figure.add_subplot(grid[row, column + 1])
        _draw_probabilities(beside, dataset.class_names, found, example)
    _draw_scores(figure.add_subplot(grid[-1, 2 * (len(examples) % 4) :]), scores)
    titles(
        figure,
        f"Class probabilities: a clear test example, and the most doubtful ({dataset.name})",
        "Blue: the label. Orange: the answer, where it is wrong. Last panel: test accuracy of "
        "heads and hidden layers, each at its own best learning rate, with 95% intervals.",
    )
    return figure


def _draw_input(axes: Axes, dataset: Dataset, example: int, title: str) -> None:
    values = dataset.test.inputs[example]
    if values.ndim == 3:
        axes.imshow(values.squeeze() if values.shape[-1] == 1 else values, cmap="gray_r")
        axes.spines[:].set_visible(True)
        axes.spines[:].set_color(RULE)
    else:
        axes.plot(values.ravel(), color=INK, lw=1)
        axes.set_box_aspect(1)
    axes.set(xticks=[], yticks=[], title=title)


def _draw_probabilities(
    axes: Axes, class_names: Sequence[str], found: Readouts, example: int, most: int = 10
) -> None:
    values, label = found.probabilities[example], found.labels[example]
    answer = int(np.argmax(values))
    classes = np.sort(np.argsort(-values, kind="stable")[:most])
    colors = [RIGHT if c == label else WRONG if c == answer else OTHER for c in classes]
    axes.barh(range(len(classes)), values[classes], color=colors, height=0.75)
    for row, c in enumerate(classes):
        if values[c] >= 0.005:
            axes.text(values[c] + 0.03, row, f"{values[c]:.0%}", va="center", fontsize=7.5)
    axes.set_yticks(range(len(classes)), [shorten(class_names[c], 10) for c in classes])
    axes.tick_params(axis="y", length=0, labelsize=7.5)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.25), xticks=[])
    axes.spines["bottom"].set_visible(False)


def _draw_scores(axes: Axes, scores: pd.DataFrame) -> None:
    text = {"transform": axes.get_yaxis_transform(), "fontsize": 8}
    for row, found in enumerate(scores.to_dict("records")):
        axes.hlines(row, found["low"], found["high"], color=RIGHT, lw=2)
        axes.plot(found["test accuracy"], row, "o", color=RIGHT, ms=5)
        axes.text(0, row - 0.3, found["network"], **text)
        axes.text(1.02, row, percent(found["test accuracy"]), va="center", **text)
    axes.set(ylim=(len(scores) - 0.5, -0.8), yticks=[])
    axes.spines["left"].set_visible(False)
    low = min(0.9, float(np.floor(20 * np.nanmin(scores["low"])) / 20))
    axes.set_xlim(low, 1.005)
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("test accuracy")
    axes.grid(axis="x", color=RULE, lw=0.5)
    axes.set_title("Heads and hidden layers", color=FAINT)
