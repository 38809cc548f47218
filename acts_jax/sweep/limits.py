"""Limits: how many cells and layers a sweep may have, counted before there are any.

Nothing here imports jax.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from acts_jax.errors import ConfigError
from acts_jax.suggestion import suggest
from acts_jax.sweep.config import FIELDS, LEARN, TRACED, parameter_prefix
from acts_jax.sweep.kinds import Kind
from acts_jax.words import shown

MOST_LAYERS = 4000  # to be compiled for all groups of a sweep, unless a flag raises it


def check_size(
    axes: Mapping[str, list],
    activations: Mapping[str, Any],
    settings: Mapping[str, Mapping[str, list]],
    models: Sequence[Kind],
    fields: Mapping[str, Mapping[str, list]],
    most_cells: int,
    most_layers: int,
) -> None:
    """Refuses more cells or layers than there may be, before there is any, and names the axes.

    `settings` holds the parameters of each activation, `fields` the own fields of each model.
    """
    shapes = []  # depths, and how many networks have them
    for model in models:
        own = math.prod(map(len, fields[model.name].values()))
        shapes += [(depth, own * widths) for depth, widths in _shapes(axes, model)]
    traced = math.prod(len(axes[name]) for name in TRACED if name != "momentum")
    momenta = sum(1 if o == "sgd" else len(axes["momentum"]) for o in axes["optimizer"])
    others = ("dataset", "preprocessing", "init", "layer_norm", "head", "batch_size", "epochs")
    programs = cells = 0
    for name, activation in activations.items():
        share = math.prod(len(axes[other]) for other in others) * len(_learning(axes, activation))
        programs += share * len(axes["optimizer"])
        cells += share * momenta * traced * math.prod(map(len, settings[name].values()))
    static = {name: values for name, values in axes.items() if FIELDS[name].axis == "static"}
    parameters = {
        f"{parameter_prefix(name)}.{parameter}": values
        for name, own in (*settings.items(), *fields.items())
        for parameter, values in own.items()
    }
    if cells * sum(widths for _, widths in shapes) > most_cells:
        largest = _largest(static | {name: axes[name] for name in TRACED} | parameters)
        raise ConfigError(f"more cells than --most_cells={most_cells:,} allows: {largest}")
    if programs * sum((depth + 1) * widths for depth, widths in shapes) > most_layers:
        depth = max(depth for depth, _ in shapes)
        raise ConfigError(
            f"more layers to compile than --most_layers={most_layers:,} allows: a depth of "
            f"{depth:,.12g}{_largest(static, ', ')}"
        )


def _shapes(axes: Mapping[str, list], model: Kind) -> list[tuple[int, int]]:
    """The depths that a model would have, each with the number of widths."""
    if axes["hidden_sizes"] != [None]:
        return [(1 + text.count("-"), 1) for text in axes["hidden_sizes"]]
    widths = len(axes["width"]) if "width" in model.knows else 1
    depths = axes["depth"] if "depth" in model.knows else [1]
    # A network without hidden layers has no width.
    return [(depth, widths if depth else 1) for depth in depths]


def _largest(axes: Mapping[str, list], before: str = "") -> str:
    """How many values those axes have that have the most."""
    several = sorted((len(values), name) for name, values in axes.items() if len(values) > 1)
    said = [f"{name} has {size:,} values" for size, name in several[:-4:-1]]
    return before + ", ".join(said) if said else ""


def _learning(axes: Mapping[str, list], activation: Any) -> set[tuple]:
    """The different ways to learn an activation's parameters; see `how_learned`."""
    chosen = itertools.product(axes["learn"], axes["share"], axes["decay_activations"])
    return {how_learned(activation, *settings) for settings in chosen}


def how_learned(
    activation: Any, learn: str, share: str, decays: bool
) -> tuple[tuple[str, ...], str, bool]:
    """Which parameters are learned, what shares them, and whether they decay.

    The name of a parameter says so for activations that have it, such as beta, or for one of them,
    such as swish.beta; others keep their default.
    Nothing is shared or decays where nothing is learned: one group, not several.
    """
    parameters = {"none": (), "all": activation.parameters}
    for name in activation.parameters:
        parameters |= dict.fromkeys((name, f"{parameter_prefix(activation.name)}.{name}"), (name,))
    learned = tuple(parameters.get(learn, activation.learned))
    return learned, share if learned else "layer", decays and bool(learned)


def check_learn(axes: Mapping[str, list], activations: Mapping[str, Any]) -> None:
    """Refuses to learn a parameter that no activation has."""
    known = dict.fromkeys(LEARN)
    for activation in activations.values():
        known |= dict.fromkeys(activation.parameters)
        prefix = parameter_prefix(activation.name)
        known |= dict.fromkeys(f"{prefix}.{name}" for name in activation.parameters)
    for name in axes["learn"]:
        if name not in known:
            raise ConfigError(f"unknown learn {shown(name)}{suggest(name, known, 1)}")
