"""A published study repeated: the activations of the University of Amsterdam's tutorial 3.

The numbers are those that the notebook shows, one seed each: Lippe, "Tutorial 3 (JAX): Activation
Functions", UvA Deep Learning Tutorials (phlippe/uvadlc_notebooks at a30e19d), and its PyTorch
version (at 1869d52).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from acts_jax.analysis import statistics
from acts_jax.report.style import (
    FAINT,
    INK,
    STYLE,
    brief,
    leaders,
    percent,
    power_of_ten,
    styles,
    titles,
)
from acts_jax.studies.claims import Check, at_least, at_most, near

ACCURACY = pd.DataFrame(
    {
        "JAX": {
            "sigmoid": 0.7846, "tanh": 0.8857, "relu": 0.8865,
            "leaky_relu": 0.8833, "elu": 0.8832, "swish": 0.8833,
        },
        "PyTorch": {
            "sigmoid": 0.1000, "tanh": 0.8759, "relu": 0.8862,
            "leaky_relu": 0.8892, "elu": 0.8727, "swish": 0.8873,
        },
    }
)  # fmt: skip
"""On test: a row per activation, a column per version of the notebook."""

SHAPE, DEEP = "512-256-256-128", "256-256-256-256-256-128-128-128-128-128"

DEAD = {
    ("before", SHAPE): {"JAX": (0, 0, 3, 7), "PyTorch": (0, 0, 3, 10)},
    ("after", SHAPE): {"JAX": (0, 0, 3, 3), "PyTorch": (0, 0, 0, 3)},
    ("before", DEEP): {
        "JAX": (0, 1, 1, 19, 75, 53, 71, 57, 64, 69),
        "PyTorch": (0, 0, 7, 27, 89, 60, 58, 61, 72, 56),
    },
}
"""Units of relu networks that are 0 for all 50,000 training images, by layer."""


@dataclass(frozen=True)
class Repeated:
    """What `collect` found.

    Attributes:
      accuracy: On test, a row per seed, a column per activation, each after its best epoch.
      epochs: A row per activation: best and last epoch, means over the seeds.
      gradients: Root mean square of the entries of the loss's gradient at initialisation, a row
        per seed and layer, a column per activation; the readout is the last layer.
      dead: (moment, shape) -> dead units of the relu networks, a row per seed, a column per layer.
    """

    accuracy: pd.DataFrame
    epochs: pd.DataFrame
    gradients: pd.DataFrame
    dead: dict[tuple[str, str], pd.DataFrame]

    @property
    def table(self) -> pd.DataFrame:
        """A row per activation: accuracy with its interval beside the published ones."""
        rows = []
        for name, values in self.accuracy.items():
            low, high = statistics.interval(values, bounds=(0, 1))
            rows.append(
                {
                    "activation": name,
                    "test accuracy": f"{values.mean():.1%}",
                    "95% interval": f"{100 * low:.1f} to {100 * high:.1f}",
                    **{f"tutorial, {kind}": percent(ACCURACY[kind][name]) for kind in ACCURACY},
                    "best epoch": f"{self.epochs.loc[name, 'best']:.0f}",
                    "stopped after": f"{self.epochs.loc[name, 'last']:.0f}",
                }
            )
        return pd.DataFrame(rows)

    @property
    def summary(self) -> str:
        """What came out, in three sentences."""
        means = self.accuracy.mean()
        others = means.drop("sigmoid")
        dead = [percent(shares.mean()) for shares in self.dead_shares().values()]
        ratio = self.ratios().mean()
        return (
            f"Test accuracy {others.min():.1%} ({others.idxmin()}) to {others.max():.1%} "
            f"({others.idxmax()}), sigmoid {means['sigmoid']:.1%}. At initialisation a gradient's "
            f"entries are {brief(ratio['sigmoid'])} as large in layer 1 as in the readout for the "
            f"sigmoid, {ratio.drop('sigmoid').min():.2g} to {ratio.drop('sigmoid').max():.2g} for "
            f"the others. Of relu's units {dead[0]} are dead at initialisation and {dead[1]} after "
            f"training; of the deep network's {dead[2]} and {dead[3]}."
        )

    @property
    def numbers(self) -> dict[str, Any]:
        """What the picture shows, for a JSON file."""
        return {
            "test_accuracy": self.accuracy,
            "epochs": self.epochs.reset_index(),
            "gradient_rms_at_initialisation": self.gradients.reset_index(),
            "dead_units": {f"{when}, {shape}": n for (when, shape), n in self.dead.items()},
            "published_test_accuracy": ACCURACY.rename_axis("activation").reset_index(),
            "published_dead_units": {f"{when}, {shape}": n for (when, shape), n in DEAD.items()},
        }

    def ratios(self) -> pd.DataFrame:
        """Gradient entries of layer 1 over those of the readout: a row per seed."""
        layers = self.gradients.index.get_level_values("layer")
        first, readout = (
            self.gradients.xs(layer, level="layer") for layer in (layers.min(), layers.max())
        )
        return first / readout

    def dead_shares(self) -> dict[tuple[str, str], pd.Series]:
        """Per seed the share of all hidden units that is dead; keys as of `dead`."""
        return {
            (when, shape): counts.sum(axis=1) / sum(map(int, shape.split("-")))
            for (when, shape), counts in self.dead.items()
        }


def collect(
    results: pd.DataFrame,
    curves: pd.DataFrame,
    deep_results: pd.DataFrame,
    deep_curves: pd.DataFrame,
    inputs: int,
    outputs: int,
) -> Repeated:
    """Gathers what the tutorial shows.

    Args:
      results: Of a sweep over the six activations at one setting.
      curves: Of the same sweep.
      deep_results: Of a sweep of relu networks with more layers.
      deep_curves: Of that sweep.
      inputs: Number of inputs of the networks.
      outputs: Of their outputs.
    """
    names = [name for name in ACCURACY.index if name in set(results["activation"])]
    accuracy = statistics.scores(results).pivot_table(
        index="seed", columns="activation", values="test_accuracy", observed=True
    )
    last = statistics.ends(curves).groupby("cell", observed=True)["epoch"].first()
    last.index = last.index.astype(str)
    cells = results.assign(last=results["cell"].map(last))
    epochs = cells.groupby("activation").agg(best=("epoch", "mean"), last=("last", "mean"))
    return Repeated(
        accuracy=accuracy[names],
        epochs=epochs.loc[names],
        gradients=_gradients(curves, (inputs, *_shape(results), outputs))[names],
        dead={
            (when, "-".join(map(str, _shape(rows)))): _dead(rows, of, when)
            for rows, of in ((results, curves), (deep_results, deep_curves))
            for when in ("before", "after")
        },
    )


def _shape(results: pd.DataFrame) -> tuple[int, ...]:
    """The widths of the hidden layers of these networks."""
    return tuple(map(int, results["hidden_sizes"].iloc[0].split("-")))


def _gradients(curves: pd.DataFrame, widths: Sequence[int]) -> pd.DataFrame:
    """Root mean square of the gradient's entries at initialisation: see `Repeated`."""
    rows = curves[(curves["metric"] == "gradient_norm") & (curves["epoch"] == 0)]
    entries = [(a + 1) * b for a, b in itertools.pairwise(widths)]
    norms = rows.pivot_table(
        index=["seed", "layer"], columns="activation", values="value", observed=True
    )
    return norms.div(np.sqrt(np.take(entries, norms.index.get_level_values("layer") - 1)), axis=0)


def _dead(results: pd.DataFrame, curves: pd.DataFrame, when: str) -> pd.DataFrame:
    """Dead units of the relu networks, before training or as it was best."""
    relu = results[results["activation"] == "relu"]
    best = relu.set_index("cell")["epoch"]
    rows = curves[(curves["metric"] == "dead_fraction") & curves["cell"].isin(relu["cell"])]
    rows = rows[rows["epoch"] == (0 if when == "before" else rows["cell"].astype(str).map(best))]
    shares = rows.pivot_table(index="seed", columns="layer", values="value")
    return (shares * np.array(_shape(relu))).round().astype(int)


def checks(found: Repeated, off: float, alike: float, shrunk: float) -> tuple[Check, ...]:
    """What the tutorial shows and says, beside what was found.

    Args:
      found: From `collect`.
      off: Test accuracy by which a result may differ from the published one.
      alike: Test accuracy by which activations may differ that are called similar.
      shrunk: Gradient entries of layer 1 over those of the readout, below which they have vanished.
    """
    accuracy, ratios, point = found.accuracy, found.ratios(), {"format": ".1%"}
    others = [name for name in accuracy if name != "sigmoid"]
    made = [
        near(
            f"{name}: test accuracy", f"{ACCURACY['JAX'][name]:.2%}", accuracy[name],
            ACCURACY["JAX"][name], off, bounds=(0, 1), **point,
        )
        for name in others
    ]  # fmt: skip
    worst = accuracy[others].min(axis=1)
    made += [
        at_most(
            f"the best and the worst of {', '.join(others)} differ by", "similar",
            accuracy[others].max(axis=1) - worst, alike, **point,
        ),
        at_least(
            "the sigmoid is behind the worst of them by", "10.1 points",
            worst - accuracy["sigmoid"], 0.05, **point,
        ),
        at_most(
            "gradient entries in layer 1 over those in the readout, at initialisation: sigmoid",
            "1e-5 against up to 0.1", ratios["sigmoid"], shrunk, format=".2g",
        ),
        at_least(
            "the same for that other activation for which it is least",
            "similar across layers", ratios[others].min(axis=1), shrunk, format=".2g",
        ),
    ]  # fmt: skip
    shares = found.dead_shares()
    for place, published in DEAD.items():
        if place in shares:
            when, shape = place
            units = sum(map(int, shape.split("-")))
            claimed = sum(published["JAX"]) / units
            what = "at initialisation" if when == "before" else "after training"
            made.append(near(
                f"relu, {len(published['JAX'])} hidden layers: share of dead units {what}",
                f"{claimed:.2%}", shares[place], claimed, 0.05 if shape == DEEP else 0.01,
                bounds=(0, 1), **point,
            ))  # fmt: skip
    return tuple(made)


def figure(found: Repeated) -> Figure:
    """Accuracies, gradients by layer and dead units by layer, the published numbers beside them."""
    with matplotlib.rc_context(STYLE):
        result = Figure(figsize=(10.5, 7.4), layout="constrained")
        above, below = result.subfigures(2, 1, height_ratios=(1, 0.95))
        left, right = above.subplots(1, 2, width_ratios=(1, 1.1))
        _draw_accuracy(left, found.accuracy)
        _draw_gradients(right, found.gradients)
        shapes = list(dict.fromkeys(shape for _, shape in found.dead))
        widths = [shape.count("-") + 4 for shape in shapes]
        panels = below.subplots(1, len(shapes), width_ratios=widths, squeeze=False)[0]
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
    """Dots, intervals and crosses; what lies far below the others, as the sigmoid, in words."""
    colors = styles(list(accuracy))
    learned = list(accuracy.columns.drop("sigmoid", errors="ignore"))
    shown = 100 * np.concatenate([accuracy[learned], ACCURACY.loc[learned].T])
    low, high = shown.min() - 0.1 * np.ptp(shown), shown.max() + 0.1 * np.ptp(shown)
    axes.set_xlim(low, high)
    for place, (name, values) in enumerate(reversed(list(accuracy.items()))):
        color, _ = colors[name]
        if 100 * values.max() < low:
            published = ", ".join(f"{ACCURACY[kind][name]:.1%} {kind}" for kind in ACCURACY)
            words = f"{values.mean():.1%}, off the axis (tutorial: {published})"
            axes.text(
                low + 0.02 * (high - low), place, words, color=color, va="center", fontsize=8.5
            )
            continue
        ends = statistics.interval(100 * values, bounds=(0, 100))
        axes.hlines(place, *ends, color=color, lw=2)
        axes.plot(100 * values, np.full(len(values), place), "o", color=color, ms=4, alpha=0.6)
        for kind, marker in (("JAX", "x"), ("PyTorch", "+")):
            axes.plot(100 * ACCURACY[kind][name], place - 0.28, marker, color=FAINT, ms=6)
    axes.set_ylim(-0.6, accuracy.shape[1] - 0.6)
    axes.set_yticks(range(accuracy.shape[1]), reversed(list(accuracy)))
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.set_xlabel("test accuracy, %")
    axes.set_title("Accuracy after the best epoch")


def _draw_gradients(axes: Axes, gradients: pd.DataFrame) -> None:
    colors = styles(list(gradients))
    layers = gradients.index.unique("layer")
    axes.set_yscale("log")
    medians = gradients.groupby("layer").median()
    bounds = np.log10([gradients.min().min() / 1.5, gradients.max().max() * 1.5])
    axes.set_ylim(*10**bounds)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    spots = {}
    for name in gradients:
        color, marker = colors[name]
        axes.plot(layers, medians[name], color=color, marker=marker, ms=4)
        first = np.log10(medians[name].iloc[0])
        spots[name] = (first - bounds[0]) / np.ptp(bounds), name, color
    axes.set_xticks(layers, [*map(str, layers[:-1]), "readout"])
    axes.set_xlim(layers[0] - 1.5, layers[-1] + 0.2)
    axes.spines["bottom"].set_bounds(layers[0], layers[-1])
    axes.set_xlabel("layer")
    leaders(axes, spots, x=layers[0], shift=-0.09, gap=0.075)
    axes.set_title("Gradient entries at initialisation, root mean square")


def _draw_dead(axes: Axes, dead: dict[tuple[str, str], pd.DataFrame], shape: str) -> None:
    widths = np.array(list(map(int, shape.split("-"))))
    layers = np.arange(1, len(widths) + 1)
    moments = (
        ("before", -0.17, FAINT, "at initialisation"),
        ("after", 0.17, INK, "after training"),
    )
    for when, offset, color, label in moments:
        shares = 100 * dead[when, shape] / widths
        for seed in shares.index:
            axes.plot(layers + offset, shares.loc[seed], "o", color=color, ms=3.5, alpha=0.5)
        low, high = np.transpose([statistics.interval(shares[n], bounds=(0, 100)) for n in layers])
        axes.vlines(layers + offset, low, high, color=color, lw=2, label=label)
        for kind, marker in (("JAX", "x"), ("PyTorch", "+")):
            if kind in DEAD.get((when, shape), {}):
                counts = np.array(DEAD[when, shape][kind])
                axes.plot(layers + 2.1 * offset, 100 * counts / widths, marker, color=color, ms=6)
    axes.set_xticks(layers)
    axes.set_xlabel("layer")
    axes.set_ylim(bottom=-1)
    axes.set_title(f"Dead units, {len(widths)} layers: {shape}")
