"""Dead units by learning rate, layer and step: tables of followed networks, and their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from acts_jax.report.style import ALARM, STYLE, brief, leaders, log_rates, styles, titles
from acts_jax.studies import claims
from acts_jax.sweep.grid import Group
from acts_jax.training import lifetimes
from acts_jax.training.lifetimes import Life

SHARE = 0.4  # of the units, which the texts say may die
LAYERS = ("layer 1", "deeper layers")
OPTIMIZERS = {"sgd": "plain gradient descent", "momentum": "with momentum"}
NETWORK = ["activation", "optimizer", "learning_rate", "seed"]


def tabulate(groups: Sequence[Group], lives: Sequence[Life], looks: Sequence[int]) -> pd.DataFrame:
    """A row per network, hidden layer and look.

    Args:
      groups: Of the plan.
      lives: Of the same groups, from `networks.follow_groups`.
      looks: The steps after which the networks were looked at.

    Returns:
      Columns activation, optimizer, learning_rate, seed, layer, step; dead, the share of the
      layer's units; val_accuracy and test_accuracy; deaths and returned, from
      `lifetimes.returns`, the same at all steps, 0 in networks that diverge. The measurements of a
      network are NaN from the step on at which its loss was found not to be finite.
    """
    parts = []
    for group, life in zip(groups, lives, strict=True):
        alive = np.isfinite(life.loss).cumprod(axis=1).astype(bool)
        for layer, dead in enumerate(life.dead, start=1):
            deaths, returned = lifetimes.returns(np.moveaxis(dead & alive[..., None], 1, 0))
            cells = pd.DataFrame(
                {
                    "activation": group.static.activation,
                    "optimizer": group.static.optimizer,
                    "learning_rate": group.traced["learning_rate"],
                    "seed": group.traced["seed"],
                    "layer": layer,
                    "deaths": np.where(alive.all(axis=1), deaths.sum(axis=1), 0),
                    "returned": np.where(alive.all(axis=1), returned.sum(axis=1), 0),
                }
            )
            rows = cells.loc[cells.index.repeat(len(looks))].reset_index(drop=True)
            rows["step"] = np.tile(looks, len(cells))
            for name, values in (
                ("dead", dead.mean(axis=2)),
                ("val_accuracy", life.accuracy),
                ("test_accuracy", life.test_accuracy),
            ):
                rows[name] = np.where(alive, values, np.nan).ravel()
            parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def final(units: pd.DataFrame) -> pd.DataFrame:
    """A row per network at the last look: `dead` over all layers, and the accuracies."""
    last = units[units["step"] == units["step"].max()]
    grouped = last.groupby(NETWORK, sort=False, as_index=False)
    return grouped[["dead", "val_accuracy", "test_accuracy"]].mean()


def chosen(networks: pd.DataFrame) -> pd.DataFrame:
    """The rows of `final` at the rate best on validation; a diverged network counts 0."""
    keys = ["activation", "optimizer"]
    scores = networks.fillna({"val_accuracy": 0.0}).groupby([*keys, "learning_rate"])
    means = scores["val_accuracy"].mean().reset_index()
    best = means.loc[means.groupby(keys)["val_accuracy"].idxmax(), [*keys, "learning_rate"]]
    return networks.merge(best, on=[*keys, "learning_rate"])


def worst(networks: pd.DataFrame) -> pd.DataFrame:
    """The rows of `final` at the rate with the most dead units, without the diverged networks.

    Rates at which fewer than half of the seeds finish do not count: an activation of which no rate
    is left has no rows.
    """
    keys = ["activation", "optimizer", "learning_rate"]
    finished = networks.groupby(keys)["dead"].transform(lambda dead: dead.notna().mean())
    networks = networks[networks["dead"].notna() & (finished >= 0.5)]
    means = networks.groupby(keys)["dead"].mean().reset_index()
    most = means.loc[means.groupby(keys[:2])["dead"].idxmax(), keys]
    return networks.merge(most, on=keys)


def threshold(networks: pd.DataFrame) -> pd.Series:
    """The lowest learning rate at which `SHARE` of the units are dead, by activation and optimizer.

    Between two rates the mean over seeds is interpolated along the logarithm of the rate; NaN if
    no rate kills as many.
    """

    def crossing(mine: pd.DataFrame) -> float:
        dead = mine.groupby("learning_rate")["dead"].mean().dropna()
        above = np.flatnonzero(dead.to_numpy() >= SHARE)
        if not above.size:
            return np.nan
        first = above[0]
        if first == 0:
            return float(dead.index[0])
        pair = dead.iloc[first - 1 : first + 1]
        return float(np.exp(np.interp(SHARE, pair.to_numpy(), np.log(pair.index.to_numpy()))))

    return networks.groupby(["activation", "optimizer"])[["learning_rate", "dead"]].apply(crossing)


def comeback(units: pd.DataFrame, activation: str = "relu") -> pd.DataFrame:
    """Deaths of an activation that were seen, and returns, all learning rates together.

    What happens between two looks is not seen.

    Returns:
      Columns deaths, returned and share, NaN without deaths; a row for each optimizer, "layer 1" or
      "deeper layers", and seed.
    """
    mine = units[(units["activation"] == activation) & (units["step"] == 0)]
    mine = mine.assign(layers=np.where(mine["layer"] == 1, *LAYERS))
    back = mine.groupby(["optimizer", "layers", "seed"])[["deaths", "returned"]].sum()
    return back.assign(share=back["returned"] / back["deaths"])


def told(back: pd.DataFrame) -> str:
    """What `comeback` counted, in words, all seeds together."""
    return "; ".join(
        f"{row['returned']:,.0f} of {row['deaths']:,.0f} in {layers} ({OPTIMIZERS[optimizer]})"
        for (optimizer, layers), row in back.groupby(level=[0, 1]).sum().iterrows()
    )


def summary(units: pd.DataFrame) -> pd.DataFrame:
    """For the terminal: a row per optimizer and activation.

    An arrow marks a best rate at the edge of those that were tried. What was counted at the rate
    with the most dead units is NaN where no rate let half of the seeds finish.
    """
    networks = final(units)
    keys = ["optimizer", "activation"]
    best, most = (
        rows.groupby(keys).mean(numeric_only=True) for rows in (chosen(networks), worst(networks))
    )
    most = most.reindex(best.index)
    from_rate, rows = threshold(networks), []
    for optimizer, name in networks[keys].drop_duplicates().itertuples(index=False):
        good, bad = best.loc[optimizer, name], most.loc[optimizer, name]
        rows.append(
            {
                "optimizer": optimizer,
                "activation": name,
                "best rate": claims.rate(good["learning_rate"], networks["learning_rate"]),
                "dead": f"{good['dead']:.1%}",
                "accuracy": f"{good['test_accuracy']:.1%}",
                "40% dead from": from_rate[name, optimizer],
                "most dead": _percent(bad["dead"]),
                "at rate": bad["learning_rate"],
                "accuracy there": _percent(bad["test_accuracy"]),
            }
        )
    return pd.DataFrame(rows)


def toll(table: pd.DataFrame, optimizer: str = "momentum", activation: str = "relu") -> str:
    """What `summary` says of the rates that kill units, in words."""
    rows = table[table["optimizer"].eq(optimizer) & table["activation"].eq(activation)]
    row = rows.iloc[0]
    if np.isnan(row["at rate"]):
        return f"half of the seeds of {activation} finish at no learning rate"
    rate = row["40% dead from"]
    killing = "no learning rate kills" if np.isnan(rate) else f"{rate:.2g} is the rate that kills"
    return (
        f"{killing} 40% of {activation}'s units; the most, {row['most dead']}, are dead at "
        f"{row['at rate']:.2g}, with an accuracy of {row['accuracy there']} in place of the "
        f"{row['accuracy']} at the best rate"
    )


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{share:.1%}"


def by_rate(units: pd.DataFrame) -> Figure:
    """Dead share and test accuracy against the learning rate; a column per optimizer."""
    networks = final(units)
    optimizers = list(dict.fromkeys(networks["optimizer"]))
    style, best = styles(list(networks["activation"].unique())), chosen(networks)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(0.8 + 4.3 * len(optimizers), 6.6), layout="constrained")
        grid = figure.subplots(2, len(optimizers), squeeze=False, sharey="row")
        for column, optimizer in zip(grid.T, optimizers, strict=True):
            column[0].set_title(OPTIMIZERS.get(optimizer, optimizer))
            for axes, name in zip(column, ("dead", "test_accuracy"), strict=True):
                mine, at_best = (t[t["optimizer"] == optimizer] for t in (networks, best))
                _by_rate(axes, mine, at_best, name, style)
            _mark(column[0], threshold(networks).get(("relu", optimizer), np.nan))
        grid[0, 0].set_ylabel("dead hidden units, %")
        grid[1, 0].set_ylabel("test accuracy, %")
        titles(
            figure,
            "Dead units and accuracy by learning rate",
            "Line: mean over the seeds that did not diverge; band: their range; dotted: all did. "
            "Marker: the rate that is best on validation. Dashed: 40% of the units, and the rate "
            "from which as many of relu's are dead. Dead: f′ is exactly 0 in float32 for every "
            "training example, as it also becomes for elu and gelu when the weights blow up.",
        )
    return figure


def _by_rate(axes: Axes, mine: pd.DataFrame, best: pd.DataFrame, name: str, style: Mapping) -> None:
    """One panel: a line per activation, which goes on dotted where every seed diverges."""
    rates, ends = sorted(mine["learning_rate"].unique()), {}
    log_rates(axes, mine["learning_rate"])
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.32)
    axes.set_xticks([t for t in 10.0 ** np.arange(-6, 4) if rates[0] <= t <= rates[-1]])
    axes.spines["bottom"].set_bounds(rates[0], rates[-1])
    axes.set_ylim(-5, 103)
    axes.set_xlabel("learning rate", loc="left")
    for activation, (color, marker) in style.items():
        values = 100 * mine[mine["activation"] == activation].set_index("learning_rate")[name]
        grouped = values.dropna().groupby(level=0)
        middle = grouped.mean()
        axes.fill_between(middle.index, grouped.min(), grouped.max(), color=color, alpha=0.18, lw=0)
        axes.plot(middle.index, middle, color=color)
        dot = best[best["activation"] == activation]
        axes.plot(dot["learning_rate"].iloc[0], 100 * dot[name].mean(), marker, color=color, ms=5.5)
        if len(middle):
            rest = [middle.index[-1], rates[-1]]
            axes.plot(rest, [middle.iloc[-1]] * 2, color=color, lw=1.0, ls=(0, (1, 2)))
            ends[activation] = (middle.iloc[-1] + 5) / 108, activation, color
    leaders(axes, ends, x=rates[-1], shift=0.06, gap=0.07)


def _mark(axes: Axes, rate: float) -> None:
    """Lines at the share that the texts tell of, and at the rate where relu reaches it."""
    dashed = {"color": ALARM, "lw": 0.9, "ls": (0, (4, 3)), "zorder": 0}
    low, _ = axes.get_xlim()
    axes.axhline(100 * SHARE, **dashed)
    axes.text(low, 100 * SHARE + 1.5, "40%", color=ALARM, fontsize=8.5, va="bottom", ha="left")
    if np.isfinite(rate):
        axes.plot([rate, rate], [-5, 100 * SHARE], **dashed)
        text = f"relu from {brief(rate)} "
        axes.text(rate, 100 * SHARE + 1.5, text, color=ALARM, fontsize=8.5, ha="right", va="bottom")


def by_step(units: pd.DataFrame, activation: str = "relu") -> Figure:
    """Dead share of each layer against the step, a line per learning rate."""
    mine = units[units["activation"] == activation]
    optimizers, layers = (list(dict.fromkeys(mine[name])) for name in ("optimizer", "layer"))
    with matplotlib.rc_context(STYLE):
        size = 0.8 + 4.3 * len(optimizers), 1.2 + 2.1 * len(layers)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(layers), len(optimizers), squeeze=False, sharey=True)
        for line, layer in zip(grid, layers, strict=True):
            line[0].set_ylabel(f"dead in layer {layer}, %")
            for axes, optimizer in zip(line, optimizers, strict=True):
                _by_step(axes, mine[(mine["optimizer"] == optimizer) & (mine["layer"] == layer)])
        for axes, optimizer in zip(grid[0], optimizers, strict=True):
            axes.set_title(OPTIMIZERS.get(optimizer, optimizer))
        for axes in grid[-1]:
            axes.set_xlabel("steps taken", loc="left")
        titles(
            figure,
            f"When the units of {activation} die",
            "Line: mean over the seeds that have not diverged, at the learning rate written beside "
            "it; dark: low rates, light: high ones. Cross: every seed diverged.",
        )
    return figure


def _by_step(axes: Axes, mine: pd.DataFrame) -> None:
    rates, last = sorted(mine["learning_rate"].unique()), mine["step"].max()
    colors = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.8, len(rates)))
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(-0.05, last * 3.2)
    ticks = [0, *(t for t in (1, 3, 10, 30, 100, 300, 1000, 3000, 10000) if t <= last)]
    axes.set_xticks(ticks, [f"{t:,}" for t in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.spines["bottom"].set_bounds(0, last)
    axes.set_ylim(-5, 103)
    ends, others = {}, []
    for rate, color in zip(rates, colors, strict=True):
        line = 100 * mine[mine["learning_rate"] == rate].groupby("step")["dead"].mean().dropna()
        axes.plot(line.index, line, color=color, lw=1.2)
        if not len(line) or line.index[-1] < last:
            axes.plot(line.index[-1:], line.iloc[-1:], "x", color=ALARM, ms=4.5)
        elif line.iloc[-1] > 20:
            ends[rate] = (line.iloc[-1] + 5) / 108, brief(rate), color
        else:
            others.append((line.iloc[-1], rate, color))
    if others:
        heights, low_rates, low_colors = zip(*others, strict=True)
        text = brief(min(low_rates)) + (f" to {brief(max(low_rates))}" if len(others) > 1 else "")
        ends["others"] = (np.mean(heights) + 5) / 108, text, low_colors[len(others) // 2]
    leaders(axes, ends, x=last, shift=0.07, gap=0.1)
