"""Rounds: what the results of a sweep ask to be trained next, as plans.

The learning rates of a sweep are tuned further round by round: halfway to the neighbours of the
best one, or one step beyond it where it is the lowest or highest tried. What is chosen in the end
is confirmed: trained anew from fresh seeds, which had no part in the choice.

Nothing here imports jax.
"""

import collections
import dataclasses
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from acts_jax.analysis import statistics
from acts_jax.sweep.config import FIELDS
from acts_jax.sweep.grid import Group, Plan, make_group
from acts_jax.words import count, join

NAMED = ["dataset", "model", "activation", "depth"]  # what a setting is chosen for
LARGEST_SEED = int(FIELDS["seed"].high)
Train = Callable[[Plan], pd.DataFrame]  # from the plan of a round to its results


class Strategy(Protocol):
    """How a sweep is followed up."""

    def describe(self, plan: Plan) -> str:
        """What that takes, in a line, beforehand."""

    def tune(
        self, plan: Plan, results: pd.DataFrame, train: Train
    ) -> tuple[list[Plan], pd.DataFrame]:
        """Tunes the learning rates of a sweep further, round by round.

        Args:
            plan: The sweep.
            results: Its results, see `load_results`.
            train: Trains a round.

        Returns:
            The plans of the sweep and its rounds, and all their results together.
        """

    def seeds(self, plans: Sequence[Plan], results: pd.DataFrame) -> int:
        """From how many fresh seeds what is chosen now is trained anew; 0 for none."""


@dataclasses.dataclass(frozen=True)
class Rounds:
    """A fixed number of rounds; a `Strategy`.

    Attributes:
        refine: How often, at most, the step between the best learning rate and its neighbours is
            halved, for each activation, depth and dataset.
        extend: How often, at most, a learning rate is tried beyond the range, where the best one
            is its lowest or highest.
        confirm: Fresh seeds from which the chosen settings are trained anew; 0 for none.
    """

    refine: int = 0
    extend: int = 0
    confirm: int = 0

    def describe(self, plan: Plan) -> str:
        """What following up a sweep takes, in a line."""
        seeds: dict[tuple, int] = {}
        for group in plan.groups:
            static = group.static
            name = static.dataset, static.model, static.activation, len(static.hidden_sizes)
            seeds[name] = group.repetitions
        more = []
        if self.refine or self.extend:
            most = (2 * self.refine + self.extend) * sum(seeds.values())
            more.append(f"at most {count(most, 'cell')} to tune learning rates further")
        if self.confirm:
            fresh = count(self.confirm * len(seeds), "cell")
            more.append(
                f"{fresh} from {count(self.confirm, 'fresh seed')} to confirm what is chosen"
            )
        return f"then {join(more)}"

    def tune(
        self, plan: Plan, results: pd.DataFrame, train: Train
    ) -> tuple[list[Plan], pd.DataFrame]:
        """Tunes the learning rates of a sweep further; see `Strategy`."""
        plans = [plan]
        widened: collections.Counter[tuple] = collections.Counter()
        halved: collections.Counter[tuple] = collections.Counter()
        while True:
            wanted: list[tuple[Tried, Sequence[float]]] = []
            for tried in chosen(plans, results):
                name, rates = tried.name, []
                if widened[name] < self.extend and (rates := beyond(tried.rate, tried.rates)):
                    widened[name] += 1
                elif halved[name] < self.refine:
                    rates = halfway(tried.rate, tried.rates)
                    halved[name] += 1
                wanted.append((tried, rates))
            if not (groups := at_rates(wanted)):
                return plans, results
            plans.append(following(plan, f"tuning-{len(plans)}", groups))
            results = pd.concat([results, train(plans[-1])], ignore_index=True)

    def seeds(self, plans: Sequence[Plan], results: pd.DataFrame) -> int:
        """How many confirm what is chosen; see `Strategy`."""
        return self.confirm


class Tried(NamedTuple):
    """The chosen setting of one activation at one depth, and what it was chosen from.

    Attributes:
        name: Dataset, model, activation and depth, as `NAMED`.
        cells: Those trained at this setting, one per seed.
        rate: Its learning rate.
        rates: All that were tried at this setting, ascending, without 0.
    """

    name: tuple[Any, ...]
    cells: Group
    rate: float
    rates: Sequence[float]


def beyond(rate: float, rates: Sequence[float]) -> list[float]:
    """One step, on the scale of logarithms, beyond the lowest or highest of some learning rates.

    Args:
        rate: The best of them.
        rates: Positive, ascending.

    Returns:
        One rate; none if the best one is neither, or there is no other.
    """
    if len(rates) < 2 or rate not in (rates[0], rates[-1]):
        return []
    inside = rates[1] if rate == rates[0] else rates[-2]
    return [_rounded(rate * rate / inside)]


def halfway(rate: float, rates: Sequence[float]) -> list[float]:
    """Halfway, on the scale of logarithms, from a learning rate to those next to it.

    Args:
        rate: The best of `rates`, or 0.
        rates: Positive, ascending.

    Returns:
        Up to two rates.
    """
    lower = [other for other in rates if other < rate][-1:]
    upper = [other for other in rates if other > rate][:1]
    return [_rounded(math.sqrt(rate * other)) for other in (*lower, *upper) if rate > 0]


def _rounded(rate: float) -> float:
    return float(f"{rate:.6g}")


def confirmation(
    plans: Sequence[Plan], results: pd.DataFrame, seeds: int, divided: Collection[str]
) -> Plan:
    """The chosen settings, to be trained from fresh seeds.

    Args:
        plans: The sweep, and the rounds that tuned it.
        results: Of all of them.
        seeds: How many; each has its own initial weights and order of batches, and its own split
            of the dataset where that can be divided anew.
        divided: Datasets that can.

    Returns:
        A plan that records the score of every test example. Settings that no seed survived are left
        out.
    """
    groups: list[Group] = []
    fresh = unused(results["seed"], seeds)
    splits = unused(results.get("split_seed", [0]), seeds)
    for tried in chosen(plans, results):
        cells = tried.cells
        # As it was tuned in all that a program is compiled for: the rounds share it.
        static = dataclasses.replace(cells.static, record="examples")
        varied = {"seed": fresh} | ({"split_seed": splits} if static.dataset in divided else {})
        groups.append(varying(len(groups), dataclasses.replace(cells, static=static), varied))
    return following(plans[0], "confirmation", groups)


def unused(used: Iterable[int], count: int) -> np.ndarray:
    """The whole numbers that follow the largest of some: int64 [count].

    Beyond the largest seed there is, the first ones that are not among them.
    """
    taken = set(used)
    if max(taken) + count <= LARGEST_SEED:
        return max(taken) + 1 + np.arange(count, dtype=np.int64)
    others = (number for number in itertools.count() if number not in taken)
    return np.fromiter(itertools.islice(others, count), np.int64, count)


def chosen(plans: Sequence[Plan], results: pd.DataFrame) -> list[Tried]:
    """The setting that validation chooses for each dataset, activation and depth.

    Without those of which no seed was trained to the end.

    Args:
        plans: Whose results they are.
        results: As of `load_results`.
    """
    groups = {group.key: group for plan in plans for group in plan.groups}
    selection = statistics.select(results)
    selection = selection[selection["lost_share"] < 1]
    others = [c for c in statistics.axes(results) if c != "learning_rate"]
    found = []
    for place, row in selection.iterrows():
        setting = selection.loc[[place]]
        names = [n.rpartition("/") for n in statistics.chosen(results, setting)["cell"]]
        cells = [groups[key].part(int(i), int(i) + 1) for key, _, i in names]
        rates = np.unique(results.merge(setting[others])["learning_rate"])
        found.append(
            Tried(
                tuple(row[NAMED]),
                _joined(cells),
                float(row["learning_rate"]),
                rates[rates > 0].tolist(),
            )
        )
    return found


def _joined(parts: Sequence[Group]) -> Group:
    """Cells that only differ in what is traced, of one group or of several, in one."""
    traced, parameters = (
        {name: np.concatenate([column[name] for column in columns]) for name in columns[0]}
        for columns in ([part.traced for part in parts], [part.parameters for part in parts])
    )
    return dataclasses.replace(parts[0], traced=traced, parameters=parameters)


def at_rates(wanted: Iterable[tuple[Tried, Sequence[float]]]) -> list[Group]:
    """The groups of a round: cells as they were tried, at the other learning rates wanted."""
    groups: list[Group] = []
    for tried, rates in wanted:
        cells, several = tried.cells, len(rates)
        traced = {name: np.tile(values, several) for name, values in cells.traced.items()}
        traced["learning_rate"] = np.repeat(rates, cells.size)
        own = {name: np.tile(values, several) for name, values in cells.parameters.items()}
        if several:
            groups.append(make_group(len(groups), cells.static, traced, own))
    return groups


def varying(index: int, cells: Group, varied: Mapping[str, np.ndarray]) -> Group:
    """The setting of the first of some cells, but for columns of `Group.traced` of one length."""
    (size,) = {len(values) for values in varied.values()}
    traced = {name: np.repeat(values[:1], size) for name, values in cells.traced.items()}
    own = {name: np.repeat(values[:1], size) for name, values in cells.parameters.items()}
    return make_group(index, cells.static, traced | dict(varied), own)


def following(plan: Plan, name: str, groups: Iterable[Group]) -> Plan:
    """The plan of a round that follows a sweep."""
    return Plan({**plan.config, "round": name}, tuple(groups))
