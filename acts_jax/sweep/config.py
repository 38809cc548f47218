"""The config of a sweep: its fields, and how their values are written, read and checked.

Nothing here imports jax.
"""

import ast
import copy
import dataclasses
import math
import os
import re
import runpy
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ml_collections import config_dict

from acts_jax.errors import ConfigError
from acts_jax.suggestion import suggest


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
    """

    default: Any
    type: type
    axis: str | None
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False


FIELDS: dict[str, Field] = {
    # Data
    "dataset": Field("digits", str, "static"),
    "preprocessing": Field("unit", str, "static", ("unit", "symmetric", "standardize")),
    "validation_fraction": Field(0.1, float, None, (), 0.0, 0.5, open_low=True, open_high=True),
    # Network
    "activation": Field("relu", str, "static"),
    "learn": Field("default", str, "static", ("default", "none", "all")),
    "share": Field("layer", str, "static", ("network", "layer", "channel")),
    "depth": Field(2, int, "static", low=0),
    "width": Field(64, int, "static", low=1),
    "hidden_sizes": Field(None, str, "static"),
    "init": Field(
        "lecun_normal",
        str,
        "static",
        ("lecun_normal", "he_normal", "glorot_uniform", "torch_default", "critical"),
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
    "epochs": Field(30, int, "static", low=1),
    "evals": Field(10, int, None, low=1),
    "eval_spacing": Field("linear", str, None, ("linear", "geometric")),
    "patience": Field(0, int, None, low=0),
    "seed": Field(0, int, "traced", low=0, high=2**31 - 1),
    # Results
    "record": Field("metrics", str, None, ("metrics", "units", "parameters")),
}

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
    """The config that a file's `get_config()` gives.

    Raises:
        ConfigError: If there is no such file, or no such function in it.
    """
    if not Path(path).is_file():
        known = ", ".join(sorted(map(str, Path("configs").glob("[a-z]*.py"))))
        raise ConfigError(f"no config file {str(path)!r}; there are {known or 'none in configs/'}")
    module: dict[str, Any] = runpy.run_path(os.fspath(path))
    if "get_config" not in module:
        raise ConfigError(f"config file {path} has no function get_config()")
    return module["get_config"]()


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
    """What the parameters of a config's activations are called by."""
    return set(map(parameter_prefix, items_of("activation", config["activation"])))


def _set_field(config: config_dict.ConfigDict, path: str, text: str) -> None:
    """Sets one field: `learning_rate`, or `leaky_relu.negative_slope`."""
    name, _, parameter = path.partition(".")
    if not parameter:
        if name not in FIELDS:
            raise ConfigError(f"unknown config field {name!r}{suggest(name, FIELDS, 1)}")
        config[name] = text
    elif name in FIELDS:
        raise ConfigError(f"config field {name!r} has no field {parameter!r} inside it")
    else:
        chosen = dict(config.get(name) or {})
        config[name] = config_dict.FieldReference(chosen | {parameter: text}, field_type=object)


def expand(name: str, value: Any) -> list[Any] | Any:
    """All values of one field, each of the field's type and within its bounds.

    Args:
        name: A field of `FIELDS`.
        value: One value, a sequence, or a text in the notation of `make_config`; or what this gave.

    Returns:
        A list for an axis, the bare value for a setting of the whole sweep.
    """
    field = FIELDS[name]
    if field.default is None and value in (None, [None]):
        return [None]
    values = [_convert(name, field, item) for item in items_of(name, value)]
    if not values:
        raise ConfigError(f"{name} has no values; give at least one, such as {field.default!r}")
    if len(set(values)) < len(values):
        twice = next(v for v in values if values.count(v) > 1)
        raise ConfigError(f"{name} lists {twice!r} more than once")
    if field.axis is None:
        if len(values) > 1:
            raise ConfigError(f"{name} takes one value for the whole sweep, not {len(values)}")
        return values[0]
    return values


def _convert(name: str, field: Field, item: Any) -> Any:
    """One value of a field, checked."""
    if field.type is str:
        if not isinstance(item, str):
            raise ConfigError(f"{name} takes names, not {item!r}")
        if field.choices and item not in field.choices:
            raise ConfigError(f"unknown {name} {item!r}{suggest(item, field.choices, 1)}")
        return item
    if field.type is bool:
        value = {"true": True, "false": False}.get(str(item).lower())
        if value is None:
            raise ConfigError(f"{name} is true or false, not {item!r}")
        return value
    number = number_of(name, item)
    if field.type is int:
        if number != int(number):
            raise ConfigError(f"{name} takes whole numbers, not {item!r}")
        number = int(number)
    too_low = number <= field.low if field.open_low else number < field.low
    too_high = number >= field.high if field.open_high else number > field.high
    if too_low or too_high:
        low = ("greater than " if field.open_low else "at least ") + f"{field.low:g}"
        high = (" and less than " if field.open_high else " and at most ") + f"{field.high:g}"
        bounds = low + (high if field.high < math.inf else "")
        raise ConfigError(f"{name} must be {bounds}, not {item}")
    return number


def number_of(name: str, item: Any) -> float:
    """A finite number, from a number or a text."""
    try:
        number = float(item) if not isinstance(item, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{name} takes numbers, not {item!r}")
    return number


_RANGES: dict[str, Callable[..., Iterable[float]]] = {
    # 12 digits keep 10 ** -2 from being written 0.010000000000000002.
    "logspace": lambda a, b, n: [
        float(f"{v:.12g}") for v in np.geomspace(float(a), float(b), int(n))
    ],
    "linspace": lambda a, b, n: [
        float(f"{v:.12g}") for v in np.linspace(float(a), float(b), int(n))
    ],
    "range": lambda *bounds: list(range(*map(int, bounds))),
}


def items_of(name: str, value: Any) -> Sequence[Any]:
    """The values that a config entry or a command line text stands for."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple, range)):
        return [item for part in value for item in items_of(name, part)]
    if not isinstance(value, str):
        return [value]
    items = []
    for text in re.findall(r"\w+\([^)]*\)|[^,()\[\]\s'\"]+", value):
        call = re.fullmatch(r"(\w+)\((.*)\)", text)
        if call is None:
            items.append(text)
            continue
        function, arguments = call.groups()
        if function not in _RANGES:
            raise ConfigError(f"{name}: unknown range {function!r}{suggest(function, _RANGES, 1)}")
        try:
            items += _RANGES[function](*(ast.literal_eval(a) for a in arguments.split(",")))
        except (TypeError, ValueError, SyntaxError):
            example = {"logspace": "1e-3, 1, 7", "linspace": "0, 1, 5", "range": "0, 5"}[function]
            raise ConfigError(
                f"{name}: cannot read {text!r}; write it as {function}({example})"
            ) from None
    return items


def dereferenced(value: Any) -> Any:
    """The value behind an ml_collections reference."""
    if isinstance(value, config_dict.FieldReference):
        value = value.get()
    return value.to_dict() if isinstance(value, config_dict.ConfigDict) else value
