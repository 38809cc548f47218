"""Slopes below zero, fixed and learned: what a sweep of leaky_relu and prelu says about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.analysis import statistics
from acts_jax.analysis.pairing import by_seed, edge_note, rates
from acts_jax.report.style import FAINT, INK, PALETTE, STYLE, leaders, titles
from acts_jax.studies.claims import Check, at_least, at_most

START = 0.25  # of the learned slopes in He et al. 2015
FIRST, DEEPER = (0.596, 0.681), (0.06, 0.20)  # where the paper's slopes ended, by layer
COLORS = dict(zip(("per network", "per layer", "per channel"), PALETTE, strict=False))
FIXED, LEARNED = "leaky_relu.negative_slope", "prelu.slope"


@dataclass(frozen=True)
class Comparison:
    """What `compare` found. Variants are ways of choosing the slope.

    "fixed"; "per network", "per layer", "per channel": learned from the start nearest to 0.25;
    "per layer, decays": weight decay pulls the learned slope, too. Slopes of diverged cells are
    left out.

    Attributes:
      selection: A row per variant: the setting that validation chose, see `statistics.select`.
      by_variant: Test accuracies at it: a row per seed, a column per variant.
      by_slope: The same for every fixed slope, at its own learning rate.
      worst: The fixed slope from 0 to 0.5 that is worst on validation.
      paths: Variant -> its slopes at every evaluation, from every start, at its learning rate;
        with decay, at that of the same variant without.
      ends: Variant -> its slopes at the end, from the start nearest to 0.25.
      dependence: Per seed, range of the ends of a layer's slope over range of the starts, mean
        over the layers.
      start: The starting value nearest to 0.25.
    """

    selection: pd.DataFrame
    by_variant: pd.DataFrame
    by_slope: pd.DataFrame
    worst: float
    paths: Mapping[str, pd.DataFrame]
    ends: Mapping[str, pd.DataFrame]
    dependence: pd.Series
    start: float

    @property
    def best(self) -> float:
        """The fixed slope that validation chose."""
        return float(self.selection.loc["fixed", FIXED])

    @property
    def table(self) -> pd.DataFrame:
        """A row per variant: its setting, its accuracy and where its slopes end."""
        chosen = self.selection
        table = pd.DataFrame({"slope": chosen.index, "learning rate": rates(chosen)})
        table["test accuracy, %"] = 100 * chosen["test_accuracy"]
        table["95% interval"] = [
            f"{100 * low:.1f} to {100 * high:.1f}"
            for low, high in zip(chosen["low"], chosen["high"], strict=True)
        ]
        table["ends, by layer"] = [
            _written(self.ends[name]) if name in self.ends else f"{self.best:g}"
            for name in chosen.index
        ]
        return table

    @property
    def summary(self) -> str:
        """What came out, in two sentences."""
        layer, accuracy = self.ends["per layer"], self.by_variant.mean()
        return (
            f"Of the slopes tried, validation chose {self.best:g}: test accuracy "
            f"{accuracy['fixed']:.1%}, against {accuracy['per layer']:.1%} with one learned per "
            f"layer. Those end between {layer['value'].min():.2f} and {layer['value'].max():.2f} "
            f"from a start at {self.start:g}; other starts move the end by "
            f"{self.dependence.mean():.0%} of their own distance."
        ) + edge_note(rates(self.selection))

    @property
    def numbers(self) -> dict:
        """What the picture shows, for a JSON file."""
        columns = [LEARNED, "seed", "epoch", "layer", "value"]
        return {
            "selection": self.selection,
            "test_accuracy_by_fixed_slope": self.by_slope,
            "test_accuracy_by_variant": self.by_variant,
            "paths_per_layer": self.paths["per layer"][columns],
            "ends": {name: rows[[*columns, "channel"]] for name, rows in self.ends.items()},
        }


def compare(results: pd.DataFrame, curves: pd.DataFrame) -> Comparison:
    """Compares fixed with learned slopes, each variant at the setting validation chooses for it.

    Args:
      results: Of a sweep over leaky_relu's and prelu's slopes at one depth, on one dataset with
        classes, share="layer" among others.
      curves: Of the same sweep.
    """
    prelu = results["activation"] == "prelu"
    starts = np.sort(results.loc[prelu, LEARNED].unique())
    start = starts[np.abs(starts - START).argmin()]
    decays = np.where(results["decay_activations"], ", decays", "")
    names = ("per " + results["share"].astype(str) + decays).where(prelu, "fixed")
    cells = results.assign(activation=names)[~prelu | (results[LEARNED] == start)]
    selection = statistics.select(cells, by=("activation",)).set_index("activation", drop=False)
    selection = selection.loc[sorted(selection.index, key=_rank)]
    fixed = cells[cells["activation"] == "fixed"]
    slopes = statistics.select(fixed, by=("activation", FIXED))
    middle = slopes[slopes[FIXED].between(0, 0.5)]
    rows = curves[(curves["metric"] == LEARNED) & np.isfinite(curves["value"])]
    rows = rows.assign(variant=names.set_axis(results["cell"])[rows["cell"].astype(str)].to_numpy())
    chosen = selection["learning_rate"]
    paths = {
        name: rows[
            (rows["variant"] == name)
            & np.isclose(rows["learning_rate"], chosen.get(name.removesuffix(", decays"), rate))
        ]
        for name, rate in chosen.items()
        if name != "fixed"
    }
    last = {name: path[path["epoch"] == rows["epoch"].max()] for name, path in paths.items()}
    return Comparison(
        selection=selection,
        by_variant=by_seed(cells),
        by_slope=by_seed(fixed, ("activation", FIXED))["fixed"],
        worst=float(middle.loc[middle["val_accuracy"].idxmin(), FIXED]),
        paths=paths,
        ends={name: path[path[LEARNED] == start] for name, path in last.items()},
        dependence=dependence(last["per layer"]),
        start=float(start),
    )


def dependence(ends: pd.DataFrame) -> pd.Series:
    """Per seed, how far the start moves the end: range over range, mean over the layers.

    Args:
      ends: Slopes at the end from at least two starts: columns seed, layer, value and the start.
    """
    by_start = ends.groupby(["seed", "layer", LEARNED])["value"].mean().unstack()
    moved = (by_start.max(axis=1) - by_start.min(axis=1)) / np.ptp(by_start.columns)
    return moved.groupby("seed").mean()


def first_minus_deeper(ends: pd.DataFrame) -> pd.Series:
    """Per seed, the slope of the first layer minus the mean of the others."""
    first = ends["layer"] == 1
    deeper = ends[~first].groupby("seed")["value"].mean()
    return ends[first].groupby("seed")["value"].mean() - deeper


def share_above_one(ends: pd.DataFrame) -> pd.Series:
    """Per seed, the share of slopes of a magnitude above 1."""
    return ends["value"].abs().gt(1).groupby(ends["seed"]).mean()


def _rank(variant: str) -> tuple:
    return [*("fixed", *COLORS)].index(variant.removesuffix(", decays")), variant


def _written(ends: pd.DataFrame) -> str:
    means = ends.groupby(ends["layer"].fillna(0))["value"].mean()
    return "  ".join(f"{value:.2f}" for value in means).replace("-", "−")


def checks(found: Comparison, cost: float, drift: float, rare: float) -> tuple[Check, ...]:
    """What courses say of the slope, and three statements of He et al. 2015.

    Args:
      found: From `compare`.
      cost: Test accuracy that a slope may cost before it matters.
      drift: Range of the ends over range of the starts, up to which the start does not matter.
      rare: Share of slopes of a magnitude above 1, up to which they are rare.
    """
    by_slope, by_variant, ends = found.by_slope, found.by_variant, found.ends
    last, point = by_slope.columns[-1], {"format": ".2%"}
    made = [
        at_most(
            f"any constant will do: the worst from 0 to 0.5, {found.worst:g}, costs no more than "
            f"{100 * cost:g} point of test accuracy against the chosen one",
            "any constant", by_slope[found.best] - by_slope[found.worst], cost, **point,
        ),
        at_most(
            f"any constant will do: {last:g} costs no more than that, too",
            "any constant", by_slope[found.best] - by_slope[last], cost, **point,
        ),
        at_least(
            "learning finds a slope as good as the best one tried: test accuracy, learned per "
            "layer minus fixed",
            "learn it", by_variant["per layer"] - by_variant["fixed"], -cost, **point,
        ),
        at_most(
            "where a slope ends does not depend on where it starts: range of the ends over range "
            "of the starts",
            "learn it", found.dependence, drift, format=".2f",
        ),
        *(
            at_most(
                f"learned slopes, one {variant}, rarely have a magnitude above 1: their share",
                "rarely (He et al. 2015)", share_above_one(ends[variant]),
                rare, format=".1%", bounds=(0, 1),
            )
            for variant in ("per layer", "per channel") if variant in ends
        ),
        at_least(
            "the first layer's slope ends above the mean of the deeper ones': difference",
            "0.681 against 0.06 to 0.20 (He et al. 2015)",
            first_minus_deeper(ends["per layer"]), 0.0,
        ),
    ]  # fmt: skip
    if "per layer, decays" in ends:
        free, decayed = (
            ends[name]["value"].abs().groupby(ends[name]["seed"]).mean()
            for name in ("per layer", "per layer, decays")
        )
        made.append(at_least(
            "decay pulls slopes towards 0: mean magnitude without it minus that with it",
            "towards 0 (He et al. 2015)", free - decayed, 0.0,
        ))  # fmt: skip
    return tuple(made)


def figure(found: Comparison) -> Figure:
    """Where learned slopes go and end, and the test accuracy of fixed and learned ones."""
    paths = found.paths["per layer"]
    layers = sorted(paths["layer"].dropna().unique())
    shown = [layers[i] for i in np.unique(np.linspace(0, len(layers) - 1, 4).round().astype(int))]
    with matplotlib.rc_context(STYLE):
        result = Figure(figsize=(10.5, 7.2), layout="constrained")
        above, below = result.subfigures(2, 1, height_ratios=(1, 1.05))
        panels = above.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        for axes, layer in zip(panels, shown, strict=True):
            _draw_paths(axes, paths[paths["layer"] == layer], layer, layer == shown[-1])
        panels[0].set_ylabel("learned slope, one per layer")
        left, right = below.subplots(1, 2, width_ratios=(1, 1.25))
        _draw_ends(left, found.ends, found.start)
        _draw_scores(right, found)
        titles(
            result,
            "The slope below zero: tried, or learned",
            "Top: a line per seed, a colour per starting value; grey: where slopes ended in He et "
            "al. (2015), first layer and deeper ones.\nBars and band on the right: 95% intervals "
            "over seeds, at the learning rate that validation chose.",
        )
    return result


def _draw_paths(axes: Axes, rows: pd.DataFrame, layer: int, last: bool) -> None:
    starts = sorted(rows[LEARNED].unique())
    first, end = rows["epoch"].min(), rows["epoch"].max()
    axes.axhspan(*(FIRST if layer == 1 else DEEPER), color="#e4e4e4", lw=0, zorder=0)
    axes.axhline(0, color=FAINT, lw=0.6)
    labels = {}
    colors = matplotlib.colormaps["plasma"](np.linspace(0.0, 0.8, len(starts)))
    for start, color in zip(starts, colors, strict=True):
        lines = rows[rows[LEARNED] == start].pivot_table(
            index="epoch", columns="cell", values="value", observed=True
        )
        axes.plot(lines.index, lines.to_numpy(), color=color, lw=1.0, alpha=0.75)
        labels[start] = lines.iloc[-1].mean(), color
    axes.set_title(f"layer {layer}")
    axes.set_xlabel("epoch")
    axes.set_xlim(first, end * (1.5 if last else 1.02))
    axes.spines["bottom"].set_bounds(first, end)
    axes.set_xticks(np.linspace(first, end, 4).round())
    if last:
        low, high = axes.get_ylim()
        spots = {
            start: ((value - low) / (high - low), f"from {start:g}", color)
            for start, (value, color) in labels.items()
        }
        leaders(axes, spots, x=end, shift=0.06, gap=0.08)


def _draw_ends(axes: Axes, finals: Mapping[str, pd.DataFrame], start: float) -> None:
    """Where the slopes of each variant end, by layer: a dot per seed (and channel)."""
    names = [name for name in finals if "decay" not in name]
    layers = sorted(set().union(*(finals[name]["layer"].dropna() for name in names)))
    generator = np.random.default_rng(0)
    for offset, name in zip((-0.26, 0.0, 0.26), names, strict=False):
        color, rows = COLORS[name], finals[name]
        for layer in layers:
            values = rows.loc[rows["layer"].fillna(layer) == layer, "value"]
            spread = generator.uniform(-0.08, 0.08, len(values))
            many = len(values) > 20
            axes.plot(
                layer + offset + spread, values, "o", color=color, mec="none",
                ms=2.2 if many else 4.5, alpha=0.35 if many else 0.9,
            )  # fmt: skip
            axes.hlines(values.median(), layer + offset - 0.11, layer + offset + 0.11, INK, lw=1.4)
        axes.plot([], [], "o", color=color, ms=4.5, label=name)
    axes.axhline(1, color=FAINT, lw=0.8, ls=(0, (4, 3)))
    axes.axhline(0, color=FAINT, lw=0.6)
    axes.set_xticks(layers)
    axes.set_xlabel("layer")
    axes.set_ylabel("slope at the end")
    axes.set_title(f"Where slopes end that start at {start:g} (bar: median)")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper center", handletextpad=0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.14 * (high - low))


def _draw_scores(axes: Axes, found: Comparison) -> None:
    """Accuracies with intervals: the fixed slopes, the chosen one dark, and learned ones."""
    by_slope, tried = found.by_slope, np.arange(found.by_slope.shape[1])
    low, high = 100 * np.transpose([statistics.interval(by_slope[c]) for c in by_slope])
    means = 100 * by_slope.mean()
    axes.fill_between(tried, low, high, color=FAINT, alpha=0.2, lw=0)
    axes.plot(tried, means, "o-", color=FAINT, ms=4)
    axes.plot(list(by_slope).index(found.best), means[found.best], "o", color=INK, ms=7)
    shared = [name for name in COLORS if any(name in end for end in found.ends)]
    places = tried[-1] + 1.6 + 1.1 * np.arange(len(shared))
    for name in found.ends:
        kind, decays = name.removesuffix(", decays"), name.endswith(", decays")
        x = places[shared.index(kind)] + 0.2 * (1 if decays else -1)
        values = found.by_variant[name]
        axes.vlines(x, *(100 * np.array(statistics.interval(values))), color=COLORS[kind], lw=2)
        face = "white" if decays else COLORS[kind]
        axes.plot(x, 100 * values.mean(), "o", color=COLORS[kind], mfc=face, ms=6.5)
    labels = [f"{slope:g}" for slope in by_slope] + [name.replace(" ", "\n") for name in shared]
    axes.set_xticks([*tried, *places], labels)
    axes.axvline(tried[-1] + 0.8, color=FAINT, lw=0.6)
    axes.set_xlabel("fixed slope" + 40 * " " + "learned slope (hollow: it decays, too)")
    axes.set_ylabel("test accuracy, %")
    axes.set_title("Accuracy of fixed slopes (dark: the chosen one) and of learned ones")
