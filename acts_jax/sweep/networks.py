"""The trained networks of a plan themselves, kept in memory: for studies that look inside them.

A sweep stores measurements only. Here every network of a group is trained at once by one vmap of
`training.fit`, with the same keys and batches as the sweep's cell, and its parameters are kept.
"""

import concurrent.futures
import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd

from acts_jax import training
from acts_jax.analysis import statistics
from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.models import MLP
from acts_jax.sweep import engine, packing, results, running, store
from acts_jax.sweep.grid import Group, Plan, Static
from acts_jax.sweep.trainer import Trained
from acts_jax.training import lifetimes, probes
from acts_jax.training.lifetimes import Life
from acts_jax.training.slices import join


class Networks(NamedTuple):
    """The networks of one group, trained.

    Attributes:
      group: Their settings.
      model: The `MLP` they all are, its parameters at the first network's values.
      initial: Parameters before training, NumPy arrays [networks, ...].
      params: Parameters after training, in the same form.
      results: One row per network, columns as of `load_results`: the settings, status, and loss
        and accuracy on train, val and test; what `statistics.select` takes.
      examples: The splits they were trained and measured on.
    """

    group: Group
    model: MLP
    initial: Any
    params: Any
    results: pd.DataFrame
    examples: engine.Splits

    def network(self, row: int, initial: bool = False) -> Any:
        """The parameters of one network, as of a single `MLP`."""
        return jax.tree.map(lambda leaf: leaf[row], self.initial if initial else self.params)

    def best(self) -> "Networks":
        """Those at the setting that does best on validation, one network per seed."""
        selection = statistics.select(self.results)
        rows = self.results["cell"].isin(statistics.chosen(self.results, selection)["cell"])
        initial, params = (
            jax.tree.map(lambda leaf: leaf[rows.to_numpy()], tree)
            for tree in (self.initial, self.params)
        )
        results = self.results[rows].reset_index(drop=True)
        return self._replace(initial=initial, params=params, results=results)


def only_classification(datasets: Mapping[str, Dataset]) -> Dataset:
    """The one dataset of a study about class probabilities.

    Raises:
      ConfigError: If there are several, or it is a regression.
    """
    if len(datasets) > 1:
        raise ConfigError(f"this experiment takes one dataset, not {', '.join(datasets)}")
    (dataset,) = datasets.values()
    if dataset.task == "regression":
        raise ConfigError(f"this experiment needs classes, and {dataset.name} is a regression")
    return dataset


def only_activations(plan: Plan, *names: str) -> None:
    """Refuses plans for a study that compares certain activations.

    Raises:
      ConfigError: If the plan has others, or not all of them.
    """
    if set(plan.config["activation"]) != set(names):
        raise ConfigError(f"this experiment compares the activations {' and '.join(names)}")


def only_one_shape(plan: Plan) -> None:
    """Refuses plans for a study of networks that all have the same hidden layers.

    Raises:
      ConfigError: If depth, width or hidden_sizes are an axis.
    """
    shapes = {group.static.hidden_sizes for group in plan.groups}
    if len(shapes) > 1:
        raise ConfigError(f"this experiment takes one depth and width, not {len(shapes)} shapes")


def load(trained: Trained) -> list[Networks]:
    """The networks of every group of a sweep that recorded their parameters.

    Args:
      trained: From `trainer.train`, with record="parameters" in the config.

    Returns:
      In the order of the plan; cells that could not be trained are left out.
    """
    recorded = results.load_arrays(trained.workdir, lambda name: name.startswith(store.NETWORK))
    rows = trained.results.set_index("cell", drop=False)
    return [
        _networks(group, trained.datasets[group.static.dataset], rows, recorded[group.key])
        for group in trained.plan.groups
        if group.key in recorded
    ]


def _networks(
    group: Group, dataset: Dataset, rows: pd.DataFrame, recorded: dict[str, np.ndarray]
) -> Networks:
    """The networks of a group, from its recorded columns and the results of all cells."""
    cells = recorded.pop("cell")
    kept = np.isin([f"{group.key}/{i}" for i in range(group.size)], cells)
    params = {}
    for name, values in recorded.items():
        layer, _, parameter = name.removeprefix(store.NETWORK).rpartition(".")
        params.setdefault(layer, {})[parameter] = values
    parameters = {name: float(values[0]) for name, values in group.parameters.items()}
    model = engine.make_model(group.static, *engine.resolve(group.static, dataset), parameters)
    initial = jax.device_get(engine.initial_params(model, group, dataset))
    return Networks(
        group,
        model,
        jax.tree.map(lambda leaf: leaf[kept], initial),
        params,
        rows.loc[cells].reset_index(drop=True),
        engine.splits_of(dataset, group.static.preprocessing),
    )


def fit_groups(groups: Sequence[Group], datasets: Mapping[str, Dataset]) -> list[Networks]:
    """Trains the networks of some groups, each group on a device of its own while there are any.

    Args:
      groups: Of a plan. The activation's parameters are the same in all cells of a group.
      datasets: By name.

    Raises:
      ConfigError: If the activation's parameters are an axis.
    """
    work = functools.partial(_fit, datasets)
    return over_programs(work, groups, [group.static for group in groups])


def follow_groups(
    groups: Sequence[Group], datasets: Mapping[str, Dataset], looks: Sequence[int]
) -> list[Life]:
    """Follows the units of the networks of some groups through their training.

    Args:
      groups: As for `fit_groups`.
      datasets: By name.
      looks: Numbers of steps, see `lifetimes.follow`.

    Returns:
      Per group what `lifetimes.follow` gives, numpy arrays with a leading axis of networks.

    Raises:
      ConfigError: If the activation's parameters are an axis.
    """
    work = functools.partial(_follow, looks, datasets)
    return over_programs(work, groups, [group.static for group in groups])


def over_programs(
    work: Callable[[list[Any], jax.Device], list[Any]], items: Sequence[Any], of: Sequence[Static]
) -> list[Any]:
    """Work on some items, all that one program serves together, as many at a time as devices.

    Items that differ in their initial weights only share a program. The deepest networks, which
    take longest to compile, come first; a program always runs on the same device, because one that
    is compiled for one does not serve another.

    Args:
      work: From the items of a program, and its device, to what was asked of each item.
      items: Such as groups.
      of: The settings of each.
    """
    programs = {}
    for i, static in enumerate(of):
        programs.setdefault(dataclasses.replace(static, init=""), []).append(i)
    devices, found = jax.local_devices(), {}
    pools = [concurrent.futures.ThreadPoolExecutor(1) for _ in devices]
    layers = [0] * len(devices)

    def one(which: list[int], device: jax.Device) -> list[Any]:
        with jax.default_device(device):
            return work([items[i] for i in which], device)

    try:
        waiting = []
        for static in sorted(programs, key=lambda static: -len(static.hidden_sizes)):
            least = int(np.argmin(layers))
            layers[least] += 1 + len(static.hidden_sizes)
            which = programs[static]
            waiting.append((which, pools[least].submit(one, which, devices[least])))
        for which, future in waiting:
            found |= zip(which, future.result(), strict=True)
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
    return [found[i] for i in range(len(items))]


class _Start(NamedTuple):
    """A group before training: its model, and of its networks leaves [networks, ...]."""

    model: MLP
    params: Any
    seeds: np.ndarray
    hyperparameters: training.Hyperparameters


def _start(group: Group, dataset: Dataset) -> _Start:
    static, traced = group.static, group.traced
    for name, values in group.parameters.items():
        if len(set(values)) > 1:
            raise ConfigError(f"{static.activation}.{name} takes one value here, not several")
    parameters = {name: float(values[0]) for name, values in group.parameters.items()}
    model = engine.make_model(static, *engine.resolve(static, dataset), parameters)
    keys = jax.vmap(lambda seed: training.key_for(seed, "init"))(traced["seed"])
    gain = traced["init_gain"].astype(np.float32)
    initial = model.init_population(dataset.input_shape, keys, gain)
    return _Start(model, initial, traced["seed"], engine.hyperparameters_of(group))


def _mapped(one: Callable, *cells: Any) -> Any:
    """one(*cell) of every cell, given and returned as leaves [networks, ...]."""
    size = len(jax.tree.leaves(cells)[0])
    rows = math.ceil(size / packing.pack_width())
    pack = math.ceil(size / rows)
    # Filled up with copies of the last cell: packs of one size, so that one program does for all.
    place = np.minimum(np.arange(rows * pack), size - 1)
    filled = jax.tree.map(lambda leaf: leaf[place], cells)
    found = jax.lax.map(lambda cell: one(*cell), filled, batch_size=pack)
    return jax.tree.map(lambda leaf: leaf[:size], found)


def _follow(
    looks: Sequence[int],
    datasets: Mapping[str, Dataset],
    groups: Sequence[Group],
    device: jax.Device,
) -> list[Life]:
    static, dataset = groups[0].static, datasets[groups[0].static.dataset]
    starts = [_start(group, dataset) for group in groups]
    splits = jax.device_put(engine.splits_of(dataset, static.preprocessing), device)

    @jax.jit
    def follow(splits, *cells):
        def one(params, seed, hyperparameters):
            return lifetimes.follow(
                starts[0].model,
                params,
                splits,
                seed=seed,
                looks=looks,
                batch_size=static.batch_size,
                optimizer=static.optimizer,
                hyperparameters=hyperparameters,
            )

        return _mapped(one, *cells)

    return [jax.device_get(follow(splits, *start[1:])) for start in starts]


def _fit(
    datasets: Mapping[str, Dataset], groups: Sequence[Group], device: jax.Device
) -> list[Networks]:
    static, dataset = groups[0].static, datasets[groups[0].static.dataset]
    starts = [_start(group, dataset) for group in groups]
    splits = jax.device_put(engine.splits_of(dataset, static.preprocessing), device)

    @jax.jit
    def train(splits, *cells):
        return _mapped(functools.partial(_train, starts[0].model, static, splits), *cells)

    trained = []
    for group, start in zip(groups, starts, strict=True):
        params, scores = jax.device_get(train(splits, *start[1:]))
        results = _results(group, dataset, scores)
        initial = jax.device_get(start.params)
        trained.append(Networks(group, start.model, initial, params, results, splits))
    return trained


def _results(group: Group, dataset: Dataset, scores: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a group's networks, from their scores by column."""
    columns = {name: np.asarray(values, float) for name, values in scores.items()}
    if dataset.task == "regression":
        columns |= running.root_mean_squares(columns, dataset.target_scale)
    finite = np.isfinite(columns["train_loss"])
    return pd.DataFrame(
        {"cell": [f"{group.key}/{i}" for i in range(group.size)]}
        | group.columns()
        | {"status": np.where(finite, "ok", "diverged"), "dead_fraction": np.nan}
        | {name: np.where(finite, values, np.nan) for name, values in columns.items()}
        | {"saturated_fraction": np.nan}
    )


def _train(model, static, splits, params, seed, hyperparameters):
    """One network's trained parameters, and its scores by column."""
    params = training.fit(
        model,
        splits.train,
        seed=seed,
        epochs=static.epochs,
        batch_size=static.batch_size,
        optimizer=static.optimizer,
        hyperparameters=hyperparameters,
        decay_activations=static.decay_activations,
        params=params,
    )
    found = probes.scores(model, params, join(*splits))
    return params, engine.by_split(found._asdict())
