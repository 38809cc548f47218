"""Examples: a labelled set of arrays, and how its raw inputs become features."""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Examples(NamedTuple):
    """A labelled set, and how its raw inputs become features.

    Attributes:
      inputs: uint8 or float32 [n, features], as they are stored.
      labels: int32 [n] classes, or float32 [n] targets.
      scale: float32 [features]; a network sees inputs * scale + shift.
      shift: float32 [features].
      weights: float32 [n], under which every class counts alike, see `data.class_weights`; None
        for a regression, or where nobody asks for the balanced accuracy.
    """

    inputs: jax.Array
    labels: jax.Array
    scale: jax.Array
    shift: jax.Array
    weights: jax.Array | None = None

    def take(self, index: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Features [batch, features] float32 and labels [batch] of the examples at `index`."""
        return self.features(self.inputs[index]), self.labels[index]

    def features(self, inputs: jax.Array) -> jax.Array:
        """What a network sees of some raw inputs [batch, features]: float32 of the same shape."""
        inputs = inputs.astype(jnp.float32)
        scale, shift = (jnp.broadcast_to(a, inputs.shape) for a in (self.scale, self.shift))
        return inputs * scale + shift
