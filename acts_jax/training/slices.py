"""Sets of examples laid out in slices of one width, to be walked through in one loop."""

import dataclasses
import functools
import math
from typing import NamedTuple

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
    jax.tree_util.register_dataclass, data_fields=["rows"], meta_fields=["sizes", "width"]
)
@dataclasses.dataclass(frozen=True)
class Slices:
    """Several sets of examples that share scale and shift, one behind the other.

    Each is filled up to whole slices by repeating one of its examples, which changes no maximum;
    sums leave out what is not `real`. The first set starts at row 0, so that an index of an example
    is that of its row. A pytree; `rows` is its content.

    Attributes:
        rows: All examples, [slices * width].
        sizes: Examples of each set.
        width: Examples of a slice: WIDTH, or the size of the largest set if that is less.
    """

    rows: Examples
    sizes: tuple[int, ...]
    width: int

    def walk(self) -> Slice:
        """All slices, with a leading axis to scan over."""
        counts = [math.ceil(size / self.width) for size in self.sizes]
        owner = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        room = (np.arange(count * self.width) for count in counts)
        real = np.concatenate([i < size for i, size in zip(room, self.sizes, strict=True)])
        columns = self.rows.inputs, self.rows.labels, self.rows.weights
        inputs, labels, weights = jax.tree.map(
            lambda column: column.reshape(-1, self.width, *column.shape[1:]), columns
        )
        return Slice(inputs, labels, weights, real.reshape(-1, self.width), owner)


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
