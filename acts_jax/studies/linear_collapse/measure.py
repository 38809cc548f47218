"""Networks beside their folds, and the linear pieces of ReLU networks along segments."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from acts_jax.analysis import pairing
from acts_jax.models import MLP
from acts_jax.sweep.networks import Networks
from acts_jax.training import Examples, key_for
from acts_jax.training.folding import fold
from acts_jax.training.linear_regions import Pieces, along_line, region_counts

WHEN = {"initial": "at initialisation", "trained": "after training"}
Segments = tuple[np.ndarray, np.ndarray]  # starts and ends, float32 [segments, features] each


def folded(networks: Networks) -> pd.DataFrame:
    """Compare networks with their folds on the test split, in a row per network.

    Returns:
        Columns activation, depth, seed, learning_rate; accuracy and folded_accuracy; difference,
        the largest absolute one between the outputs of network and fold over the largest absolute
        output; error, the same with root mean squares; excess, the largest difference between the
        outputs in float64 over what rounding can make of it, see `rounding`.
    """
    x, labels = _arrays(networks.examples.test)
    rows = []
    for i, cell in enumerate(networks.results.itertuples()):
        params = networks.network(i)
        exact, limit = in_float64(networks.model, params, x), rounding(networks.model, params, x)
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
                "excess": np.max(np.abs(exact - flat) / limit),
            }
        )
    return pd.DataFrame(rows)


def in_float64(model: MLP, params: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
    """Evaluate a network in float64, [n, outputs]; its parameters stay what they are."""
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
        return np.asarray(model.apply({"params": wide}, x.astype(np.float64)))


def rounding(model: MLP, params: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
    """Bound how far rounding in float64 can part a linear network from its fold, [n, outputs].

    A sum of k products is off by at most k u / (1 - k u) of the sum of their sizes, u = 2^-53, and
    so is a product of matrices, k then being the sum of all inner dimensions (Higham 2002, ch. 3).
    """
    layers = model.layers(params).values()
    sizes, terms = np.abs(x.astype(np.float64)), 1 + x.shape[1]
    for layer in layers:
        kernel, bias = (np.abs(np.asarray(layer[name], np.float64)) for name in ("kernel", "bias"))
        sizes = sizes @ kernel + bias
        terms += 2 * (1 + len(kernel))  # once in the network, once in the fold
    unit = terms * 2.0**-53
    return unit / (1 - unit) * sizes


def _arrays(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """What a network sees of all examples, [n, features], and their labels."""
    seen = np.asarray(examples.features(examples.inputs))
    return seen.reshape(len(seen), -1), np.asarray(examples.labels)


def _accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    chosen = outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs[:, 0] > 0
    return float(np.mean(chosen == labels))


def logistic_regression(splits: Sequence[Examples]) -> float:
    """Return the test accuracy of logistic regression, its penalty chosen on validation.

    The splits are those for training, validation and test.
    """
    from sklearn.linear_model import LogisticRegression

    train, validation, test = map(_arrays, splits)
    with threadpool_limits(1):
        models = [LogisticRegression(C=c, max_iter=5000).fit(*train) for c in (0.1, 1.0, 10.0)]
    return float(max(models, key=lambda model: model.score(*validation)).score(*test))


def segments(train: Examples, count: int, seed: int = 0) -> Segments:
    """Draw segments between random examples of different classes."""
    x, labels = _arrays(train)
    pairs = np.random.RandomState(seed).randint(len(x), size=(20 * count + 100, 2))
    pairs = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]][:count]
    return x[pairs[:, 0]], x[pairs[:, 1]]


def regions(networks: Networks, segments: Segments) -> pd.DataFrame:
    """Count the linear pieces of every network, before and after training.

    Returns:
        Columns depth, units, seed, when (one of `WHEN`), regions (mean over segments).
    """
    results = networks.results
    return pd.concat(
        results[["depth"]].assign(
            units=sum(networks.model.hidden_sizes),
            seed=results["seed"],
            when=when,
            regions=region_counts(networks.model, params, *segments).mean(axis=1),
        )
        for when, params in zip(WHEN, (networks.initial, networks.params), strict=True)
    )


def deepening(regions: pd.DataFrame, when: str) -> pd.Series:
    """Divide the pieces of the deepest networks by those of the shallowest, seed by seed."""
    count = regions[regions["when"] == when].pivot(index="seed", columns="depth", values="regions")
    return count[max(count)] / count[min(count)]


def growth(
    shapes: Sequence[Networks], segments: Segments, factors: Sequence[float] = (0.5, 1, 2, 4)
) -> pd.DataFrame:
    """Count linear pieces at initialisation, with layers made wider and narrower by `factors`.

    Returns:
        Columns depth, units, seed, regions (mean over segments).
    """
    counted = []
    for networks in shapes:
        seeds = networks.results["seed"].to_numpy()
        keys = jax.vmap(lambda seed: key_for(seed, "init"))(seeds)
        for factor in factors:
            sizes = tuple(max(1, round(factor * size)) for size in networks.model.hidden_sizes)
            model = networks.model.clone(hidden_sizes=sizes)
            params = model.init_population(segments[0].shape[1:], keys)
            counts = region_counts(model, params, *segments).mean(axis=1)
            shape = {"depth": len(sizes), "units": sum(sizes)}
            counted.append(pd.DataFrame({**shape, "seed": seeds, "regions": counts}))
    return pd.concat(counted)


def exponents(growth: pd.DataFrame) -> np.ndarray:
    """Fit the exponent p of regions = c * units^p, seed by seed: the mean over depths [seeds]."""

    def exponent(counts: pd.DataFrame) -> float:
        return np.polyfit(np.log(counts["units"]), np.log(counts["regions"]), 1)[0]

    fits = growth.groupby(["depth", "seed"])[["units", "regions"]].apply(exponent)
    return fits.groupby("seed").mean().to_numpy()


def profiles(shapes: Sequence[Networks], segments: Segments) -> dict[int, Pieces]:
    """Follow the first trained network of each depth along the first segment."""
    starts, ends = segments
    return {
        len(one.model.hidden_sizes): along_line(one.model, one.network(0), starts[0], ends[0])
        for one in shapes
    }


def table(folded: pd.DataFrame, regions: pd.DataFrame, rates: Sequence[float]) -> pd.DataFrame:
    """Tabulate means over seeds for the terminal, a row per activation and depth.

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
            "learning rate": [pairing.rate(rate, rates) for rate in means["learning_rate"]],
            "test accuracy": [f"{a:.1%}" for a in means["accuracy"]],
            "of its fold": [f"{a:.1%}" for a in means["folded_accuracy"]],
            "rms error of the fold": [
                f"{e:.1e}" if e < 0.01 else f"{e:.0%}" for e in means["error"]
            ],
            "pieces on a line, init": means["initial"].mask(linear, 1.0),
            "trained": means["trained"].mask(linear, 1.0),
        }
    )
