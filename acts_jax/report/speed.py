"""How fast networks reach a training loss: steps to it, the fairest learning rate, the picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.report import claims, statistics
from acts_jax.report.claims import Check
from acts_jax.report.layout import ALARM, FAINT, STYLE, leaders, styles, titles

CELL = ["activation", "depth", "learning_rate", "seed"]


def steps_to(curves: pd.DataFrame, loss: float) -> pd.DataFrame:
    """The step at which each network's training loss first reaches `loss`.

    Between two evaluations the logarithm of the loss is interpolated linearly.

    Args:
      curves: Of a sweep, its `train_loss` among them.
      loss: To be reached; above 0.

    Returns:
      A row per cell: activation, depth, learning_rate, seed, and steps, NaN if it never got there.
    """
    rows = curves[curves["metric"] == "train_loss"].sort_values("step")
    found = []
    for _, cell in rows.groupby("cell", observed=True):
        values, steps = cell["value"].to_numpy(), cell["step"].to_numpy()
        reached = np.flatnonzero(values <= loss)
        first = reached[0] if reached.size else None
        taken = np.nan if first is None else float(steps[first])
        if first:
            before, after = np.log(values[first - 1 : first + 1])
            share = (before - np.log(loss)) / (before - after)
            taken = steps[first - 1] + share * (steps[first] - steps[first - 1])
        found.append([*cell.iloc[0][CELL], taken])
    frame = pd.DataFrame(found, columns=[*CELL, "steps"])
    return frame.astype({"activation": str, "depth": int, "learning_rate": float, "seed": int})


def at_best_rate(steps: pd.DataFrame) -> pd.DataFrame:
    """Each network's steps at the learning rate that is fastest for the other seeds.

    Choosing the rate on the very seeds that are reported would flatter whatever varies most. For
    every seed the rate is the one with which most of the other seeds get there, and, of those,
    get there soonest on average.

    Args:
      steps: From `steps_to`.

    Returns:
      The rows of `steps` at the chosen rates: one per activation, depth and seed.
    """
    chosen = []
    for _, group in steps.groupby(["activation", "depth"]):
        for seed in group["seed"].unique():
            others = group[group["seed"] != seed] if group["seed"].nunique() > 1 else group
            rates = others.groupby("learning_rate")["steps"].agg(["count", "mean"])
            rate = rates.sort_values(["count", "mean"], ascending=[False, True]).index[0]
            chosen.append(group[(group["seed"] == seed) & (group["learning_rate"] == rate)])
    return pd.concat(chosen, ignore_index=True)


def log_ratio(best: pd.DataFrame, slow: str, fast: str, depth: int, budget: float) -> np.ndarray:
    """Per seed, the logarithm to base 2 of the steps of one activation over those of another.

    Args:
      best: From `at_best_rate`.
      slow: The numerator.
      fast: The denominator.
      depth: Of the networks.
      budget: Steps trained: what a network that never got there counts, in the numerator an
        understatement. Seeds at which both never did are left out.
    """
    at_depth = best[best["depth"] == depth]
    table = at_depth.pivot_table(index="seed", columns="activation", values="steps", dropna=False)
    table = table.reindex(columns=[slow, fast]).dropna(how="all").fillna(budget)
    return np.log2(table[slow] / table[fast]).to_numpy()


def at_least_times(
    statement: str, claimed: str, log_ratios: np.ndarray, limit: float, understated: bool
) -> Check:
    """`claims.at_least` for base 2 logarithms of ratios, undecided where it cannot fail.

    Args:
      statement: As in `Check`.
      claimed: As in `Check`.
      log_ratios: One per seed.
      limit: For their mean.
      understated: Whether some are too low, because a network did not get there in the budget.
    """
    check = claims.at_least(statement, claimed, log_ratios, limit, format=".2f")
    return dataclasses.replace(check, holds=check.holds or None) if understated else check


def summarise(
    best: pd.DataFrame, seconds: Mapping[tuple[str, int], float], rates: Sequence[float]
) -> pd.DataFrame:
    """A row per depth and activation: rates, networks that got there, steps, seconds.

    Args:
      best: From `at_best_rate`.
      seconds: (activation, depth) -> seconds of a step.
      rates: The learning rates swept.

    Returns:
      depth, activation, learning_rate (of most seeds), edge ("low" or "high" if that is the lowest
      or highest swept), reached, cells, steps, low, high (mean and
      95% interval, NaN unless all got there), milliseconds (of a step), seconds (to the loss).
    """
    rows = []
    for (depth, name), group in best.groupby(["depth", "activation"]):
        taken = group["steps"]
        each = seconds[name, depth]
        rate = group.loc[taken.notna(), "learning_rate"].mode().get(0, np.nan)
        rows.append(
            {
                "depth": depth,
                "activation": name,
                "learning_rate": rate,
                "edge": "low" if rate == min(rates) else "high" if rate == max(rates) else "",
                "reached": int(taken.notna().sum()),
                "cells": len(taken),
                "steps": taken.mean(skipna=False),
                **dict(zip(("low", "high"), statistics.interval(taken), strict=True)),
                "milliseconds": 1e3 * each,
                "seconds": each * taken.mean(skipna=False),
            }
        )
    return pd.DataFrame(rows)


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The table of `summarise` as a terminal and a page show it."""
    spans = zip(table["low"], table["high"], strict=True)
    return pd.DataFrame(
        {
            "depth": table["depth"],
            "activation": table["activation"],
            "rate": table["learning_rate"],
            "edge": table["edge"],
            "reached": [
                f"{n}/{of}" for n, of in zip(table["reached"], table["cells"], strict=True)
            ],
            "steps": table["steps"],
            "95%": ["–" if np.isnan(low) else f"{low:.0f} to {high:.0f}" for low, high in spans],
            "µs/step": 1e3 * table["milliseconds"],
            "ms": 1e3 * table["seconds"],
        }
    )


def summary(table: pd.DataFrame, loss: float, budget: int) -> str:
    """What came out for sigmoid and relu, depth by depth, in sentences."""
    parts = []
    for depth, rows in table.groupby("depth"):
        told = []
        for name in ("relu", "sigmoid"):
            row = rows[rows["activation"] == name].iloc[0]
            missed = row["cells"] - row["reached"]
            within = f"in {row['steps']:.0f} steps of {row['milliseconds']:.3f} ms"
            lost = f"not within {budget} steps in {missed} of {row['cells']} networks"
            told.append(f"{name} {lost if missed else within}")
        parts.append(f"depth {depth}: " + ", ".join(told))
    fastest = table.dropna(subset="steps").sort_values("steps").groupby("depth").first()
    first = ", ".join(f"{row.activation} at depth {row.Index}" for row in fastest.itertuples())
    told = f"A training loss of {loss:g} is reached at " + "; ".join(parts) + "."
    return told + (f" In the fewest steps: {first}." if first else "")


def figure(curves: pd.DataFrame, best: pd.DataFrame, loss: float, budget: int) -> Figure:
    """Training loss over steps at each activation's best rate, and the steps to `loss`, by depth.

    Args:
      curves: Of the sweep, its `train_loss`.
      best: From `at_best_rate`.
      loss: To be reached.
      budget: Steps trained.
    """
    depths, names = sorted(best["depth"].unique()), sorted(best["activation"].unique())
    style = styles(names)
    with matplotlib.rc_context(STYLE):
        result = Figure(figsize=(10.5, 3.9), layout="constrained")
        *panels, last = result.subplots(1, len(depths) + 1, width_ratios=(*[1] * len(depths), 1.25))
        for axes, depth in zip(panels, depths, strict=True):
            keys = best.loc[best["depth"] == depth, CELL]
            _draw_losses(axes, curves.merge(keys, on=CELL), style, loss, budget)
            axes.set_title(f"depth {depth}")
        for axes in panels[1:]:
            axes.sharey(panels[0])
            axes.tick_params(axis="y", labelleft=False)
        panels[0].set_ylabel("training loss, nats")
        _draw_steps(last, best, style, budget)
        titles(
            result,
            f"Steps to a training loss of {loss:g}",
            "Each activation at the learning rate that is fastest for the other seeds. Lines: "
            f"medians over seeds; bars: 95% intervals; crosses: never within {budget} steps.",
        )
    return result


def _draw_losses(axes: Axes, rows: pd.DataFrame, style: Mapping, loss: float, budget: int) -> None:
    axes.set_yscale("log")
    axes.set_ylim(loss / 40, 4)
    axes.axhline(loss, color=FAINT, lw=0.8, ls=(0, (4, 3)))
    middle = rows.groupby(["activation", "step"], observed=True)["value"].median().unstack(0)
    low, high = np.log(axes.get_ylim())
    ends = {}
    for name in middle:
        color, _ = style[name]
        axes.plot(middle.index, middle[name].clip(loss / 40), color=color)
        end = np.clip((np.log(middle[name].iloc[-1]) - low) / (high - low), 0, 1)
        ends[name] = float(np.nan_to_num(end, nan=1.0)), name, color
    axes.set_xlim(0, 1.45 * budget)
    axes.spines["bottom"].set_bounds(0, budget)
    axes.set_xticks([0, budget // 2, budget])
    axes.set_xlabel("step")
    axes.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    leaders(axes, ends, x=budget, shift=0.06, gap=0.07)


def _draw_steps(axes: Axes, best: pd.DataFrame, style: Mapping, budget: int) -> None:
    depths = sorted(best["depth"].unique())
    for place, (name, (color, marker)) in enumerate(style.items()):
        offset = 0.16 * (place - (len(style) - 1) / 2)
        line = best[best["activation"] == name].groupby("depth")["steps"]
        means = line.agg(lambda taken: taken.mean(skipna=False)).reindex(depths)
        x = np.arange(len(depths)) + offset
        axes.plot(x, means, marker, color=color, ms=6, label=name)
        for at, depth in zip(x, depths, strict=True):
            taken = line.get_group(depth)
            if taken.notna().all():
                axes.vlines(at, *statistics.interval(taken), color=color, lw=2)
                continue
            axes.plot(at, budget, "x", color=color, ms=7, mew=2)
            axes.annotate(
                f"{taken.isna().sum()} of {len(taken)}", (at, budget), xytext=(0, 6), fontsize=7.5,
                textcoords="offset points", ha="center", color=ALARM,
            )  # fmt: skip
    axes.set_yscale("log")
    ticks = [t for t in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if t < 1.5 * budget]
    axes.set_yticks(ticks, [f"{tick}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(top=2 * budget)
    axes.set_xticks(range(len(depths)), depths)
    axes.set_xlim(-0.5, len(depths) - 0.5)
    axes.set_xlabel("depth")
    axes.set_title("steps to the dashed line")
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="lower right", handletextpad=0.1)
