"""Sets of examples laid out in slices of one width, to be walked through in one loop."""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.training import Examples

WIDTH = 256  # examples whose activations are held at once


class Slice(NamedTuple):
    """One slice, or all of them with a leading axis.

    Attributes:
        inputs: [width, features], as they are stored.
        labels: [width].
        weights: float32 [width], as in `Examples`, or None.
        real: bool [width], False for the copies that fill the slice up.
        owner: int32 scalar, which set it is of.
    """

    inputs: jax.Array
    labels: jax.Array
    weights: jax.Array | None
    real: jax.Array | np.ndarray
    owner: jax.Array | np.ndarray


@functools.partial(
    jax.tree_util.register_dataclass, data_fields=["rows", "start"], meta_fields=["sizes", "width"]
)
@dataclasses.dataclass(frozen=True)
class Slices:
    """Several sets of examples that share scale and shift, one behind the other.

    Each is filled up to whole slices by repeating one of its examples, which changes no maximum;
    sums leave out what is not `real`. The first set starts at row 0, so that an index of an example
    is that of its row. A pytree; `rows` is its content.

    Of `stack` several divisions of a dataset into the same sizes lie one behind the other, and
    `of` points at one of them, without a copy.

    Attributes:
        rows: All examples, [slices * width], or [divisions * slices * width].
        sizes: Examples of each set.
        width: Examples of a slice: WIDTH, or the size of the largest set if that is less.
        start: Row at which the division that is meant starts, a scalar; None for 0, of only one.
    """

    rows: Examples
    sizes: tuple[int, ...]
    width: int
    start: jax.Array | None = None

    @property
    def divisions(self) -> int:
        """How many lie one behind the other."""
        return 1 if self.rows.scale.ndim == 1 else len(self.rows.scale)

    @property
    def counts(self) -> list[int]:
        """Slices of each set."""
        return [math.ceil(size / self.width) for size in self.sizes]

    @property
    def owner(self) -> np.ndarray:
        """Which set each slice is of, int32 [slices]."""
        return np.repeat(np.arange(len(self.sizes), dtype=np.int32), self.counts)

    def of(self, division: jax.Array | None) -> "Slices":
        """The sets of one of the divisions of `stack`; what there is for None."""
        if division is None:
            return self
        rows = dataclasses.replace(
            self.rows, scale=self.rows.scale[division], shift=self.rows.shift[division]
        )
        return dataclasses.replace(
            self, rows=rows, start=division * (sum(self.counts) * self.width)
        )

    def index(self, example: jax.Array) -> jax.Array:
        """The rows of some examples of the first set."""
        return example if self.start is None else self.start + example

    def walk(self) -> Slice:
        """All slices with a leading axis; of several divisions, the examples of all."""
        room = (np.arange(count * self.width) for count in self.counts)
        real = np.concatenate([i < size for i, size in zip(room, self.sizes, strict=True)])
        columns = self.rows.inputs, self.rows.labels, self.rows.weights
        inputs, labels, weights = jax.tree.map(
            lambda column: column.reshape(-1, self.width, *column.shape[1:]), columns
        )
        return Slice(inputs, labels, weights, real.reshape(-1, self.width), self.owner)

    def scan(self, body: Callable[[Any, Slice], tuple], start: Any) -> tuple[Any, Any]:
        """`jax.lax.scan` of a body over the slices of the division that is meant."""
        every = self.walk()
        if self.start is None:
            return jax.lax.scan(body, start, every)
        first, examples = self.start // self.width, (every.inputs, every.labels, every.weights)

        def of_division(carry, place):
            number, real, owner = place
            # Read slice by slice: a copy of the whole division would be one for every network.
            own = jax.tree.map(lambda column: column[first + number], examples)
            return body(carry, Slice(*own, real, owner))

        places = np.arange(len(every.owner), dtype=np.int32), every.real, every.owner
        return jax.lax.scan(of_division, start, places)


def join(*sets: Examples) -> Slices:
    """Sets that share scale and shift as one; of NumPy arrays where theirs are, on the host."""
    sizes = tuple(len(examples.labels) for examples in sets)
    width = min(WIDTH, max(sizes))
    on_host = isinstance(sets[0].labels, np.ndarray)
    concatenate, repeat = (np.concatenate, np.repeat) if on_host else (jnp.concatenate, jnp.repeat)

    def column(*parts):
        filled = []
        for part in parts:
            missing = -len(part) % width
            filled += [part, repeat(part[-1:], missing, axis=0)] if missing else [part]
        return filled[0] if len(filled) == 1 else concatenate(filled)

    columns = [(s.inputs, s.labels, s.weights) for s in sets]
    inputs, labels, weights = jax.tree.map(column, *columns)
    rows = dataclasses.replace(sets[0], inputs=inputs, labels=labels, weights=weights)
    return Slices(rows, sizes, width)


def stack(divisions: Sequence[Slices]) -> Slices:
    """Divisions of a dataset into sets of the same sizes, one behind the other; on the host.

    A single one stays as it is. What a network sees of the inputs of each is its own matter:
    `rows.scale` and `rows.shift` are float32 [divisions, features], for `Slices.of`.
    """
    first = divisions[0]
    if len(divisions) == 1:
        return first
    rows = [division.rows for division in divisions]
    columns = [(own.inputs, own.labels, own.weights) for own in rows]
    inputs, labels, weights = jax.tree.map(lambda *parts: np.concatenate(parts), *columns)
    scale, shift = jax.tree.map(
        lambda *parts: np.stack(parts), *[(own.scale, own.shift) for own in rows]
    )
    whole = dataclasses.replace(
        rows[0], inputs=inputs, labels=labels, weights=weights, scale=scale, shift=shift
    )
    return dataclasses.replace(first, rows=whole)
