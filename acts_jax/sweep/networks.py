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

from acts_jax import lifetimes, probes, training
from acts_jax.data import Dataset
from acts_jax.lifetimes import Life
from acts_jax.models import MLP, init_population
from acts_jax.report import statistics
from acts_jax.sweep import engine, layout, running
from acts_jax.sweep.config import ConfigError
from acts_jax.sweep.grid import Group, Plan


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


def fit_groups(groups: Sequence[Group], datasets: Mapping[str, Dataset]) -> list[Networks]:
    """Trains the networks of some groups, each group on a device of its own while there are any.

    Args:
      groups: Of a plan. The activation's parameters are the same in all cells of a group.
      datasets: By name.

    Raises:
      ConfigError: If the activation's parameters are an axis.
    """
    return _over_devices(_fit_group, groups, datasets)


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
    return _over_devices(functools.partial(_follow_group, looks), groups, datasets)


def _over_devices(
    work: Callable[[Group, Dataset, jax.Device], Any],
    groups: Sequence[Group],
    datasets: Mapping[str, Dataset],
) -> list[Any]:
    """The work on each group, as many at a time as there are devices.

    Groups that differ in their initial weights only run on one device: a program that is compiled
    for one device does not serve another.
    """
    devices, programs = jax.local_devices(), {}
    for group in groups:
        programs.setdefault(dataclasses.replace(group.static, init=""), len(programs))

    def one(group: Group) -> Any:
        program = programs[dataclasses.replace(group.static, init="")]
        device = devices[program % len(devices)]
        with jax.default_device(device):
            return work(group, datasets[group.static.dataset], device)

    with concurrent.futures.ThreadPoolExecutor(len(devices)) as pool:
        return list(pool.map(one, groups))


class _Start(NamedTuple):
    """A group before training: its model, splits, and the leaves [networks, ...] of its cells."""

    model: MLP
    splits: engine.Splits
    params: Any
    hyperparameters: training.Hyperparameters


def _start(group: Group, dataset: Dataset, device: jax.Device) -> _Start:
    static, traced = group.static, group.traced
    for name, values in group.parameters.items():
        if len(set(values)) > 1:
            raise ConfigError(f"{static.activation}.{name} takes one value here, not several")
    parameters = {name: float(values[0]) for name, values in group.parameters.items()}
    model = engine.make_model(static, *engine.resolve(static, dataset), parameters)
    splits = jax.device_put(engine.splits_of(dataset, static.preprocessing), device)
    keys = jax.vmap(lambda seed: training.key_for(seed, "init"))(traced["seed"])
    gain = traced["init_gain"].astype(np.float32)
    initial = init_population(model, splits.train.inputs.shape[1], keys, gain)
    return _Start(model, splits, initial, engine.hyperparameters_of(group))


def _mapped(one: Callable, group: Group, *cells: Any) -> Any:
    """one(*cell) of every cell of a group, leaves [networks, ...]."""
    rows = math.ceil(group.size / layout.pack_width())
    pack = math.ceil(group.size / rows)
    # Filled up with copies of the last cell: packs of one size, so that one program does for all.
    place = np.minimum(np.arange(rows * pack), group.size - 1)
    filled = jax.tree.map(lambda leaf: leaf[place], cells)
    found = jax.lax.map(lambda cell: one(*cell), filled, batch_size=pack)
    return jax.tree.map(lambda leaf: leaf[: group.size], found)


def _follow_group(looks: Sequence[int], group: Group, dataset: Dataset, device: jax.Device) -> Life:
    model, splits, initial, rates = _start(group, dataset, device)
    static = group.static

    @jax.jit
    def follow(splits, *cells):
        def one(params, seed, hyperparameters):
            return lifetimes.follow(
                model,
                params,
                splits,
                seed=seed,
                looks=looks,
                batch_size=static.batch_size,
                optimizer=static.optimizer,
                hyperparameters=hyperparameters,
            )

        return _mapped(one, group, *cells)

    return jax.device_get(follow(splits, initial, group.traced["seed"], rates))


def _fit_group(group: Group, dataset: Dataset, device: jax.Device) -> Networks:
    model, splits, initial, rates = _start(group, dataset, device)
    static, traced = group.static, group.traced

    @jax.jit
    def train(splits, *cells):
        return _mapped(functools.partial(_train, model, static, splits), group, *cells)

    params, scores = train(splits, initial, traced["seed"], rates)
    initial, params = jax.device_get((initial, params))
    columns = {name: np.asarray(values, float) for name, values in scores.items()}
    if dataset.task == "regression":
        columns |= running.root_mean_squares(columns, dataset.target_scale)
    finite = np.isfinite(columns["train_loss"])
    results = pd.DataFrame(
        {"cell": [f"{group.key}/{i}" for i in range(group.size)]}
        | group.columns()
        | {"status": np.where(finite, "ok", "diverged"), "dead_fraction": np.nan}
        | {name: np.where(finite, values, np.nan) for name, values in columns.items()}
        | {"saturated_fraction": np.nan}
    )
    return Networks(group, model, initial, params, results, splits)


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
    scores = {}
    for split in splits._fields:
        found = probes.score(model, params, getattr(splits, split))
        scores |= {f"{split}_{name}": value for name, value in found._asdict().items()}
    return params, scores
