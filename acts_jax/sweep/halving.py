"""Successive halving of learning rates within a budget of time, then one confirmation.

Every activation starts with the same rates and a few seeds. The better half of the rates goes on,
with as many new seeds as all that it had, until two are left (Jamieson and Talwalkar 2016, arXiv
1502.07943): what does badly gets little time, and every activation gets the same.

Nothing here imports jax.
"""

import dataclasses
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from acts_jax.analysis import statistics
from acts_jax.errors import ConfigError, StoreError
from acts_jax.files import read_json, write_text
from acts_jax.sweep.grid import Group, Plan
from acts_jax.sweep.rounds import (
    NAMED,
    Train,
    at_rates,
    beyond,
    chosen,
    following,
    unused,
    varying,
)
from acts_jax.words import count

FINALISTS = 2  # rates that are left in the end
TUNING = 0.5  # share of the budget that is not exceeded by halving before its last round
FEWEST, MOST = 5, 100  # seeds of the confirmation


@dataclasses.dataclass
class Halving:
    """Successive halving; a `rounds.Strategy`.

    Attributes:
        budget: Seconds from `started` for everything.
        memory: File that keeps how often the rates were halved and from how many seeds the choice
            is confirmed, so that the same command later, with another budget or on a faster
            machine, does not choose and confirm anew: that would be a second look.
        terms: What else is fixed before the confirmation, numbers by name, such as the margin of
            equivalence: the same command with others is refused.
        started: By `time.monotonic`.
    """

    budget: float
    memory: Path
    terms: Mapping[str, float] = dataclasses.field(default_factory=dict)
    started: float = dataclasses.field(default_factory=time.monotonic)
    _pace: float = 0.0  # seconds for a cell, in the slowest round

    def describe(self, plan: Plan) -> str:
        """What following up a sweep takes, in a line."""
        if known := self._remembered():
            seeds = count(known["seeds"], "fresh seed")
            return (
                f"then as it went before: {count(known['plans'], 'round')}, confirmed from {seeds}"
            )
        return (
            f"then the better half of the learning rates, again and again, and a confirmation, in "
            f"{count(round(self.budget), 'second')} together"
        )

    def tune(
        self, plan: Plan, results: pd.DataFrame, train: Train
    ) -> tuple[list[Plan], pd.DataFrame]:
        """Halves the rates until two are left or time is short; see `Strategy`."""
        plans = [plan]
        self._pace = (time.monotonic() - self.started) / plan.cells

        def go_on(name: str, groups: list[Group]) -> pd.DataFrame:
            plans.append(following(plan, name, groups))
            begun = time.monotonic()
            found = pd.concat([results, train(plans[-1])], ignore_index=True)
            self._pace = max(self._pace, (time.monotonic() - begun) / plans[-1].cells)
            return found

        best = chosen(plans, results)
        if wider := at_rates((tried, beyond(tried.rate, tried.rates)) for tried in best):
            results = go_on("wider", wider)
        known = self._remembered()
        while groups := self._better_half(plans, results):
            spent = time.monotonic() - self.started > TUNING * self.budget
            if len(plans) == known["plans"] if known else spent:
                break
            results = go_on(f"halved-{len(plans)}", groups)
        return plans, results

    def _remembered(self) -> dict[str, int]:
        """What was decided before; empty if nothing was."""
        if not self.memory.exists():
            if any(self.memory.parent.glob("confirmation-*")):
                raise StoreError(
                    f"{self.memory} is missing, and the confirmation has begun: race again in "
                    "another --workdir"
                )
            return {}
        try:
            known = read_json(self.memory)
            decided = {name: int(known[name]) for name in ("plans", "seeds")}
            terms = {name: float(known["terms"][name]) for name in self.terms}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{self.memory} is damaged; race again in another --workdir"
            ) from error
        for name, value in terms.items():
            if value != self.terms[name]:
                raise ConfigError(
                    f"the {name} was {value:g} when the confirmation began, and is not changed "
                    f"afterwards to {self.terms[name]:g}; race again in another --workdir"
                )
        return decided

    def _better_half(self, plans: Sequence[Plan], results: pd.DataFrame) -> list[Group]:
        """The better half of the rates of each activation, with as many seeds again."""
        groups: list[Group] = []
        of = results.groupby(NAMED, observed=True)
        for tried in chosen(plans, results):
            mine = of.get_group(tried.name)
            rates, seeds = statistics.ranked_rates(mine, ("activation", "depth"))
            if len(rates) > FINALISTS:
                kept = rates[: max(FINALISTS, math.ceil(len(rates) / 2))]
                fresh = unused(results["seed"], seeds)
                own = tried.cells.split_seeds
                product = [axis.ravel() for axis in np.meshgrid(kept, fresh, own, indexing="ij")]
                crossed = dict(zip(("learning_rate", "seed", "split_seed"), product, strict=True))
                if "split_seed" not in tried.cells.traced:
                    del crossed["split_seed"]
                groups.append(varying(len(groups), tried.cells, crossed))
        return groups

    def seeds(self, plans: Sequence[Plan], results: pd.DataFrame) -> int:
        """As many as the rest of the budget allows; decided once, before any of them is trained."""
        if known := self._remembered():
            return known["seeds"]
        settings = len(chosen(plans, results))
        left = self.started + self.budget - time.monotonic()
        affordable = left / max(self._pace * settings, 1e-9)
        seeds = int(np.clip(affordable, FEWEST, MOST))
        known = {"plans": len(plans), "seeds": seeds, "terms": dict(self.terms)}
        write_text(self.memory, json.dumps(known))
        return seeds
