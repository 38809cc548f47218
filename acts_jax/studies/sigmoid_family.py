"""The sigmoid family on one scale: values, slopes, tails, and networks trained with each.

All are scaled to value 0 and slope 1 at 0 and to the range (-1, 1), so that only their shapes
differ. Their slopes and bends are held to what makes a sigmoid. That networks train alike with all
is not claimed: what was measured of it is told, and decides nothing.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console

from acts_jax.activations.catalogue import get
from acts_jax.analysis import statistics
from acts_jax.analysis.pairing import by_seed, edge_note, rates
from acts_jax.report import drawing
from acts_jax.report.style import FAINT, INK, RULE, house_style, percent, styles, titles
from acts_jax.studies import requirements
from acts_jax.studies.claims import Check, Claim, at_least, at_most, near
from acts_jax.sweep import trainer
from acts_jax.sweep.options import Options
from acts_jax.theory import features
from acts_jax.theory.description import describe

TEXT = (
    "0.25 < tanh'(x) <= 1 for x in about [-1.31, 1.31]. Other sigmoids are arctan, tanh, the "
    "Gudermannian, erf, the generalised logistic and algebraic functions."
)
HALF_A_DIGIT = 5e-8  # of a number known to 7 digits
ROUNDING = 8 * np.finfo(np.float64).eps  # of a value near 1 whose terms are within 4 ULP


def study(options: Options, console: Console) -> Claim:
    """Compare the shapes, train networks with each, and tell how their scores differ."""
    trained = trainer.train(options, console, requirements.check)
    (dataset,) = trained.datasets.values()
    found = {label(name): curve(name) for name in trained.plan.config["activation"]}
    tanh = facts_of_tanh()
    results = trained.results.assign(activation=trained.results["activation"].map(label))
    scores, selection = by_seed(results), statistics.select(results, by=("activation",))
    tails = table(found, selection, scores)
    return Claim(
        name="sigmoid_family",
        title="The sigmoid family",
        text=TEXT,
        checks=tuple(checks(tanh, found)),
        summary=f"tanh' exceeds 1/4 for |x| < {tanh.edge:.7f}. {summary(tails, selection)}",
        figures={"sigmoid_family": figure(found, results, selection, tanh.edge, dataset.name)},
        numbers={"selection": selection, "scores": scores, "shapes": tails},
        table=tails,
    )


class Tanh(NamedTuple):
    """What is said of tanh: its largest slope, where it falls to 1/4, and its slope at 1.31."""

    steepest: float
    edge: float
    near_edge: float


def facts_of_tanh() -> Tanh:
    """Measure the slope of tanh."""
    found = describe("tanh", 0.25)
    near_edge = float(get("tanh").derivative(np.float32(1.31)))
    return Tanh(found.steepest.value, found.steep[0][1], near_edge)


def checks(tanh: Tanh, found: "Curves") -> Iterator[Check]:
    """Check what is said of tanh, and that all others are sigmoids on the same scale.

    All of it is mathematics. How networks train with each is not claimed, and decides nothing here.
    """
    proved = {"theorem": True}
    edge, digits = "tanh' > 0.25 up to |x| =", {"format": ".7f"} | proved
    yield near("the largest slope of tanh", "1", tanh.steepest, 1, 1e-9, **proved)
    yield near(edge, "about 1.31", tanh.edge, 1.3169579, HALF_A_DIGIT, **digits)
    above, slope = "tanh' at 1.31 is above 0.25", tanh.near_edge
    yield at_least(above, "> 0.25", slope, 0.25, format=".5f", **proved)

    off = max(one.off_scale for one in found.values())
    scaled = "f(0) = 0, f'(0) = 1 and |f| < 1 for all of them: largest deviation"
    yield at_most(scaled, "0", off, ROUNDING, format=".1g", **proved)
    least = min(one.slopes.min() for one in found.values())
    rise = "all rise everywhere: smallest slope from −6 to 6"
    yield at_least(rise, "a sigmoid", least, np.nextafter(0.0, 1.0), format=".1g", **proved)
    bends = [one.bends for one in found.values()]
    once = "all are convex, then concave: how often the curvature changes its sign, at most"
    yield near(once, "a sigmoid: once", max(bends), 1, 0, **proved)
    if "logistic" in found:
        off = np.abs(found["logistic"].values - np.tanh(X)).max()
        same = "2 sigmoid(2x) - 1 is tanh: largest difference"
        yield at_most(same, "0", off, ROUNDING, **proved)


def label(name: str) -> str:
    """Shorten `acts_jax.theory.scaled_sigmoids:arctan` to `arctan`."""
    return name.rpartition(":")[2]


X = np.linspace(-6, 6, 1201)  # 0 is in the middle


class Curve(NamedTuple):
    """An activation at the points `X`, in float64."""

    values: np.ndarray
    slopes: np.ndarray
    curvature: np.ndarray

    @property
    def bends(self) -> int:
        """How often the second derivative changes its sign."""
        signs = np.sign(self.curvature[self.curvature != 0])
        return int(np.sum(signs[1:] != signs[:-1]))

    @property
    def off_scale(self) -> float:
        """How far it is from f(0) = 0, f'(0) = 1 and from staying inside (-1, 1)."""
        middle = X.size // 2
        outside = np.abs(self.values).max() - 1
        return max(outside, abs(self.values[middle]), abs(self.slopes[middle] - 1))


Curves, Colors = Mapping[str, Curve], Mapping[str, str]  # by label


def curve(name: str) -> Curve:
    """Evaluate an activation of the catalogue, and its derivatives, at `X`."""
    return Curve(*features.jet(get(name).function, get(name).defaults, X))


def table(found: Curves, selection: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Tabulate slopes, tails and the test accuracy at the best rate, a row per activation."""
    chosen = selection.assign(rate=rates(selection)).set_index("activation")
    rows, four = [], np.searchsorted(X, 4 - 1e-9)
    for name, (values, slopes, _) in found.items():
        low, high = percent(chosen.loc[name, "low"]), percent(chosen.loc[name, "high"])
        accuracy = percent(chosen.loc[name, "test_accuracy"])
        rows.append(
            {
                "activation": name,
                "slope at 4": slopes[four],
                "1 − f(4)": 1 - values[four],
                "f' > 1/4 to": X[slopes > 0.25].max(),
                "rate": chosen.loc[name, "rate"],
                "test accuracy": f"{accuracy} ({low} to {high})",
                "minus tanh": against_tanh(scores, name),
            }
        )
    return pd.DataFrame(rows).sort_values("slope at 4", ignore_index=True)


def against_tanh(scores: pd.DataFrame, name: str) -> str:
    """Write the mean difference from tanh over seeds with its 95% interval, in percent points."""
    if "tanh" not in scores or name == "tanh":
        return "–"
    gained = 100 * (scores[name] - scores["tanh"])
    low, high = statistics.interval(gained)
    return f"{gained.mean():+.1f} ({low:+.1f} to {high:+.1f})".replace("-", "−")


def summary(tails: pd.DataFrame, selection: pd.DataFrame) -> str:
    """Say how far the slopes reach, and how little the scores."""
    least, most = tails.iloc[0], tails.iloc[-1]
    ranked = selection.sort_values("validation_accuracy")
    worst, best = ranked.iloc[0], ranked.iloc[-1]
    return (
        f"At x = 4 the slopes reach from {least['slope at 4']:.1e} ({least['activation']}) to "
        f"{most['slope at 4']:.1e} ({most['activation']}), and yet the best and the worst on "
        f"validation, {best['activation']} and {worst['activation']}, reach "
        f"{best['test_accuracy']:.1%} and {worst['test_accuracy']:.1%} on test, which no text "
        f"claims and no check judges."
        f"{edge_note(tails['rate'])}"
    )


@house_style()
def figure(
    found: Curves, results: pd.DataFrame, selection: pd.DataFrame, edge: float, dataset: str
) -> Figure:
    """Draw values, slopes, tails, and the test accuracy of each seed at the best learning rate."""
    colors = {name: color for name, (color, _) in styles(list(found)).items()}
    picture = Figure(figsize=(9.6, 7.4), layout="constrained")
    ((values, slopes), (tails, scores)) = picture.subplots(2, 2)
    _draw_values(values, found, colors)
    _draw_slopes(slopes, found, colors, edge)
    _draw_tails(tails, found, colors)
    _draw_scores(scores, results, selection, colors)
    titles(
        picture,
        f"The sigmoid family on one scale ({dataset})",
        "All have value 0 and slope 1 at 0 and range (−1, 1); 2σ(2x) − 1, the logistic "
        "function on this scale, is tanh. Right below: each at the learning rate that "
        "validation chose, in the order of validation; a dot per seed, the mean and its 95% "
        "interval.",
    )
    return picture


SHOWN = np.abs(X) <= 4


def _draw_values(axes: Axes, found: Curves, colors: Colors) -> None:
    axes.set(xlim=(-4, 8), ylim=(-1.05, 1.05), xticks=[-4, -2, 0, 2, 4])
    axes.spines["bottom"].set_bounds(-4, 4)
    axes.hlines(0, -4, 4, color=RULE, lw=0.6, zorder=0)
    ends = {}
    for name, one in found.items():
        axes.plot(X[SHOWN], one.values[SHOWN], color=colors[name])
        ends[name] = one.values[SHOWN][-1], name, colors[name]
    drawing.name_ends(axes, ends, 4, 0.04, 0.055)
    axes.set(xlabel="x", ylabel="f(x)", title="Values")


def _draw_slopes(axes: Axes, found: Curves, colors: Colors, edge: float) -> None:
    for name, one in found.items():
        axes.plot(X[SHOWN], one.slopes[SHOWN], color=colors[name])
    dotted = {"color": INK, "lw": 0.8, "ls": drawing.DOTTED}
    axes.axhline(0.25, **dotted)
    axes.vlines([-edge, edge], 0, 0.25, **dotted)
    leader = {"arrowstyle": "-", "lw": 0.6, "color": FAINT}
    at = {"xytext": (1.75, 0.5), "fontsize": 8.5, "arrowprops": leader}
    axes.annotate(f"tanh′ = ¼ at ±{edge:.7f}", (edge, 0.25), **at)
    axes.set(xlim=(-4, 4), ylim=(0, None), xlabel="x", ylabel="f′(x)", title="Slopes")


def _draw_tails(axes: Axes, found: Curves, colors: Colors) -> None:
    low, ends = 1e-6, {}
    drawing.decades(axes, range(-6, 1))
    axes.set(ylim=(low, 1), xlim=(0, 9), xticks=range(7))
    axes.spines["bottom"].set_bounds(0, 6)
    for name, one in found.items():
        left = 1 - one.values
        inside = (X >= 0) & (left > low)
        axes.plot(X[inside], left[inside], color=colors[name])
        if left[-1] > low:
            ends[name] = left[-1], name, colors[name]
        else:
            inwards = {"xytext": (-4, 4), "textcoords": "offset points", "ha": "right"}
            last = X[inside][-1]
            axes.annotate(name, (last, low), color=colors[name], fontsize=8.0, **inwards)
    drawing.name_ends(axes, ends, 6, 0.04, 0.055)
    axes.set(xlabel="x", ylabel="1 − f(x)", title="Tails: what is left to 1")


def _draw_scores(
    axes: Axes, results: pd.DataFrame, selection: pd.DataFrame, colors: Colors
) -> None:
    cells = statistics.chosen(results, selection)
    ranked = selection.assign(rate=rates(selection))
    ranked = ranked.sort_values("validation_accuracy", ignore_index=True)
    for y, row in ranked.iterrows():
        color, mean = colors[row["activation"]], row["test_accuracy"]
        seeds = cells.loc[cells["activation"] == row["activation"], "test_accuracy"]
        axes.plot(seeds, [y + 0.18] * len(seeds), "o", color=color, ms=3, alpha=0.6, mew=0)
        axes.hlines(y, row["low"], row["high"], color=color, lw=2)
        axes.plot(mean, y, "o", color=color, ms=6)
        beside = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 8.5}
        axes.text(1.02, y, f"{percent(mean)} at {row['rate']}", **beside)
    axes.set_yticks(range(len(ranked)), ranked["activation"])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.5, len(ranked) - 0.3)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("test accuracy")
    axes.grid(axis="x", color=RULE, lw=0.5)
    axes.set_axisbelow(True)
    axes.set_title("Trained")
