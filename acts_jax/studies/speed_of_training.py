"""How fast networks reach a training loss: steps to it, the fairest learning rate, the picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.analysis import statistics
from acts_jax.benchmarks.step_time import step_seconds
from acts_jax.data import Dataset
from acts_jax.models import MLP
from acts_jax.report.style import ALARM, FAINT, STYLE, leaders, styles, titles
from acts_jax.studies import claims
from acts_jax.studies.claims import Check
from acts_jax.sweep import engine
from acts_jax.sweep.config import ConfigError
from acts_jax.sweep.grid import Plan

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


def shapes(plan: Plan) -> dict[int, str]:
    """Depth -> the hidden layers of a plan's networks: "depth 3, 32 units", "depth 2, 64-32".

    Raises:
      ConfigError: If networks of one depth differ in their hidden layers.
    """
    sizes = {group.static.hidden_sizes for group in plan.groups}
    depths = {len(each) for each in sizes}
    if len(depths) < len(sizes):
        raise ConfigError("this experiment takes one shape of the hidden layers for each depth")
    return {
        len(each): f"depth {len(each)}, "
        + ("-".join(map(str, each)) if len(set(each)) > 1 else f"{each[0] if each else 0} units")
        for each in sizes
    }


def step_seconds_of(plan: Plan, datasets: Mapping[str, Dataset]) -> dict[tuple[str, int], float]:
    """Seconds of a step of each program of a plan, by activation and depth, timed in turns."""
    statics = [group.static for group in plan.groups]
    first, dataset = statics[0], datasets[statics[0].dataset]
    examples = jax.device_put(engine.splits_of(dataset, first.preprocessing).train)
    head, outputs = engine.resolve(first, dataset)
    models = {
        (static.activation, len(static.hidden_sizes)): MLP(
            static.hidden_sizes,
            static.activation,
            outputs,
            learn=static.learned,
            share=static.share,
            layer_norm=static.layer_norm,
            head=head,
        )
        for static in statics
    }
    return step_seconds(models, examples, batch_size=first.batch_size, optimizer=first.optimizer)


class Ratios(NamedTuple):
    """Steps of a slow activation over those of a fast one, seed by seed.

    A network that never got to the loss counts the budget of steps, which it would have exceeded.

    Attributes:
      log2: Logarithms to base 2, one per seed at which either of the two got there [seeds].
      understated: Seeds among them at which the slow one did not: the ratio is larger.
      overstated: Seeds among them at which the fast one did not: the ratio is smaller.
      dropped: Seeds left out, at which neither did.
    """

    log2: np.ndarray
    understated: int
    overstated: int
    dropped: int

    def times(self, factor: float) -> Ratios:
        """The ratios multiplied by a factor: of seconds, given the ratio of seconds per step."""
        return self._replace(log2=self.log2 + np.log2(factor))

    def caveat(self, slow: str, fast: str, budget: int) -> str:
        """What is counted instead of the networks that never got there, in words; or nothing."""
        counts = ((slow, self.understated), (fast, self.overstated))
        lost = ", ".join(f"{count} {name}" for name, count in counts if count)
        parts = [f"networks that never got there count {budget} steps: {lost}"] if lost else []
        if self.dropped:
            parts.append(f"seeds left out because both never did: {self.dropped}")
        return f" ({'; '.join(parts)})" if parts else ""


def ratios(best: pd.DataFrame, slow: str, fast: str, depth: int, budget: float) -> Ratios:
    """The steps of one activation over those of another at one depth.

    Args:
      best: From `at_best_rate`.
      slow: The numerator.
      fast: The denominator.
      depth: Of the networks.
      budget: Steps trained.
    """
    at_depth = best[best["depth"] == depth]
    table = at_depth.pivot_table(index="seed", columns="activation", values="steps", dropna=False)
    table = table.reindex(index=at_depth["seed"].unique(), columns=[slow, fast])
    lost = table.isna()
    kept = ~lost.all(axis=1)
    counted = table[kept].fillna(budget)
    return Ratios(
        np.log2(counted[slow].to_numpy() / counted[fast].to_numpy()),
        understated=int(lost.loc[kept, slow].sum()),
        overstated=int(lost.loc[kept, fast].sum()),
        dropped=int((~kept).sum()),
    )


def at_least_times(statement: str, claimed: str, found: Ratios, limit: float) -> Check:
    """`claims.at_least` for the geometric mean of ratios, undecided where the budget decides it.

    Understated ratios can hold but not fail, overstated ones fail but not hold, and where no
    network got there nothing is decided.

    Args:
      statement: As in `Check`.
      claimed: As in `Check`.
      found: From `ratios`.
      limit: For the mean: 2 is twice.
    """
    display = {"threshold": f"at least {limit:g} times", "format": ".2f", "unit": " times"}
    check = claims.at_least(statement, claimed, found.log2, np.log2(limit))
    biased = found.overstated if check.holds else found.understated
    return dataclasses.replace(
        check,
        measured=float(2**check.measured),
        interval=tuple(2**end for end in check.interval),
        holds=None if biased else check.holds,
        **display,
    )


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
