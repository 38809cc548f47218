"""The config of a sweep: its fields, and how they are given, read and checked.

Nothing here imports jax.
"""

import contextlib
import copy
import dataclasses
import math
import os
import runpy
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_collections import config_dict

from acts_jax.errors import ConfigError
from acts_jax.suggestion import suggest
from acts_jax.sweep.values import MOST_CELLS, distinct, items_of, number_of
from acts_jax.words import raised_by, shown


@dataclasses.dataclass(frozen=True)
class Field:
    """One hyperparameter of a sweep: its default and what it may be.

    Attributes:
        default: Value (or values) used where the config says nothing.
        type: Type of one value: str, int, float or bool.
        axis: "static" (a value changes the compiled program), "traced" (it does not), or
            None for a setting of the whole sweep, which takes a single value.
        choices: The allowed values, where they are few.
        low: Smallest allowed number; excluded when `open_low`.
        high: Largest allowed number; excluded when `open_high`.
        open_low: Whether `low` itself is refused.
        open_high: Whether `high` itself is refused.
        or_own: Whether "package.module:Name", one's own, is allowed beside `choices`.
    """

    default: Any
    type: type
    axis: str | None
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    or_own: bool = False


FIELDS: dict[str, Field] = {
    # Data
    "dataset": Field("digits", str, "static"),
    "preprocessing": Field("unit", str, "static", ("unit", "symmetric", "standardize")),
    "validation_fraction": Field(0.1, float, None, (), 0.0, 0.5, open_low=True, open_high=True),
    "split_seed": Field(0, int, "traced", low=0, high=2**31 - 1),
    # Network
    "model": Field("mlp", str, "static", ("mlp", "resmlp", "cnn", "vit"), or_own=True),
    "activation": Field("relu", str, "static"),
    "learn": Field("default", str, "static"),  # LEARN, or the name of a parameter
    "share": Field("layer", str, "static", ("network", "layer", "channel")),
    "depth": Field(2, int, "static", low=0),
    "width": Field(64, int, "static", low=1, high=1_000_000),
    "hidden_sizes": Field(None, str, "static"),
    "init": Field(
        "lecun_normal",
        str,
        "static",
        ("lecun_normal", "he_normal", "glorot_uniform", "torch_default", "second_moment"),
    ),
    "init_gain": Field(1.0, float, "traced", low=0.0, open_low=True),
    "layer_norm": Field(False, bool, "static"),
    "head": Field("auto", str, "static", ("auto", "softmax", "sigmoid", "linear")),
    # Optimizer
    "optimizer": Field("momentum", str, "static", ("sgd", "momentum", "adam", "adamw")),
    "learning_rate": Field(0.1, float, "traced", low=0.0),
    "momentum": Field(0.9, float, "traced", low=0.0, high=1.0, open_high=True),
    "weight_decay": Field(0.0, float, "traced", low=0.0),
    "decay_activations": Field(False, bool, "static"),
    # Schedule
    "batch_size": Field(64, int, "static", low=1),
    "epochs": Field(30, int, "static", low=1, high=10_000_000),
    "evals": Field(10, int, None, low=1, high=100_000),
    "eval_spacing": Field("linear", str, None, ("linear", "geometric")),
    "patience": Field(0, int, None, low=0, high=100_000),
    "seed": Field(0, int, "traced", low=0, high=2**31 - 1),
    # Results
    "record": Field("metrics", str, None, ("metrics", "units", "parameters", "examples")),
}

LEARN = ("default", "none", "all")

TRACED = tuple(name for name, field in FIELDS.items() if field.axis == "traced")


def make_config(**fields: Any) -> config_dict.ConfigDict:
    """A sweep's config: the fields given, and the default of every other one.

    Args:
        **fields: Fields of `FIELDS`, each one value, a sequence of values, or a text such as
            "0.01,0.1" or "logspace(1e-3, 1, 7)". An activation's name holds a mapping of its
            parameters: `leaky_relu=dict(negative_slope=(0.01, 0.1))`.

    Returns:
        A `ConfigDict` that takes any type on assignment. It is checked when it is planned.
    """
    config = config_dict.ConfigDict(convert_dict=False)
    for name, value in ({n: f.default for n, f in FIELDS.items()} | fields).items():
        config[name] = config_dict.FieldReference(value, field_type=object)
    return config


def read_config(path: str | os.PathLike) -> config_dict.ConfigDict:
    """The config that a file's `get_config()` gives, fields that it lacks at their defaults.

    The file may import others beside it.

    Raises:
        ConfigError: If there is no such file, it has no such function, this gives something else
            than fields by name, or anything is raised.
    """
    if not Path(path).is_file():
        known = ", ".join(sorted(map(str, Path("configs").glob("[a-z]*.py"))))
        what = f"no config file {shown(os.fspath(path))}"
        raise ConfigError(f"{what}; there are {known or 'none in configs/'}")
    try:
        with _importing_from(Path(path).absolute().parent):
            module = runpy.run_path(os.fspath(path))
            if "get_config" not in module:
                raise ConfigError(f"config file {path} has no function get_config()")
            found = module["get_config"]()
            if isinstance(found, config_dict.ConfigDict):
                found = {name: dereferenced(found[name]) for name in found}
    except (ConfigError, KeyboardInterrupt):
        raise
    except BaseException as error:  # whatever a user's file may raise, SystemExit among them
        raise ConfigError(f"config file {path} cannot be used: {raised_by(error)}") from error
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise ConfigError(
            f"config file {path} cannot be used: get_config() gives {shown(found)}, not "
            "make_config(FIELD=VALUES, ...)"
        )
    return make_config(**found)


@contextlib.contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Finds modules in a folder, too, after all others, inside this context."""
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def with_fields(
    config: config_dict.ConfigDict, changes: Iterable[tuple[str, str]]
) -> config_dict.ConfigDict:
    """A copy of a config with some fields changed, as the command line changes them.

    The parameters of an activation that is no longer in the config go with it, unless one of the
    changes names them: that is a mistake which planning can tell.

    Args:
        config: As made by `make_config`.
        changes: Fields, `learning_rate` or `leaky_relu.negative_slope`, and their values as texts.

    Raises:
        ConfigError: If one names neither a field nor `<activation>.<parameter>`.
    """
    chosen, before, named = copy.deepcopy(config), _prefixes(config), set()
    for path, text in changes:
        _set_field(chosen, path, text)
        named.add(path.partition(".")[0])
    for name in (before - _prefixes(chosen) - named).intersection(chosen):
        del chosen[name]
    return chosen


def parameter_prefix(activation: str) -> str:
    """What qualifies an activation's parameters in flags and columns: `leaky_relu.slope`.

    A user's own "package.module:function" is qualified by the function's name.
    """
    return activation.rpartition(":")[2]


def _prefixes(config: config_dict.ConfigDict) -> set[str]:
    """What the parameters of a config's activations, and the fields of its models, go by."""
    names = [n for what in ("activation", "model") for n in items_of(what, config[what])]
    return {parameter_prefix(name) for name in names if isinstance(name, str)}


def _set_field(config: config_dict.ConfigDict, path: str, text: str) -> None:
    """Sets one field: `learning_rate`, or `leaky_relu.negative_slope`."""
    name, _, parameter = path.partition(".")
    if not parameter:
        if name not in FIELDS:
            raise ConfigError(f"unknown config field {shown(name)}{suggest(name, FIELDS, 1)}")
        config[name] = text
    elif name in FIELDS:
        raise ConfigError(f"config field {name!r} has no field {shown(parameter)} inside it")
    else:
        chosen = dereferenced(config.get(name)) or {}
        # What a ConfigDict has itself, such as `items`, cannot be set in one.
        if not isinstance(chosen, Mapping) or hasattr(config_dict.ConfigDict, name):
            raise ConfigError(f"{shown(name)} is no activation or model that has anything to set")
        chosen = {**chosen, parameter: text}
        config[name] = config_dict.FieldReference(chosen, field_type=object)


def expand(name: str, value: Any, most: int = MOST_CELLS) -> list[Any] | Any:
    """All values of one field, each of the field's type and within its bounds.

    Args:
        name: A field of `FIELDS`.
        value: One value, a sequence, or a text in the notation of `make_config`; or what this gave.
        most: How many it may have.

    Returns:
        A list for an axis, the bare value for a setting of the whole sweep.
    """
    field = FIELDS[name]
    if field.default is None and value in (None, [None]):
        return [None]
    values = values_of(name, field, value, most)
    if field.axis is None:
        if len(values) > 1:
            raise ConfigError(f"{name} takes one value for the whole sweep, not {len(values)}")
        return values[0]
    return values


def values_of(name: str, field: Field, value: Any, most: int = MOST_CELLS) -> list[Any]:
    """All values of a field, each of the field's type and within its bounds; see `expand`."""
    values = distinct(name, [_convert(name, field, item) for item in items_of(name, value, most)])
    if not values:
        raise ConfigError(f"{name} has no values; give at least one, such as {field.default!r}")
    return values


def _convert(name: str, field: Field, item: Any) -> Any:
    """One value of a field, checked."""
    if field.type is str:
        if not isinstance(item, str):
            raise ConfigError(f"{name} takes names, not {shown(item)}")
        own = field.or_own and ":" in item
        if field.choices and item not in field.choices and not own:
            raise ConfigError(f"unknown {name} {shown(item)}{suggest(item, field.choices, 1)}")
        return item
    if field.type is bool:
        word = str(item).lower() if isinstance(item, (str, bool)) else ""
        if word not in ("true", "false"):
            raise ConfigError(f"{name} is true or false, not {shown(item)}")
        return word == "true"
    number = number_of(name, item)
    if field.type is int:
        if number != int(number):
            raise ConfigError(f"{name} takes whole numbers, not {shown(item)}")
        number = int(number)
    too_low = number <= field.low if field.open_low else number < field.low
    too_high = number >= field.high if field.open_high else number > field.high
    if too_low or too_high:
        low = ("greater than " if field.open_low else "at least ") + f"{field.low:,.12g}"
        high = (" and less than " if field.open_high else " and at most ") + f"{field.high:,.12g}"
        bounds = low + (high if field.high < math.inf else "")
        raise ConfigError(f"{name} must be {bounds}, not {number:.12g}")
    return number


def dereferenced(value: Any) -> Any:
    """The value behind an ml_collections reference."""
    if isinstance(value, config_dict.FieldReference):
        value = value.get()
    return value.to_dict() if isinstance(value, config_dict.ConfigDict) else value
