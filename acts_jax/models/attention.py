"""Self-attention of several heads."""

import functools
import math

import jax
import jax.numpy as jnp
from flax import linen as nn

from acts_jax.models.layer import evaluate
from acts_jax.models.weights import Dense


class SelfAttention(nn.Module):
    """`flax.linen.MultiHeadDotProductAttention` of tokens among themselves.

    Attributes:
        heads: a divisor of the width of the tokens.
        initializer, scale: as in `Dense`, of all four kernels.
    """

    heads: int
    initializer: str
    scale: float | jax.Array = 1.0

    @nn.compact
    def __call__(self, x):
        """[batch, tokens, width] -> [batch, tokens, width]."""
        width = x.shape[-1]
        dense = functools.partial(Dense, initializer=self.initializer, scale=self.scale)
        heads = self.heads, width // self.heads
        projected = (dense(heads, name=name)(x) for name in ("query", "key", "value"))
        return dense((width,), axes=2, name="out")(evaluate(attend, *projected))


def attend(query: jax.Array, key: jax.Array, value: jax.Array) -> jax.Array:
    """Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762, equation 1).

    Args:
        query: [batch, tokens, heads, features].
        key: the same.
        value: the same.

    Returns:
        [batch, tokens, heads, features], means of the values.
    """
    scaled = query / math.sqrt(query.shape[-1])
    weights = jax.nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", scaled, key))
    return jnp.einsum("bhqk,bkhd->bqhd", weights, value)
