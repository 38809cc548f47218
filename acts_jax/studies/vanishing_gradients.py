"""Gradients by layer and depth: what is measured, rates of decay, and figures of their vanishing.

The functions share one table: a row per network, moment and hidden layer, with the columns init,
activation, depth, seed, test_accuracy, moment (`MOMENTS`), layer (1 is next to the input),
gradient_norm, weight and slope, the factors of `probes.backward_factors`, and change, how far
training moved the layer's weights: the Euclidean norm of W - W0 over that of W0.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import jax
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from acts_jax.models import MLP
from acts_jax.report.style import INK, STYLE, brief, leaders, power_of_ten, titles
from acts_jax.report.style import styles as house_styles
from acts_jax.sweep.networks import Networks, over_programs
from acts_jax.training import Examples, probes

MOMENTS = ("at initialisation", "after training")
INITS = {
    "lecun_normal": "LeCun: variance 1 / fan in",
    "critical": "critical: variance gain² / fan in",
}
NETWORK = ["init", "activation", "depth", "seed", "moment"]


def measure(trained: Sequence[Networks]) -> pd.DataFrame:
    """The table of the best networks of each group, before and after training."""

    def work(alike: list[Networks], _: jax.Device) -> list[pd.DataFrame]:
        look = jax.jit(functools.partial(_look, alike[0].model))
        return [_measure(networks.best(), look) for networks in alike]

    tables = over_programs(work, trained, [networks.group.static for networks in trained])
    return pd.concat(tables, ignore_index=True)


def _look(model: MLP, params: dict, train: Examples) -> tuple[jax.Array, ...]:
    """Gradient norms and both factors of hidden layers, [networks, layers]."""

    def one(params):
        norms = probes.probe(model, params, train).gradient_norm
        return norms[:-1], *probes.backward_factors(model, params, train)

    return jax.vmap(one)(params)


def _measure(best: Networks, look: Callable) -> pd.DataFrame:
    static, train = best.group.static, best.examples.train
    tables, change = [], _change(best.initial, best.params, len(static.hidden_sizes))
    for moment, params in zip(MOMENTS, (best.initial, best.params), strict=True):
        values = [np.asarray(leaf, float).ravel() for leaf in look(params, train)]
        layers = len(static.hidden_sizes)
        frame = best.results[["seed", "learning_rate", "test_accuracy"]]
        frame = frame.loc[frame.index.repeat(layers)].reset_index(drop=True)
        frame["layer"] = np.tile(np.arange(1, layers + 1), len(best.results))
        names = ("gradient_norm", "weight", "slope")
        frame["change"] = change.ravel()
        tables.append(frame.assign(moment=moment, **dict(zip(names, values, strict=True))))
    settings = {"init": static.init, "activation": static.activation, "depth": layers}
    return pd.concat(tables).assign(**settings)


def _change(initial: Mapping, params: Mapping, layers: int) -> np.ndarray:
    """The norm of W - W0 over that of W0, of hidden layers [networks, layers]."""

    def norms(tree: Mapping) -> np.ndarray:
        kernels = (tree[f"hidden_{layer}"]["kernel"] for layer in range(1, layers + 1))
        return np.stack([np.sqrt(np.sum(np.square(k), axis=(1, 2))) for k in kernels], axis=1)

    return norms(jax.tree.map(np.subtract, params, initial)) / norms(initial)


def rates(table: pd.DataFrame) -> pd.DataFrame:
    """What a layer does to the gradient on its way back, a row per network and moment.

    Returns:
      The columns of a network, test_accuracy, and: `factor`, by which the gradient norm changes
      from a layer to the one below, from the least-squares slope of its logarithm against the layer
      (NaN if a norm is 0); `ratio`, layer 1 over the last hidden layer; `changed`, the
      same of the change of the weights; `weight` and `slope`, geometric means over the layers of
      the two factors.
    """

    def one(network: pd.DataFrame) -> pd.Series:
        network = network.sort_values("layer")
        norms, moves = (network[name].to_numpy(float) for name in ("gradient_norm", "change"))
        ends = {"ratio": norms, "changed": moves}
        found = {k: v[0] / v[-1] if v[-1] > 0 else np.nan for k, v in ends.items()}
        found["factor"] = np.nan
        if (norms > 0).all() and norms.size > 1:
            found["factor"] = np.exp(-np.polyfit(range(norms.size), np.log(norms), 1)[0])
        means = {name: _geometric(network[name]) for name in ("weight", "slope")}
        return pd.Series(found | means | {"test_accuracy": network["test_accuracy"].iloc[0]})

    columns = ["layer", "gradient_norm", "change", "weight", "slope", "test_accuracy"]
    grouped = table.groupby(NETWORK, observed=True, sort=False)
    return grouped[columns].apply(one).reset_index()


def deepest(rates: pd.DataFrame, activation: str, init: str) -> pd.DataFrame:
    """The rows of `rates` about the deepest networks of an activation, before training."""
    chosen = rates["depth"].eq(rates["depth"].max()) & rates["moment"].eq(MOMENTS[0])
    return rates[chosen & rates["activation"].eq(activation) & rates["init"].eq(init)]


def summary(rates: pd.DataFrame) -> pd.DataFrame:
    """For the terminal: a row per initialisation and activation, about the deepest networks."""
    depth = rates["depth"].max()
    deepest = rates[rates["depth"] == depth]
    rows = []
    for (init, name), mine in deepest.groupby(["init", "activation"], observed=True, sort=False):
        start, end = (mine[mine["moment"] == moment] for moment in MOMENTS)
        rows.append(
            {
                "weights": init,
                "activation": name,
                "by f′": round(_geometric(start["slope"]), 3),
                "by weights": round(_geometric(start["weight"]), 3),
                "gradient per layer": round(_geometric(start["factor"]), 3),
                "trained": round(_geometric(end["factor"]), 3),
                "change of W, first : last": f"{end['changed'].mean():.2g}",
                f"accuracy, {depth} layers": f"{end['test_accuracy'].mean():.1%}",
            }
        )
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame) -> dict[str, Figure]:
    """All figures below, by the name of their file."""
    return {
        "vanishing_gradients": by_layer(table),
        "vanishing_gradients_factors": factors(table),
        "vanishing_gradients_depth": by_depth(table),
        "vanishing_gradients_accuracy": accuracy(table),
    }


def by_layer(table: pd.DataFrame) -> Figure:
    """Gradient norm of each layer over that of the last hidden one, in the deepest networks.

    Rows: before and after training; columns: initialisations.
    """
    depth = table["depth"].max()
    deepest = table[table["depth"] == depth]
    last = deepest[deepest["layer"] == depth].set_index(NETWORK)["gradient_norm"]
    joined = deepest.join(last.rename("last"), on=NETWORK)
    found = rates(deepest)
    return _sheet(
        joined.assign(row=joined["moment"], x=joined["layer"]).assign(
            value=joined["gradient_norm"] / joined["last"]
        ),
        rows={moment: f"gradient norm, {moment}" for moment in MOMENTS},
        numbers=found.rename(columns={"moment": "row"}),
        number="factor",
        bound=lambda layer: 0.25 ** (depth - layer),
        xlabel=f"hidden layer (norm 1 at layer {depth})",
        title=f"The gradient on its way back through {depth} layers",
        note="Line: geometric mean over seeds; band: their range. Dashed: a quarter per layer, the "
        "most that f′ of the sigmoid lets through. Number: the factor per layer, from a straight "
        "line fitted to the logarithms.",
    )


def factors(table: pd.DataFrame) -> Figure:
    """The two factors of each layer apart, in the deepest networks at initialisation.

    Rows: by f' and by the weights; columns: initialisations.
    """
    depth = table["depth"].max()
    deepest = table[(table["depth"] == depth) & (table["moment"] == MOMENTS[0])]
    rows = {"slope": "error multiplied by f′", "weight": "error multiplied by the weights"}
    long = deepest.melt([*NETWORK, "layer"], list(rows), var_name="row")
    return _sheet(
        long.assign(x=long["layer"]),
        rows=rows,
        numbers=long,
        number="value",
        bound=lambda layer: np.full(len(layer), 0.25),
        xlabel=f"hidden layer (of {depth})",
        title="The two factors of a layer apart, at initialisation",
        note="Line: geometric mean over seeds; band: their range. Dashed: 1/4, the largest slope "
        "of the sigmoid. Number: geometric mean over the layers. A layer multiplies the error by "
        "both factors.",
    )


def by_depth(table: pd.DataFrame) -> Figure:
    """Gradient norm of layer 1 over the last hidden one at initialisation, against depth."""
    found = rates(table)
    found = found[found["moment"] == MOMENTS[0]]
    return _sheet(
        found.assign(row="ratio", x=found["depth"], value=found["ratio"]),
        rows={"ratio": "gradient norm, layer 1 over last"},
        numbers=found[found["depth"] == found["depth"].max()].assign(row="ratio"),
        number="ratio",
        bound=lambda depth: 0.25 ** (depth - 1),
        xlabel="hidden layers",
        title="The gradient that reaches layer 1, by depth, at initialisation",
        note="Line: geometric mean over seeds; band: their range. Dashed: a quarter per layer. "
        "Number: at the greatest depth.",
        side=1,
    )


def accuracy(table: pd.DataFrame) -> Figure:
    """Test accuracy against depth."""
    found = rates(table)
    found = found[found["moment"] == MOMENTS[0]]
    return _sheet(
        found.assign(row="accuracy", x=found["depth"], value=100 * found["test_accuracy"]),
        rows={"accuracy": "test accuracy, %"},
        numbers=None,
        number="",
        bound=None,
        xlabel="hidden layers",
        title="Accuracy by depth",
        note="Line: mean over seeds; band: their range. Each at the learning rate that is best on "
        "validation.",
        side=1,
    )


def _sheet(
    long: pd.DataFrame,
    *,
    rows: Mapping[str, str],
    numbers: pd.DataFrame | None,
    number: str,
    bound: Callable | None,
    xlabel: str,
    title: str,
    note: str,
    side: int = -1,
) -> Figure:
    """A panel per row and initialisation of the columns row, init, activation, x and value.

    `rows`: name of a row -> its label; `numbers`: a table with the column `number`, whose geometric
    mean is written beside a line; `bound`: x -> the dashed line; `side`: where the lines are named.
    """
    inits = list(dict.fromkeys(long["init"]))
    style = house_styles(list(long["activation"].unique()))
    with matplotlib.rc_context(STYLE):
        size = max(0.6 + 4.2 * len(inits), 5.8), 1.2 + 2.6 * len(rows)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(rows), len(inits), squeeze=False, sharey="row", sharex=True)
        for line, row in zip(grid, rows, strict=True):
            line[0].set_ylabel(rows[row])
            panels = [_of(long, row, init) for init in inits]
            _scale(line[0], pd.concat(panels), log=number != "")
            for axes, panel, init in zip(line, panels, inits, strict=True):
                _lines(axes, panel, style, bound, side)
                means = {} if numbers is None else _means(_of(numbers, row, init), number)
                _names(axes, panel, style, means, side)
        for axes, init in zip(grid[0], inits, strict=True):
            axes.set_title(INITS.get(init, init), pad=9)
        for axes in grid[-1]:
            axes.set_xlabel(xlabel, loc="left" if side > 0 else "right")
        titles(figure, title, note)
    return figure


def _of(table: pd.DataFrame, row: str, init: str) -> pd.DataFrame:
    return table[(table["row"] == row) & (table["init"] == init)]


def _means(table: pd.DataFrame, number: str) -> dict[str, str]:
    """Activation -> the geometric mean of a column, as text."""
    means = table.groupby("activation", observed=True)[number].apply(_geometric)
    return {name: f" ×{_number(value)}" for name, value in means.items() if np.isfinite(value)}


def _number(value: float) -> str:
    return f"{value:.2f}" if value >= 0.01 else brief(value)


def _geometric(values: pd.Series) -> float:
    values = values.to_numpy(float)
    values = values[values > 0]
    return float(np.exp(np.log(values).mean())) if values.size else np.nan


def _scale(axes: Axes, panel: pd.DataFrame, log: bool) -> None:
    """The y axis that the panels of a row share."""
    if not log:
        axes.set_ylim(0, 103)
        return
    values = panel["value"][panel["value"] > 0]
    axes.set_yscale("log")
    axes.set_ylim(values.min() / 1.5, values.max() * 1.5)
    decades = np.log10(values.max() / values.min())
    subs = (1.0,) if decades > 2.5 else (1.0, 2.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=8))
    axes.yaxis.set_minor_locator(NullLocator())
    plain = lambda value, _: power_of_ten(value) if len(subs) == 1 else f"{value:g}"  # noqa: E731
    axes.yaxis.set_major_formatter(FuncFormatter(plain))


def _lines(axes, panel, style, bound, side) -> None:
    """The bound, and a line with its band per activation."""
    xs = np.array(sorted(panel["x"].unique()))
    log = axes.get_yscale() == "log"
    if side > 0:
        axes.set_xscale("log", base=2)
        axes.set_xticks(xs, [f"{x:g}" for x in xs])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(xs[0] / 1.1, xs[-1] * (xs[-1] / xs[0]) ** 0.55)
    else:
        axes.set_xlim(xs[0] - 0.45 * (len(xs) - 1) - 0.5, xs[-1] + 0.3)
        axes.set_xticks(sorted({1, *xs[xs % max(1, len(xs) // 4) == 0]}))
    axes.spines["bottom"].set_bounds(xs[0], xs[-1])
    if bound is not None:
        axes.plot(xs, bound(xs), color=INK, lw=1.0, ls=(0, (4, 3)), zorder=3)
    for name, (color, _) in style.items():
        mine = panel[(panel["activation"] == name) & (panel["value"] > 0)]
        grouped = mine.groupby("x")["value"]
        middle = grouped.apply(_geometric) if log else grouped.mean()
        axes.fill_between(middle.index, grouped.min(), grouped.max(), color=color, alpha=0.2, lw=0)
        marker = "o" if side > 0 else None
        axes.plot(middle.index, middle, color=color, marker=marker, ms=3.5)


def _names(axes, panel, style, means, side) -> None:
    """The names of the lines, and their numbers, at the end that `side` tells."""
    bottom, top = axes.get_ylim()
    log = axes.get_yscale() == "log"
    height = lambda y: np.log(y / bottom) / np.log(top / bottom) if log else y / top  # noqa: E731
    at = panel["x"].max() if side > 0 else panel["x"].min()
    ends = {}
    for name, (color, _) in style.items():
        mine = panel[(panel["activation"] == name) & (panel["value"] > 0) & (panel["x"] == at)]
        if len(mine):
            y = _geometric(mine["value"]) if log else mine["value"].mean()
            ends[name] = float(np.clip(height(y), 0, 1)), name + means.get(name, ""), color
    leaders(axes, ends, x=at, shift=0.06 * side, gap=0.085)
