"""The race of one activation against its rivals: tuned alike, then confirmed from fresh seeds."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import pandas as pd
from rich.console import Console

from acts_jax.activations import acceptance, catalogue
from acts_jax.activations.catalogue import Activation
from acts_jax.analysis import evidence
from acts_jax.benchmarks.step_time import step_seconds_of
from acts_jax.data import Dataset
from acts_jax.errors import CellError, ConfigError
from acts_jax.report import card
from acts_jax.sweep import launch, trainer
from acts_jax.sweep.config import parameter_prefix
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.halving import Halving
from acts_jax.sweep.limits import check_learn
from acts_jax.sweep.options import Options
from acts_jax.sweep.trainer import Trained
from acts_jax.sweep.values import items_of
from acts_jax.words import join

INPUTS = 4096  # at which the numerical error is measured


@dataclasses.dataclass(frozen=True)
class Race:
    """What came out.

    Attributes:
        mine: The activation that the verdict is on.
        card: Its shape, and the largest errors of its value and derivative.
        trained: Every network of the race.
        reported: What is reported of each activation, see `stages.by_stage`.
        comparisons: Of it with each rival, see `verdicts.compare`.
        step_seconds: Of a training step of one network, by activation and depth.
    """

    mine: str
    card: card.Card
    trained: Trained
    reported: pd.DataFrame
    comparisons: pd.DataFrame
    step_seconds: Mapping[tuple[str, int], float]


def race(
    options: Options,
    mine: str,
    rivals: Sequence[str],
    console: Console,
    *,
    budget: float = 300.0,
    margins: Mapping[str, float] = MappingProxyType({}),
) -> Race:
    """Tunes an activation and its rivals alike, then confirms each at its chosen setting.

    Every rival is compared once, with the networks of the confirmation alone, however long the race
    took: nothing is trained until the difference looks right.

    Args:
        options: What is trained; its activations are replaced.
        mine: A name of the catalogue, or "package.module:function".
        rivals: Names of others.
        console: Shows what goes on.
        budget: Seconds that tuning and confirmation may take together.
        margins: Largest differences that do not matter, see `verdicts.compare`.

    Raises:
        ConfigError: If the activation cannot be one, gives NaN, or is its own rival; see
            `trainer.train`.
        CellError: If no network of it, or of any rival, could be trained.
    """
    if not rivals:
        raise ConfigError("a verdict needs a rival; name some, such as --against=relu,gelu")
    if mine in rivals:
        raise ConfigError(f"{mine} cannot be its own rival; leave it out of --against")
    launch.configure(options.compilation_cache)  # before the function is tried, which uses jax
    try:
        activation = catalogue.get(mine)
        acceptance.accept(activation)
        acceptance.refuse_nan(activation)
        acceptance.accept_float64(activation)
        shape = _card(activation, {})
    except ValueError as error:
        raise ConfigError(str(error)) from error
    _refuse_more_tuning(options, activation)
    options = options.with_fields(
        activation=",".join([mine, *rivals]), learn=_learned(options, activation)
    )
    margin = {"margin": margins["margin"]} if "margin" in margins else {}
    strategy = Halving(budget, options.workdir / "confirmation.json", margin)
    trained = trainer.train(options, console, _check, stops_early=True, strategy=strategy)
    found = trained.confirmed
    survivors = set() if found is None else set(found["activation"])
    if mine not in survivors or len(survivors) == 1:
        who = mine if mine not in survivors else "any rival"
        raise CellError(f"no network of {who} could be trained to its end at any learning rate")
    chance = {name: dataset.chance for name, dataset in trained.datasets.items()}
    reported, comparisons, _ = evidence.weigh(
        trained.results, found, trained.examples, chance=chance, against=mine, **margins
    )
    parameters = _chosen(activation, reported[reported["activation"] == mine])
    return Race(
        mine,
        _card(activation, parameters) if parameters else shape,
        trained,
        reported,
        comparisons,
        step_seconds_of(_of(trained.plan, survivors), trained.datasets),
    )


def _refuse_more_tuning(options: Options, activation: Activation) -> None:
    """Refuses several values of a parameter: its rivals would be tuned less than it."""
    prefix = parameter_prefix(activation.name)
    for name, values in options.config.get(prefix, {}).items():
        if len(items_of(f"{prefix}.{name}", values)) > 1:
            raise ConfigError(
                f"a verdict tunes all activations alike: give {prefix}.{name} one value, or let it "
                f"be learned with --learn={name}"
            )


def _learned(options: Options, activation: Activation) -> str:
    """The config's `learn` as this activation alone has it: its rivals learn what is their own."""
    names = items_of("learn", options.config["learn"])
    check_learn({"learn": names}, {activation.name: activation})
    prefix = parameter_prefix(activation.name)
    return ",".join(f"{prefix}.{n}" if n in activation.parameters else n for n in names)


def _card(activation: Activation, parameters: Mapping[str, float]) -> card.Card:
    """The card of an activation, its errors measured if they can be."""
    return card.make(activation, parameters, inputs=INPUTS if activation.elementwise else 0)


def _chosen(activation: Activation, reported: pd.DataFrame) -> dict[str, float]:
    """The values of its parameters that were chosen, the same at every depth, but for defaults."""
    prefix, found = parameter_prefix(activation.name), {}
    for name, default in activation.defaults.items():
        values = set(reported.get(f"{prefix}.{name}", ()))
        if len(values) == 1 and values != {default}:
            found[name] = float(*values)
    return found


def _of(plan: Plan, names: Collection[str]) -> Plan:
    """The groups of some activations."""
    groups = tuple(group for group in plan.groups if group.static.activation in names)
    return dataclasses.replace(plan, groups=groups)


def _check(plan: Plan, datasets: Mapping[str, Dataset]) -> None:
    """Refuses several datasets or models, which would be several races."""
    for what, names in {"dataset": [*datasets], "model": plan.config["model"]}.items():
        if len(names) > 1:
            raise ConfigError(f"a verdict is on one {what}, not {len(names)}: {join(names)}")
