"""The picture of the speed of training: losses over steps, and the steps to a loss by depth."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.report import drawing
from acts_jax.report.style import ALARM, FAINT, house_style, styles, titles
from acts_jax.studies.speed_of_training.measure import CELL


@house_style()
def figure(curves: pd.DataFrame, best: pd.DataFrame, loss: float, budget: int) -> Figure:
    """Draw training losses at each activation's best rate, and the steps to `loss`, by depth."""
    depths, names = sorted(best["depth"].unique()), sorted(best["activation"].unique())
    style = styles(names)
    result = Figure(figsize=(10.5, 3.9), layout="constrained")
    *panels, last = result.subplots(1, len(depths) + 1, width_ratios=(*[1] * len(depths), 1.25))
    for axes, depth in zip(panels, depths, strict=True):
        keys = best.loc[best["depth"] == depth, CELL]
        _draw_losses(axes, curves.merge(keys, on=CELL), style, loss, budget)
        axes.set_title(f"depth {depth}")
        axes.tick_params(axis="y", labelleft=axes is panels[0])
    panels[0].set_ylabel("training loss, nats")
    _draw_steps(last, best, style, budget)
    titles(
        result,
        f"Steps to a training loss of {loss:g}",
        "Each activation at the rate that is fastest for the other seeds. Lines: medians over "
        f"seeds; bars: 95% intervals; crosses: not within {budget} steps.",
    )
    return result


def _draw_losses(axes: Axes, rows: pd.DataFrame, style: Mapping, loss: float, budget: int) -> None:
    middle = rows.groupby(["activation", "step"], observed=True)["value"].median().unstack(0)
    middle = middle.clip(loss / 40)
    axes.set(yscale="log", ylim=(loss / 40, 4))
    axes.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    axes.set(xlim=(0, 1.45 * budget), xticks=[0, budget // 2, budget])
    axes.spines["bottom"].set_bounds(0, budget)
    axes.set_xlabel("step")
    axes.axhline(loss, color=FAINT, lw=0.8, ls=drawing.DASHED)
    ends = {}
    for name, line in middle.items():
        color, _ = style[name]
        axes.plot(line, color=color)
        ends[name] = line.iloc[-1], name, color
    drawing.name_ends(axes, ends, x=budget, shift=0.06, gap=0.07)


def _draw_steps(axes: Axes, best: pd.DataFrame, style: Mapping, budget: int) -> None:
    depths = sorted(best["depth"].unique())
    for place, (name, (color, marker)) in enumerate(style.items()):
        offset = 0.16 * (place - (len(style) - 1) / 2)
        by_depth = best[best["activation"] == name].groupby("depth")["steps"]
        axes.plot([], [], marker, color=color, ms=6, label=name)
        for x, depth in enumerate(depths):
            taken = by_depth.get_group(depth)
            if taken.notna().all():
                drawing.bar(axes, x + offset, taken, color)
                axes.plot(x + offset, taken.mean(), marker, color=color, ms=6)
            else:
                axes.plot(x + offset, budget, "x", color=color, ms=7, mew=2)
                lost = f"{taken.isna().sum()} of {len(taken)}"
                above = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center"}
                axes.annotate(lost, (x + offset, budget), color=ALARM, fontsize=7.5, **above)
    axes.set_yscale("log")
    ticks = [t for t in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if t < 1.5 * budget]
    axes.set_yticks(ticks, [f"{tick}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(top=2 * budget)
    axes.set_xticks(range(len(depths)), depths)
    axes.set(xlim=(-0.5, len(depths) - 0.5), xlabel="depth", title="steps to the dashed line")
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="lower right", handletextpad=0.1)
