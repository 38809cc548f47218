"""The values of a config's fields, as they are written: one, several, or a range in a text.

Nothing here imports jax.
"""

import itertools
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from acts_jax.errors import ConfigError
from acts_jax.suggestion import suggest
from acts_jax.words import shown

MOST_CELLS = 1_000_000  # of a sweep, and so values of a field, unless a flag raises it
NESTED = 8  # lists within lists, at most
LARGEST = 3.4e38  # what float32 can hold


def number_of(name: str, item: Any) -> float:
    """A number that float32 can hold, from a number or a text.

    Raises:
        ConfigError: If it is none.
    """
    try:
        number = float(item) if not isinstance(item, bool) else math.nan
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        number = math.nan
    if not abs(number) <= LARGEST:
        said = "numbers" if not math.isfinite(number) else f"numbers of at most {LARGEST:g}"
        raise ConfigError(f"{name} takes {said}, not {shown(item)}")
    return number


def distinct(name: str, values: list[Any]) -> list[Any]:
    """The values of a field or parameter.

    Raises:
        ConfigError: If one of them is there more than once.
    """
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise ConfigError(f"{name} lists {shown(value)} more than once")
        seen.add(value)
    return values


def items_of(name: str, value: Any, most: int = MOST_CELLS) -> list[Any]:
    """The values that a config entry or a command line text stands for.

    Args:
        name: What they are the values of, for an error.
        value: One value, a sequence, or a text in the notation of `make_config`.
        most: How many there may be; no more than these are ever made.

    Raises:
        ConfigError: If there are more, or a text cannot be read.
    """
    values = _items(name, value, most)
    items = list(itertools.islice(values, most))
    for _ in values:
        raise _too_many(name, most)
    return items


def _items(name: str, value: Any, most: int, depth: int = 0) -> Iterator[Any]:
    """The values one by one, in order."""
    if hasattr(value, "tolist"):  # NumPy's and jax's arrays, of one or more values
        value = value.tolist()
    if isinstance(value, (list, tuple, range)):
        if depth == NESTED:
            raise ConfigError(f"{name} has lists within lists, more than {NESTED} deep")
        for part in value:
            yield from _items(name, part, most, depth + 1)
    elif isinstance(value, str):
        for match in re.finditer(r"(\w+)\(([^()]*)\)|[^,()\[\]\s'\"]+", value):
            if match[1] is None:
                yield match[0]
            else:
                yield from _range(name, match[1], match[2], most)
    else:
        yield value


_RANGES = {"logspace": "1e-3, 1, 7", "linspace": "0, 1, 5", "range": "0, 5"}


def _range(name: str, function: str, arguments: str, most: int) -> Iterable[float]:
    """The values of `linspace(0, 1, 5)` and the like; see `_RANGES`."""
    if function not in _RANGES:
        near = suggest(function, _RANGES, 1)
        raise ConfigError(f"{name}: unknown range {shown(function)}{near}")
    try:
        numbers = [float(text) for text in arguments.split(",")]
        if function == "range":
            return range(*map(_whole, numbers))
        first, last, count = numbers
        if _whole(count) > most:
            raise _too_many(name, most)
        space = np.geomspace if function == "logspace" else np.linspace
        with np.errstate(all="ignore"):  # what is not finite is refused as a value
            values = space(first, last, _whole(count))
        # 12 digits keep 10 ** -2 from being written 0.010000000000000002.
        return [float(f"{value:.12g}") for value in values]
    except ConfigError:
        raise
    except (TypeError, ValueError, OverflowError):
        text = shown(f"{function}({arguments})")
        example = f"{function}({_RANGES[function]})"
        raise ConfigError(f"{name}: cannot read {text}; write it as {example}") from None


def _whole(number: float) -> int:
    """A number as an int; ValueError or OverflowError if it is none."""
    if number != int(number):
        raise ValueError(number)
    return int(number)


def _too_many(name: str, most: int) -> ConfigError:
    return ConfigError(f"{name} has more than {most:,} values; --most_cells raises this limit")
