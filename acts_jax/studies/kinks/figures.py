"""The figure of derivatives around a kink, and of networks in pairs."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.activations.catalogue import get
from acts_jax.report import drawing
from acts_jax.report.style import FAINT, INK, PALETTE, house_style, titles
from acts_jax.studies.kinks.measure import ALPHAS, MARGIN
from acts_jax.theory import features

COLORS = dict(zip(ALPHAS, (PALETTE[0], INK, PALETTE[1]), strict=True))


@house_style()
def figure(found: pd.DataFrame) -> Figure:
    """Draw the derivatives of relu and elu around 0, and the differences that `pairs` found."""
    result = Figure(figsize=(10.5, 3.7), layout="constrained")
    relu, elu, trained = result.subplots(1, 3, width_ratios=(0.8, 1, 1.4))
    _draw_relu(relu)
    _draw_elu(elu)
    for axes in (relu, elu):
        axes.set(ylim=(-0.2, 2.1), xlabel="x")
    _draw_pairs(trained, found)
    titles(
        result,
        "The derivative at a kink",
        "Right: a dot per seed, the same initial weights and batches on both sides; hollow: "
        "identical to the last bit. Orange: the control, the same f′(0) on both sides and a rate "
        "changed by one unit in its last place. Bars: mean and 95% interval. Grey: equally good, "
        f"within {100 * MARGIN:g} point of accuracy.",
    )
    return result


def _draw_relu(axes: Axes) -> None:
    axes.plot([-1, 0], [0, 0], color=INK)
    axes.plot([0, 1], [1, 1], color=INK)
    for value, color in ((0, PALETTE[0]), (1, PALETTE[1])):
        axes.plot(0, value, "o", color=color, ms=8, clip_on=False)
        axes.text(0.12, value + 0.09, f"f′(0) = {value}", color=color, fontsize=8.5)
    axes.set_title("f′ of relu: 0 or 1")


def _draw_elu(axes: Axes) -> None:
    left, right = np.linspace(-2, -1e-9, 200), np.linspace(1e-9, 1, 20)
    for alpha, color in COLORS.items():
        for x, ink in ((left, color), (right, INK)):
            axes.plot(x, features.jet(get("elu").function, {"alpha": alpha}, x)[1], color=ink)
        axes.plot(0, alpha, "o", color=color, ms=5)
        axes.text(-0.12, alpha + 0.02, f"α {alpha:g}", color=color, ha="right", fontsize=8.5)
    axes.set_title("f′ of elu: α on the left of 0, 1 on the right")


def _draw_pairs(axes: Axes, found: pd.DataFrame) -> None:
    axes.axhspan(-100 * MARGIN, 100 * MARGIN, color="#ececec", lw=0)
    axes.axhline(0, color=FAINT, lw=0.8)
    labels = []
    for x, (sizes, rows) in enumerate(found.groupby("hidden_sizes", sort=False)):
        same = rows["identical"].to_numpy()
        for name, shift, color in (
            ("difference", -0.22, PALETTE[0]),
            ("control", 0.18, PALETTE[1]),
        ):
            points = 100 * rows[name].to_numpy()
            at = x + shift + np.linspace(-0.1, 0.1, len(rows))
            hollow = same if name == "difference" else points == 0
            axes.plot(at[hollow], points[hollow], "o", ms=3.5, color=color, mfc="white")
            axes.plot(at[~hollow], points[~hollow], "o", ms=3.5, color=color)
            drawing.bar(axes, x + shift + 0.16, points, INK)
            axes.plot(x + shift + 0.16, points.mean(), "_", color=INK, ms=9, mew=2)
        widths = sizes.split("-")
        met = "meet 0" if rows["zeros"].any() else "never meet 0"
        shape = f"{len(widths)} layers of {widths[0]}"
        labels.append(f"{shape}\n{met}\n{same.mean():.0%} identical")
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_title("Test accuracy, f′(0) = 1 minus f′(0) = 0, in points")
