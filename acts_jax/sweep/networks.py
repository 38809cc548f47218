"""The trained networks of a sweep that recorded their parameters: for studies that look inside."""

from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd
from flax import traverse_util

from acts_jax.analysis import statistics
from acts_jax.data import Dataset
from acts_jax.models import Network
from acts_jax.sweep import engine, results
from acts_jax.sweep.grid import Group
from acts_jax.sweep.outcome import NETWORK
from acts_jax.sweep.trainer import Trained


class Networks(NamedTuple):
    """The networks of one group that share their splits, trained.

    Attributes:
        group: Their settings.
        model: The network they all are, its parameters at the first network's values.
        initial: Parameters before training, NumPy arrays [networks, ...].
        params: Parameters after training, in the same form.
        results: One row per network, as of `load_results`.
        examples: The splits they were trained and measured on.
    """

    group: Group
    model: Network
    initial: Any
    params: Any
    results: pd.DataFrame
    examples: engine.Splits

    def network(self, row: int, initial: bool = False) -> Any:
        """The parameters of one network, as of a single network."""
        return jax.tree.map(lambda leaf: leaf[row], self.initial if initial else self.params)

    def best(self) -> "Networks":
        """Those at the setting that does best on validation, one network per seed."""
        selection = statistics.select(self.results)
        rows = self.results["cell"].isin(statistics.chosen(self.results, selection)["cell"])
        both = self.initial, self.params
        initial, params = jax.tree.map(lambda leaf: leaf[rows.to_numpy()], both)
        results = self.results[rows].reset_index(drop=True)
        return self._replace(initial=initial, params=params, results=results)


def load(trained: Trained) -> list[Networks]:
    """The networks of every group of a sweep that recorded their parameters, by split seed.

    Args:
        trained: From `trainer.train`, with record="parameters" in the config.

    Returns:
        In the order of the plan; cells that could not be trained are left out.
    """
    recorded = results.load_arrays(trained.workdir, lambda name: name.startswith(NETWORK))
    rows = trained.results.set_index("cell", drop=False)
    found = (
        _networks(group, seed, trained.datasets[group.static.dataset], rows, recorded[group.key])
        for group in trained.plan.groups
        if group.key in recorded
        for seed in group.split_seeds
    )
    return [networks for networks in found if len(networks.results)]


def _networks(
    group: Group,
    split_seed: int,
    dataset: Dataset,
    rows: pd.DataFrame,
    recorded: dict[str, np.ndarray],
) -> Networks:
    """The networks of a split seed, from their group's recorded columns and the results of all."""
    names = np.array([f"{group.key}/{i}" for i in range(group.size)])
    own_split = np.array(group.split_seeds)[group.division] == split_seed
    kept = np.isin(names, recorded["cell"]) & own_split
    own = np.isin(recorded["cell"], names[kept])
    paths = {
        name.removeprefix(NETWORK): values[own]
        for name, values in recorded.items()
        if name.startswith(NETWORK)
    }
    params = traverse_util.unflatten_dict(paths, sep=".")
    parameters = {name: float(values[0]) for name, values in group.parameters.items()}
    model = engine.make_model(group.static, engine.resolve(group.static, dataset), parameters)
    initial = jax.device_get(engine.initial_params(model, group, dataset.input_shape))
    return Networks(
        group,
        model,
        jax.tree.map(lambda leaf: leaf[kept], initial),
        params,
        rows.loc[recorded["cell"][own]].reset_index(drop=True),
        engine.splits_of(dataset.divided(split_seed), group.static.preprocessing),
    )
