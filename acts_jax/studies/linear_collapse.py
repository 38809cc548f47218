"""Linear networks and their fold, ReLU networks and their linear pieces: tables and the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from threadpoolctl import threadpool_limits

from acts_jax.analysis import statistics
from acts_jax.report.style import FAINT, INK, PALETTE, RULE, STYLE, leaders, percent, titles
from acts_jax.studies import claims
from acts_jax.sweep.networks import Networks
from acts_jax.training import Examples, key_for
from acts_jax.training.folding import fold
from acts_jax.training.linear_regions import along_line, region_counts

LINEAR, RELU, TRAINED = PALETTE[7], PALETTE[0], PALETTE[1]


def features_of(examples: Examples) -> np.ndarray:
    """What a network sees of all examples: float32 [n, features]."""
    return np.asarray(examples.take(np.arange(len(examples.labels)))[0])


def folded(networks: Networks) -> pd.DataFrame:
    """Networks beside their folds, on the test split; one row per network.

    Returns:
      activation, depth, seed, learning_rate; accuracy and folded_accuracy; difference, the largest
      absolute one between the outputs of network and fold over the largest absolute output; error,
      the same with root mean squares.
    """
    examples = networks.examples.test
    x, labels = features_of(examples), np.asarray(examples.labels)
    rows = []
    for i, cell in enumerate(networks.results.itertuples()):
        params = networks.network(i)
        outputs = np.asarray(networks.model.apply({"params": params}, x), np.float64)
        weight, bias = fold(networks.model, params)
        flat = x @ weight + bias
        rows.append(
            {
                "activation": networks.model.activation,
                "depth": cell.depth,
                "seed": cell.seed,
                "learning_rate": cell.learning_rate,
                "accuracy": _accuracy(outputs, labels),
                "folded_accuracy": _accuracy(flat, labels),
                "difference": np.abs(outputs - flat).max() / np.abs(outputs).max(),
                "error": np.sqrt(np.mean((outputs - flat) ** 2) / np.mean(outputs**2)),
            }
        )
    return pd.DataFrame(rows)


def _accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    chosen = outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs[:, 0] > 0
    return float(np.mean(chosen == labels))


def logistic_regression(examples: Any) -> float:
    """Test accuracy of scikit-learn's logistic regression, its penalty chosen on validation."""
    from sklearn.linear_model import LogisticRegression

    train, val, test = ((features_of(s), np.asarray(s.labels)) for s in examples)
    with threadpool_limits(1):
        models = [LogisticRegression(C=c, max_iter=5000).fit(*train) for c in (0.1, 1.0, 10.0)]
    return float(max(models, key=lambda model: model.score(*val)).score(*test))


def segments(train: Examples, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of segments between random examples of different classes.

    Returns:
      Two float32 arrays [count, features].
    """
    x, labels = features_of(train), np.asarray(train.labels)
    generator = np.random.RandomState(seed)
    pairs = generator.randint(len(x), size=(20 * count + 100, 2))
    pairs = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]][:count]
    return x[pairs[:, 0]], x[pairs[:, 1]]


def regions(networks: Networks, starts: np.ndarray, ends: np.ndarray) -> pd.DataFrame:
    """Linear pieces of every network, before and after training.

    Returns:
      depth, units, seed, when ("initial" or "trained"), regions (mean over segments).
    """
    results = networks.results
    return pd.concat(
        pd.DataFrame(
            {
                "depth": results["depth"],
                "units": sum(networks.model.hidden_sizes),
                "seed": results["seed"],
                "when": when,
                "regions": region_counts(networks.model, params, starts, ends).mean(axis=1),
            }
        )
        for when, params in (("initial", networks.initial), ("trained", networks.params))
    )


def deepening(regions: pd.DataFrame, when: str) -> pd.Series:
    """Per seed the pieces of the deepest networks over those of the shallowest."""
    count = regions[regions["when"] == when].pivot(index="seed", columns="depth", values="regions")
    return count[max(count)] / count[min(count)]


def growth(
    trained: Sequence[Networks],
    starts: np.ndarray,
    ends: np.ndarray,
    factors: Sequence[float] = (0.5, 1, 2, 4),
) -> pd.DataFrame:
    """Linear pieces per segment at initialisation, against the number of hidden units.

    Takes the shallowest, a middle and the deepest of the networks, and makes their layers wider
    and narrower by `factors`.

    Returns:
      depth, units, seed, regions (mean over segments).
    """
    by_depth = sorted(trained, key=lambda networks: len(networks.model.hidden_sizes))
    rows = []
    for networks in {
        id(n): n for n in (by_depth[0], by_depth[len(by_depth) // 2], by_depth[-1])
    }.values():
        keys = jax.vmap(lambda seed: key_for(seed, "init"))(networks.results["seed"].to_numpy())
        for factor in factors:
            sizes = tuple(max(1, round(factor * size)) for size in networks.model.hidden_sizes)
            model = networks.model.clone(hidden_sizes=sizes)
            params = model.init_population(starts.shape[1:], keys)
            counts = region_counts(model, params, starts, ends).mean(axis=1)
            for seed, count in zip(networks.results["seed"], counts, strict=True):
                rows.append(
                    {"depth": len(sizes), "units": sum(sizes), "seed": seed, "regions": count}
                )
    return pd.DataFrame(rows)


def exponents(growth: pd.DataFrame) -> np.ndarray:
    """Per seed the exponent p of regions = c * units^p, the mean over depths [seeds]."""
    fits = [
        (seed, np.polyfit(np.log(g["units"]), np.log(g["regions"]), 1)[0])
        for (_, seed), g in growth.groupby(["depth", "seed"])
    ]
    return pd.DataFrame(fits).groupby(0)[1].mean().to_numpy()


def profiles(trained: Sequence[Networks], starts: np.ndarray, ends: np.ndarray) -> dict[int, Any]:
    """Depth -> the pieces of its first trained network along the first segment, by depth."""
    return {
        len(n.model.hidden_sizes): along_line(n.model, n.network(0), starts[0], ends[0])
        for n in trained
    }


def table(folded: pd.DataFrame, regions: pd.DataFrame, rates: Sequence[float]) -> pd.DataFrame:
    """One row per activation and depth, means over seeds.

    An arrow marks a learning rate at the edge of `rates`, those that were tried.
    """
    means = folded.groupby(["activation", "depth"], as_index=False).mean()
    pieces = regions.pivot_table(index="depth", columns="when", values="regions")
    means = means.merge(pieces, on="depth", how="left")
    linear = means["activation"].eq("identity")
    return pd.DataFrame(
        {
            "activation": means["activation"],
            "hidden layers": means["depth"],
            "learning rate": [claims.rate(rate, rates) for rate in means["learning_rate"]],
            "test accuracy": [f"{a:.1%}" for a in means["accuracy"]],
            "of its fold": [f"{a:.1%}" for a in means["folded_accuracy"]],
            "rms error of the fold": [
                f"{e:.1e}" if e < 0.01 else f"{e:.0%}" for e in means["error"]
            ],
            "pieces at init": means["initial"].mask(linear, 1.0),
            "trained": means["trained"].mask(linear, 1.0),
        }
    )


def figure(
    folded: pd.DataFrame,
    regions: pd.DataFrame,
    growth: pd.DataFrame,
    pieces: dict[int, Any],
    logistic: float,
    dataset: str,
) -> Figure:
    """Accuracy of networks and folds; the pieces along one segment; their number by depth, units.

    Args:
      folded: From `folded`, all networks together.
      regions: From `regions`, likewise.
      growth: From `growth`.
      pieces: From `profiles`.
      logistic: Test accuracy of logistic regression.
      dataset: Its name.
    """
    with matplotlib.rc_context(STYLE):
        picture = Figure(figsize=(9.6, 7.4), layout="constrained")
        ((a, b), (c, d)) = picture.subplots(2, 2)
        _draw_accuracy(a, folded, logistic)
        _draw_profiles(b, pieces)
        _draw_depth(c, regions)
        _draw_units(d, growth)
        seeds = folded["seed"].nunique()
        units = " or ".join(f"{count}" for count in sorted(set(regions["units"])))
        titles(
            picture,
            f"Linear layers fold into one; ReLU layers make pieces ({dataset})",
            f"Means of {seeds} seeds, bands: 95% intervals. Every shape has "
            f"{units} hidden units and its own best learning rate. "
            "Pieces are counted exactly: every point where a unit switches is solved for, layer by "
            "layer, on segments between two training examples of different classes.",
        )
    return picture


def _layers(depth: int) -> str:
    return f"{depth} layer" + ("s" if depth > 1 else "")


def _depth_axis(axes: Axes, depths: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(depths, [f"{depth}" for depth in depths])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("hidden layers")


def _band(axes: Axes, frame: pd.DataFrame, x: str, y: str, color: str, **line: Any) -> float:
    """Draws the mean over seeds, on a log axis the geometric one, with its interval.

    Returns:
      The mean at the largest x.
    """
    there, back = (np.log, np.exp) if axes.get_yscale() == "log" else (np.array, np.array)
    groups = [(at, there(values.to_numpy())) for at, values in frame.groupby(x)[y]]
    at, mean = [at for at, _ in groups], back([values.mean() for _, values in groups])
    low, high = back(np.transpose([statistics.interval(values) for _, values in groups]))
    axes.fill_between(at, low, high, color=color, alpha=0.2, lw=0)
    axes.plot(at, mean, color=color, **line)
    return mean[-1]


def _draw_accuracy(axes: Axes, folded: pd.DataFrame, logistic: float) -> None:
    linear, relu = (folded[folded["activation"].eq("identity") == flag] for flag in (True, False))
    axes.axhline(logistic, color=INK, lw=0.8, ls=(0, (1, 2)))
    lines = {
        "ReLU": (relu, "accuracy", RELU, {"marker": "o", "ms": 4}),
        "linear (o) and its fold (x)": (
            linear, "accuracy", LINEAR, {"marker": "o", "ms": 7, "mfc": "none"},
        ),
        "": (linear, "folded_accuracy", LINEAR, {"marker": "x", "ls": "none", "ms": 5}),
        "fold of ReLU": (relu, "folded_accuracy", TRAINED, {"marker": "x", "ls": "--", "ms": 5}),
    }  # fmt: skip
    ends = {}
    for name, (frame, column, color, style) in lines.items():
        last = _band(axes, frame, "depth", column, color, **style)
        if name:
            ends[name] = (last / 1.02, f"{name}: {percent(last)}", color)
    depths = sorted(folded["depth"].unique())
    _depth_axis(axes, depths)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(depths[0] * 0.85, depths[-1] * 5)
    leaders(axes, ends, depths[-1], 0.03, 0.06)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_ylabel("test accuracy")
    axes.set_title("Folded into one affine map")
    note = f"dotted: logistic regression, {percent(logistic)}"
    axes.text(0.03, 0.05, note, transform=axes.transAxes, fontsize=8.5)


def _draw_profiles(axes: Axes, pieces: dict[int, Any]) -> None:
    """One output along a segment, with a tick per breakpoint; a row per depth."""
    depths = sorted(pieces)
    chosen = sorted({depths[0], depths[len(depths) // 2], depths[-1]})
    for row, depth in enumerate(chosen[::-1]):
        found = pieces[depth]
        edges = np.concatenate([[0.0], found.breakpoints, [1.0]])
        output = np.argmax(np.ptp(found.values, axis=0))
        half = np.diff(edges) / 2 * found.slopes[:, output]
        y = np.append(found.values[:, output] - half, found.values[-1, output] + half[-1])
        y = row + 0.18 + 0.52 * (y - y.min()) / max(np.ptp(y), 1e-12)
        axes.plot(edges, y, color=TRAINED, lw=1.2)
        axes.vlines(found.breakpoints, row + 0.02, row + 0.1, color=INK, lw=0.5)
        name = f"{_layers(depth)}: {len(found.slopes)} pieces"
        axes.text(0.01, row + 0.8, name, fontsize=8.5)
        axes.axhline(row, color=RULE, lw=0.6)
    axes.set_yticks([])
    axes.set_xlim(0, 1)
    axes.set_ylim(0, len(chosen) + 0.05)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("position on a segment from one example (0) to another (1)")
    axes.set_title("One logit of a trained ReLU network; a tick per breakpoint")


def _draw_depth(axes: Axes, regions: pd.DataFrame) -> None:
    ends = {}
    for when, color in (("initial", RELU), ("trained", TRAINED)):
        frame = regions[regions["when"] == when]
        last = _band(axes, frame, "depth", "regions", color, marker="o", ms=4)
        name = "at initialisation" if when == "initial" else "after training"
        ends[name] = (last, f"{name}: {last:.0f}", color)
    depths = sorted(regions["depth"].unique())
    _depth_axis(axes, depths)
    top = 1.25 * regions.groupby(["when", "depth"])["regions"].mean().max()
    axes.set_ylim(0, top)
    axes.axhline(1, color=LINEAR, lw=0.8, ls=(0, (1, 2)))
    axes.text(depths[0], 1 + 0.02 * top, "linear networks: 1", color=LINEAR, fontsize=8.5)
    heights = {n: (y / top, text, color) for n, (y, text, color) in ends.items()}
    axes.set_xlim(depths[0] * 0.85, depths[-1] * 4)
    leaders(axes, heights, depths[-1], 0.03, 0.07)
    axes.set_ylabel("linear pieces on a segment")
    axes.set_title("Deeper, with as many units")


def _draw_units(axes: Axes, growth: pd.DataFrame) -> None:
    low, high = growth["regions"].min() * 0.7, growth["regions"].max() * 1.5
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_ylim(low, high)
    units = sorted(growth["units"].unique())
    axes.set_xticks(units, [f"{count}" for count in units])
    axes.minorticks_off()
    ends = {}
    depths = sorted(growth["depth"].unique())
    for depth, color in zip(depths, (PALETTE[5], RELU, PALETTE[3]), strict=False):
        frame = growth[growth["depth"] == depth]
        last = _band(axes, frame, "units", "regions", color, marker="o", ms=4)
        height = np.log(last / low) / np.log(high / low)
        ends[str(depth)] = (height, _layers(depth), color)
    middle = np.exp(np.log(growth["regions"]).mean())
    center = np.exp(np.log(growth["units"]).mean())
    axes.plot(units, middle * np.array(units) / center, color=FAINT, lw=0.8, ls=(0, (1, 2)))
    note = "dotted: in proportion to the units"
    axes.text(0.03, 0.93, note, transform=axes.transAxes, color=FAINT, fontsize=8.5)
    axes.set_xlim(units[0] * 0.9, units[-1] * 2)
    leaders(axes, ends, units[-1], 0.03, 0.06)
    ticks = [2.0**k for k in range(int(np.ceil(np.log2(low))), int(np.log2(high)) + 1)]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlabel("hidden units")
    axes.set_ylabel("linear pieces on a segment")
    axes.set_title("More units, at initialisation")
