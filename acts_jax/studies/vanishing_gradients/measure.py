"""Gradients by layer and depth, before and after training: the tables behind the figures.

The table of `by_layer` has a row per network, moment and hidden layer, with the columns init,
activation, depth, seed, learning_rate, test_accuracy, moment (one of `MOMENTS`), layer (1 is next
to the input), gradient_norm, weight and slope, the factors of `probes.backward_factors`, and
change, see `change_of_weights`.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
import pandas as pd

from acts_jax.machine import cores
from acts_jax.models import MLP
from acts_jax.sweep.networks import Networks
from acts_jax.training import Examples, probes

MOMENTS = BEFORE, AFTER = "at initialisation", "after training"
NETWORK = ["init", "activation", "depth", "seed", "moment"]


def by_layer(best: Sequence[Networks]) -> pd.DataFrame:
    """Measure the best networks of each group, layer by layer, before and after training."""
    alike: dict[tuple, list[Networks]] = {}  # one compiled program for all initial weights
    for networks in sorted(best, key=lambda one: -len(one.model.hidden_sizes)):
        shape = networks.model.activation, networks.model.hidden_sizes
        alike.setdefault(shape, []).append(networks)

    def look_at(some: list[Networks]) -> pd.DataFrame:
        look = jax.jit(jax.vmap(functools.partial(_look, some[0].model), in_axes=(0, None)))
        return pd.concat([_group_by_layer(networks, look) for networks in some])

    with ThreadPoolExecutor(cores()) as pool:  # compiling takes longer than looking
        return pd.concat(pool.map(look_at, alike.values()), ignore_index=True)


def _look(model: MLP, params: Mapping[str, Any], train: Examples) -> dict[str, jax.Array]:
    """Gradient norms and both factors of the hidden layers, each [layers]."""
    norms = probes.probe(model, params, train).gradient_norm[:-1]
    return {"gradient_norm": norms, **probes.backward_factors(model, params, train)._asdict()}


def _group_by_layer(best: Networks, look: Callable) -> pd.DataFrame:
    static, count = best.group.static, len(best.results)
    layers = len(static.hidden_sizes)
    rows = best.results[["seed", "learning_rate", "test_accuracy"]]
    rows = rows.loc[rows.index.repeat(layers)].assign(
        init=static.init,
        activation=static.activation,
        depth=layers,
        layer=np.tile(np.arange(1, layers + 1), count),
        change=change_of_weights(best.initial, best.params, layers).ravel(),
    )
    moments = []
    for moment, params in zip(MOMENTS, (best.initial, best.params), strict=True):
        found = look(params, best.examples.train)
        columns = {name: np.asarray(values, float).ravel() for name, values in found.items()}
        moments.append(rows.assign(moment=moment, **columns))
    return pd.concat(moments)


def change_of_weights(
    initial: Mapping[str, Any], params: Mapping[str, Any], layers: int
) -> np.ndarray:
    """Measure how far training moved the weights of each hidden layer: [networks, layers].

    It is the norm of W - W0 over that of W0, from parameters [networks, ...] before and after.
    """

    def norms(tree: Mapping[str, Any]) -> np.ndarray:
        kernels = (tree[f"hidden_{layer}"]["kernel"] for layer in range(1, layers + 1))
        return np.stack([np.sqrt(np.sum(np.square(k), axis=(1, 2))) for k in kernels], axis=1)

    change = norms(jax.tree.map(np.subtract, params, initial)) / norms(initial)
    return change.astype(float)


def by_network(layers: pd.DataFrame) -> pd.DataFrame:
    """Sum up the table of `by_layer`, in a row per network and moment.

    Returns:
        The columns of `NETWORK`, test_accuracy, and: factor, by which the gradient norm changes
        from a layer to the one below, from the least-squares slope of its logarithm against the
        layer (NaN if a norm is 0); ratio, the norm of layer 1 over that of the last hidden layer;
        changed, the same of the change of the weights; weight and slope, geometric means over the
        layers of the two factors.
    """

    def one(network: pd.DataFrame) -> pd.Series:
        network = network.sort_values("layer")
        norms, change = network["gradient_norm"].to_numpy(), network["change"].to_numpy()
        factor = np.nan
        if (norms > 0).all() and norms.size > 1:
            factor = np.exp(-np.polyfit(range(norms.size), np.log(norms), 1)[0])
        return pd.Series(
            {
                "ratio": _first_over_last(norms),
                "changed": _first_over_last(change),
                "factor": factor,
                "weight": geometric_mean(network["weight"]),
                "slope": geometric_mean(network["slope"]),
                "test_accuracy": network["test_accuracy"].iloc[0],
            }
        )

    grouped = layers.groupby(NETWORK, observed=True, sort=False)
    return grouped[layers.columns.drop(NETWORK).tolist()].apply(one).reset_index()


def _first_over_last(values: np.ndarray) -> float:
    return values[0] / values[-1] if values[-1] > 0 else np.nan


def geometric_mean(values: pd.Series) -> float:
    """Return the geometric mean of the positive values; NaN if there are none."""
    return float(np.exp(np.log(values[values > 0]).mean()))


def deepest(networks: pd.DataFrame, activation: str, init: str) -> pd.DataFrame:
    """Select the deepest networks of an activation, before training, from `by_network`."""
    chosen = networks["depth"].eq(networks["depth"].max()) & networks["moment"].eq(BEFORE)
    return networks[chosen & networks["activation"].eq(activation) & networks["init"].eq(init)]


def table(networks: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the deepest networks for the terminal, a row per initialisation and activation."""
    depth = networks["depth"].max()
    rows = []
    for (init, activation), mine in networks[networks["depth"] == depth].groupby(
        ["init", "activation"], observed=True, sort=False
    ):
        start, end = (mine[mine["moment"] == moment] for moment in MOMENTS)
        rows.append(
            {
                "weights": init,
                "activation": activation,
                "by f′": round(geometric_mean(start["slope"]), 3),
                "by weights": round(geometric_mean(start["weight"]), 3),
                "gradient per layer": round(geometric_mean(start["factor"]), 3),
                "trained": round(geometric_mean(end["factor"]), 3),
                "change of W, first : last": f"{end['changed'].mean():.2g}",
                f"accuracy, {depth} layers": f"{end['test_accuracy'].mean():.1%}",
            }
        )
    return pd.DataFrame(rows)
