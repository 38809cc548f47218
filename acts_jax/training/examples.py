"""Examples: a labelled set of arrays, and how its raw inputs become features."""

import dataclasses
import functools

import jax
import jax.numpy as jnp


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["inputs", "labels", "scale", "shift", "weights"],
    meta_fields=["shape"],
)
@dataclasses.dataclass(frozen=True)
class Examples:
    """A labelled set, and how its raw inputs become what a network sees. A pytree.

    Attributes:
        inputs: uint8 or float32 [n, features], as they are stored: rows are the fastest to gather.
        labels: int32 [n] classes, or float32 [n] targets.
        scale: float32 [features]; a network sees inputs * scale + shift.
        shift: float32 [features].
        weights: float32 [n], under which every class counts alike, see `data.class_weights`; None
            for a regression, or where nobody asks for the balanced accuracy.
        shape: Of one input, as a network sees it, such as (8, 8, 1); None for [features].
    """

    inputs: jax.Array
    labels: jax.Array
    scale: jax.Array
    shift: jax.Array
    weights: jax.Array | None = None
    shape: tuple[int, ...] | None = None

    def take(self, index: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Features [batch, *shape] float32 and labels [batch] of the examples at `index`."""
        return self.features(self.inputs[index]), self.labels[index]

    def features(self, inputs: jax.Array) -> jax.Array:
        """What a network sees of some raw inputs [batch, features]: float32 [batch, *shape]."""
        inputs = inputs.astype(jnp.float32)
        scale, shift = (jnp.broadcast_to(a, inputs.shape) for a in (self.scale, self.shift))
        seen = inputs * scale + shift
        return seen if self.shape is None else seen.reshape(len(seen), *self.shape)
