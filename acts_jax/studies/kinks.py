"""At a kink, either value of the derivative will do: relu at 0, and the two sides of elu.

Values and one-sided derivatives are held to the formulas. Networks whose relu has the derivative 0
or 1 at 0 are trained from the same weights on the same batches, and compared in pairs.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console

from acts_jax.activations.catalogue import get
from acts_jax.analysis import statistics
from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.report import drawing
from acts_jax.report.style import FAINT, INK, PALETTE, house_style, titles
from acts_jax.studies import requirements
from acts_jax.studies.claims import Claim, at_most, near
from acts_jax.sweep import trainer
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.options import Options
from acts_jax.theory import features
from acts_jax.theory.kinks import one_sided_slopes

TEXT = (
    "relu(-1) = 0 and relu(0.5) = 0.5; its derivative is 0 or 1, and undefined at 0, where either "
    "value will do. ELU is x for x ≥ 0 and α(eˣ - 1) below."
)
MARGIN = 0.01  # difference in test accuracy, up to which either value does
SLOPE = "relu_at_zero.slope_at_zero"
ALPHAS = {0.5: PALETTE[0], 1.0: INK, 2.0: PALETTE[1]}  # of elu, with their colours


def study(options: Options, console: Console) -> Claim:
    """Measure one-sided derivatives, and train relu with either derivative at 0 in pairs."""
    trained = trainer.train(options, console, check)

    relu = get("relu")
    at_zero = float(relu.derivative(np.float32(0)))
    checks = [
        near("relu(−1)", "0", float(relu(-1.0)), 0.0, 0.0, theorem=True),
        near("relu(0.5)", "0.5", float(relu(0.5)), 0.5, 0.0, theorem=True),
        near("the library's relu′(0)", "either value", at_zero, 0.0, 0.0, theorem=True),
    ]
    for alpha in ALPHAS:
        formula = f"elu, α {alpha:g}: largest distance from x above 0 and α(eˣ − 1) below"
        checks.append(at_most(formula, "equal", elu_error(alpha), 1e-15, theorem=True))
        left, right = one_sided_slopes("elu", alpha=alpha)
        slope = f"elu′, α {alpha:g}"
        checks += [
            near(f"{slope}, right of 0", "1", right, 1.0, 1e-9, theorem=True),
            near(f"{slope}, left of 0", f"α = {alpha:g}", left, alpha, 1e-9, theorem=True),
        ]

    found = pairs(trained.results)
    by_shape, claimed = found.groupby("hidden_sizes", sort=False), "either value will do"
    for sizes, rows in by_shape:
        gained = f"hidden layers {sizes}: test accuracy gained by taking 1 instead of 0 as relu′(0)"
        checks.append(near(gained, claimed, rows["difference"], 0.0, MARGIN, format=".2%"))
        size = f"{gained}, its size in two networks alike in all else"
        checks.append(at_most(size, claimed, rows["difference"].abs(), MARGIN, format=".2%"))

    table = by_shape.agg(
        learning_rate=("learning_rate", "first"),
        seeds=("seed", "size"),
        difference=("difference", "mean"),
        identical=("identical", "mean"),
    ).reset_index()
    told = "; ".join(
        f"{row.hidden_sizes}: {100 * row.difference:+.2f} points, {row.identical:.0%} identical"
        for row in table.itertuples()
    )
    return Claim(
        name="kinks",
        title="At a kink either derivative will do",
        text=TEXT,
        checks=tuple(checks),
        summary=f"Test accuracy gained by taking 1 instead of 0 as relu′(0): {told}.",
        figures={"kinks": figure(found)},
        numbers={"pairs": found},
        table=table,
    )


def check(plan: Plan, datasets: Mapping[str, Dataset]) -> None:
    """Refuse a sweep that does not hold both derivatives at 0, and nothing else."""
    free = ("depth", "width", "hidden_sizes", "learning_rate", "seed")
    requirements.check(plan, datasets, free=free)
    if plan.config.get("relu_at_zero", {}).get("slope_at_zero") != [0.0, 1.0]:
        raise ConfigError("this experiment needs relu_at_zero.slope_at_zero=0,1")


def elu_error(alpha: float) -> float:
    """Return the largest distance of elu from its formula on [-20, 20], over max(alpha, |x|)."""
    x = np.linspace(-20, 20, 4001)
    formula = np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))
    y = features.jet(get("elu").function, {"alpha": alpha}, x)[0]
    return float(np.max(np.abs(y - formula) / np.maximum(alpha, np.abs(x))))


def pairs(results: pd.DataFrame) -> pd.DataFrame:
    """Pair networks that differ in the derivative at 0 alone, at the rate that is best for 0.

    Args:
        results: Of a sweep over `acts_jax.theory.kinks.relu_at_zero` at the slopes 0 and 1.

    Returns:
        A row per network shape and seed: hidden_sizes, seed, learning_rate, difference (of the
        test accuracy, 1 minus 0; a diverged network counts 0), identical (whether all final losses
        are the same to the last bit).
    """
    best = statistics.select(results[results[SLOPE] == 0], by=("hidden_sizes",))
    cells = statistics.scores(results).merge(best[["hidden_sizes", "learning_rate"]])
    zero, one = (
        cells[cells[SLOPE] == slope].set_index(["hidden_sizes", "seed"]) for slope in (0, 1)
    )
    losses = ["train_loss", "validation_loss", "test_loss"]
    same = (zero[losses] == one[losses]) | (zero[losses].isna() & one[losses].isna())
    table = pd.DataFrame(
        {
            "learning_rate": zero["learning_rate"],
            "difference": one["test_accuracy"] - zero["test_accuracy"],
            "identical": same.all(axis=1),
        }
    )
    return table.reset_index()


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
        "identical to the last bit. Bars: mean and 95% interval. Grey: equally good, within "
        f"{100 * MARGIN:g} point of accuracy.",
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
    for alpha, color in ALPHAS.items():
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
        points, same = 100 * rows["difference"].to_numpy(), rows["identical"].to_numpy()
        at = x - 0.12 + np.linspace(-0.1, 0.1, len(rows))
        axes.plot(at[same], points[same], "o", ms=5, color=PALETTE[0], mfc="white")
        axes.plot(at[~same], points[~same], "o", ms=5, color=PALETTE[0])
        drawing.bar(axes, x + 0.12, points, INK)
        axes.plot(x + 0.12, points.mean(), "_", color=INK, ms=11, mew=2)
        widths = sizes.split("-")
        labels.append(f"{len(widths)} layers of {widths[0]}\n{same.mean():.0%} identical")
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_title("Test accuracy, f′(0) = 1 minus f′(0) = 0, in points")
