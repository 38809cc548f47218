"""What the derivative at a kink changes: networks compared in pairs, and the picture."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.activations.catalogue import get
from acts_jax.analysis import statistics
from acts_jax.report.style import FAINT, INK, PALETTE, STYLE, titles
from acts_jax.studies.claims import Check, at_most, near
from acts_jax.theory import features
from acts_jax.theory.kinks import one_sided_slopes

SLOPE = "relu_at_zero.slope_at_zero"
ALPHAS = (0.5, 1.0, 2.0)


def pairs(results: pd.DataFrame) -> pd.DataFrame:
    """Networks that differ in the derivative at 0 alone, at the rate that is best for 0.

    Args:
      results: Of a sweep over `acts_jax.theory.kinks.relu_at_zero` at the slopes 0 and 1.

    Returns:
      A row per network shape and seed: hidden_sizes, seed, learning_rate, difference (of the test
      accuracy, 1 minus 0; a diverged network counts 0), identical (whether all final losses are
      the same to the last bit).
    """
    best = statistics.select(results[results[SLOPE] == 0], by=("hidden_sizes",))
    cells = statistics.scores(results).merge(best[["hidden_sizes", "learning_rate"]])
    zero, one = (
        cells[cells[SLOPE] == slope].set_index(["hidden_sizes", "seed"]) for slope in (0, 1)
    )
    losses = ["train_loss", "val_loss", "test_loss"]
    same = (zero[losses] == one[losses]) | (zero[losses].isna() & one[losses].isna())
    table = pd.DataFrame(
        {
            "learning_rate": zero["learning_rate"],
            "difference": one["test_accuracy"] - zero["test_accuracy"],
            "identical": same.all(axis=1),
        }
    )
    return table.reset_index()


def values() -> list[Check]:
    """relu at two points, its derivative at 0, and elu's values and derivatives around it."""
    relu, proved = get("relu"), {"theorem": True}
    checks = [
        near("relu(−1)", "0", float(relu(-1.0)), 0.0, 0.0, **proved),
        near("relu(0.5)", "0.5", float(relu(0.5)), 0.5, 0.0, **proved),
        near(
            "the library's relu′(0)", "either value", float(relu.derivative(np.float32(0))),
            0.0, 0.0, **proved,
        ),
    ]  # fmt: skip
    for alpha in ALPHAS:
        left, right = one_sided_slopes("elu", alpha=alpha)
        said = f"elu′, α {alpha:g}"
        checks += [
            at_most(
                f"elu, α {alpha:g}: largest distance from x above 0 and α(eˣ − 1) below",
                "equal", elu_error(alpha), 1e-15, **proved,
            ),
            near(f"{said}, right of 0", "1", right, 1.0, 1e-9, **proved),
            near(f"{said}, left of 0", f"α = {alpha:g}", left, alpha, 1e-9, **proved),
        ]  # fmt: skip
    return checks


def elu_error(alpha: float) -> float:
    """The largest distance of elu from its formula on [-20, 20], over max(alpha, |x|)."""
    x = np.linspace(-20, 20, 4001)
    formula = np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))
    y = features.jet(get("elu").function, {"alpha": alpha}, x)[0]
    return float(np.max(np.abs(y - formula) / np.maximum(alpha, np.abs(x))))


def figure(found: pd.DataFrame, margin: float) -> Figure:
    """Derivatives at 0 of relu and elu, and the paired differences of `pairs`.

    Args:
      found: From `pairs`.
      margin: Difference in accuracy up to which two networks count as equally good.
    """
    with matplotlib.rc_context(STYLE):
        result = Figure(figsize=(10.5, 3.7), layout="constrained")
        relu, elu, trained = result.subplots(1, 3, width_ratios=(0.8, 1, 1.4))
        _draw_relu(relu)
        _draw_elu(elu)
        _draw_pairs(trained, found, margin)
        titles(
            result,
            "The derivative at a kink",
            "Right: a dot per seed, the same initial weights and batches on both sides; hollow: "
            "identical to the last bit. Bars: mean and 95% interval. Grey: equally good, within "
            f"{100 * margin:g} point of accuracy.",
        )
    return result


def _draw_relu(axes: Axes) -> None:
    axes.plot([-1, 0], [0, 0], color=INK)
    axes.plot([0, 1], [1, 1], color=INK)
    for value, color in ((0, PALETTE[0]), (1, PALETTE[1])):
        axes.plot(0, value, "o", color=color, ms=8, clip_on=False)
        axes.text(0.12, value + 0.09, f"f′(0) = {value}", color=color, fontsize=8.5)
    axes.set_ylim(-0.2, 2.1)
    axes.set_xlabel("x")
    axes.set_title("f′ of relu: 0 or 1")


def _draw_elu(axes: Axes) -> None:
    left, right = np.linspace(-2, -1e-9, 200), np.linspace(1e-9, 1, 20)
    for alpha, color in zip(ALPHAS, (PALETTE[0], INK, PALETTE[1]), strict=True):
        for x, ink in ((left, color), (right, INK)):
            axes.plot(x, features.jet(get("elu").function, {"alpha": alpha}, x)[1], color=ink)
        axes.plot(0, alpha, "o", color=color, ms=5)
        axes.text(-0.12, alpha + 0.02, f"α {alpha:g}", color=color, ha="right", fontsize=8.5)
    axes.set_ylim(-0.2, 2.1)
    axes.set_xlabel("x")
    axes.set_title("f′ of elu: α on the left of 0, 1 on the right")


def _draw_pairs(axes: Axes, found: pd.DataFrame, margin: float) -> None:
    shapes = list(dict.fromkeys(found["hidden_sizes"]))
    axes.axhspan(-100 * margin, 100 * margin, color="#ececec", lw=0)
    axes.axhline(0, color=FAINT, lw=0.8)
    for x, sizes in enumerate(shapes):
        rows = found[found["hidden_sizes"] == sizes]
        at = x - 0.12 + np.linspace(-0.1, 0.1, len(rows))
        for same, face in ((True, "white"), (False, PALETTE[0])):
            kind = (rows["identical"] == same).to_numpy()
            axes.plot(
                at[kind], 100 * rows["difference"][kind], "o", ms=5, color=PALETTE[0], mfc=face
            )
        axes.vlines(x + 0.12, *(100 * np.array(statistics.interval(rows["difference"]))), INK, lw=2)
        axes.plot(x + 0.12, 100 * rows["difference"].mean(), "_", color=INK, ms=11, mew=2)
    labels = [
        f"{len(sizes.split('-'))} layers of {sizes.split('-')[0]}\n"
        f"{found.loc[found['hidden_sizes'] == sizes, 'identical'].mean():.0%} identical"
        for sizes in shapes
    ]
    axes.set_xticks(range(len(shapes)), labels)
    axes.set_xlim(-0.5, len(shapes) - 0.5)
    axes.set_title("Test accuracy, f′(0) = 1 minus f′(0) = 0, in points")
