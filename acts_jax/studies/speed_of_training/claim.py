"""The claim about the speed of training, checked depth by depth."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console

from acts_jax.benchmarks.step_time import step_seconds_of
from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.studies import claims, requirements
from acts_jax.studies.claims import Check, Claim
from acts_jax.studies.speed_of_training import measure
from acts_jax.studies.speed_of_training.figures import figure
from acts_jax.studies.speed_of_training.measure import Ratios
from acts_jax.sweep import trainer
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.options import Options

MUCH = 2.0  # the ratio of steps, or of seconds, from which on it is "much faster"


class Measured(NamedTuple):
    """What the checks are about.

    Attributes:
        best: From `measure.at_best_rate`.
        seconds: (activation, depth) -> seconds of a step.
        shapes: Depth -> what the networks of it look like.
        budget: The steps that every network had.
    """

    best: pd.DataFrame
    seconds: Mapping[tuple[str, int], float]
    shapes: Mapping[int, str]
    budget: int


def study(options: Options, console: Console, *, loss: float = 0.2) -> Claim:
    """Train to a loss in nats, above 0; time a step of each program; compare sigmoid and relu."""
    trained = trainer.train(options, console, check)
    curves = trained.curves[trained.curves["metric"] == "train_loss"]
    budget = int(trained.results["steps"].max())
    best = measure.at_best_rate(measure.steps_to(curves, loss))
    seconds = step_seconds_of(trained.plan, trained.datasets)

    found = Measured(best, seconds, shapes(trained.plan), budget)
    table = measure.summarise(best, seconds, trained.plan.config["learning_rate"])
    return Claim(
        name="speed_of_training",
        title="ReLU trains faster than the sigmoid",
        text="ReLU trains much faster than the sigmoid in large networks.",
        checks=tuple(checks(found)),
        summary=summary(table, loss, budget),
        figures={"speed_of_training": figure(curves, best, loss, budget)},
        numbers={"loss": loss, "budget": budget, "steps": best, "summary": table},
        table=shown(table),
    )


def checks(found: Measured) -> Iterator[Check]:
    """Check, depth by depth, whether the sigmoid takes much longer than relu."""
    for depth in sorted(found.best["depth"].unique()):
        steps = measure.ratios(found.best, depth, found.budget)
        said = f"{found.shapes[depth]}: the sigmoid takes at least {MUCH:g} times the {{}} of relu"
        said += steps.caveat(found.budget)
        yield much_faster(said.format("steps"), steps)
        factor = found.seconds["sigmoid", depth] / found.seconds["relu", depth]
        yield much_faster(said.format("seconds"), steps.times(factor))


def check(plan: Plan, datasets: Mapping[str, Dataset]) -> None:
    """Refuse a sweep without both functions, or with more than depths to tell apart."""
    requirements.check(
        plan,
        datasets,
        classes=False,
        needs={"activation": ("sigmoid", "relu")},
        fixed_parameters=True,
        free=("activation", "depth", "hidden_sizes", "learning_rate", "seed"),
    )
    shapes(plan)


def shapes(plan: Plan) -> dict[int, str]:
    """Describe the hidden layers by depth: "depth 3, 32 units", "depth 2, 64-32".

    Raises:
        ConfigError: If networks of one depth differ in their hidden layers.
    """
    described = {}
    for widths in {group.static.hidden_sizes for group in plan.groups}:
        depth = len(widths)
        if depth in described:
            raise ConfigError("this experiment takes one shape of the hidden layers for each depth")
        alike = len(set(widths)) < 2
        units = f"{widths[0] if widths else 0} units" if alike else "-".join(map(str, widths))
        described[depth] = f"depth {depth}, {units}"
    return described


def much_faster(statement: str, found: Ratios) -> Check:
    """Check that the geometric mean of ratios is at least `MUCH`, unless the budget decides it.

    Understated ratios can hold but not fail, overstated ones fail but not hold, and where no
    network got there nothing is decided.
    """
    check = claims.at_least(statement, "much faster", found.log2, np.log2(MUCH))
    biased = found.overstated if check.holds else found.understated
    return dataclasses.replace(
        check,
        measured=float(2**check.measured),
        interval=tuple(2**end for end in check.interval),
        holds=None if biased else check.holds,
        threshold=f"at least {MUCH:g} times",
        format=".2f",
        unit=" times",
    )


def summary(table: pd.DataFrame, loss: float, budget: int) -> str:
    """Say what the table of `measure.summarise` has of sigmoid and relu, depth by depth."""
    parts = []
    for depth, rows in table.groupby("depth"):
        told = []
        for name in ("relu", "sigmoid"):
            row = rows[rows["activation"] == name].iloc[0]
            missed = row["cells"] - row["reached"]
            within = f"in {row['steps']:.0f} steps of {row['milliseconds']:.3f} ms"
            lost = f"not within {budget} steps in {missed} of {row['cells']} networks"
            told.append(f"{name} {lost if missed else within}")
        parts.append(f"depth {depth}: " + ", ".join(told))
    fastest = table.dropna(subset="steps").sort_values("steps").groupby("depth").first()
    first = ", ".join(f"{row.activation} at depth {row.Index}" for row in fastest.itertuples())
    told = f"A training loss of {loss:g} is reached at " + "; ".join(parts) + "."
    return told + (f" In the fewest steps: {first}." if first else "")


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """Write the table of `measure.summarise` as a terminal and a page show it."""
    spans = zip(table["low"], table["high"], strict=True)
    counts = zip(table["reached"], table["cells"], strict=True)
    return pd.DataFrame(
        {
            "depth": table["depth"],
            "activation": table["activation"],
            "rate": table["learning_rate"],
            "edge": table["edge"],
            "reached": [f"{reached}/{cells}" for reached, cells in counts],
            "steps": table["steps"],
            "95%": ["–" if np.isnan(low) else f"{low:.0f} to {high:.0f}" for low, high in spans],
            "µs/step": 1e3 * table["milliseconds"],
            "ms": 1e3 * table["seconds"],
        }
    )
