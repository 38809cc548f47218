"""The gates of gated linear units: a times a gate of b."""

import jax
import jax.numpy as jnp

from acts_jax.kernels import logistic, normal
from acts_jax.kernels.derivatives import Pieces, with_derivatives


def _gated_by(gate, slope):
    derivatives = (lambda a, b: gate(b)), (lambda a, b: a * slope(b))
    return with_derivatives(*derivatives, together=True)(lambda a, b: a * gate(b))


glu = _gated_by(logistic.sigmoid, logistic.sigmoid_slope)
geglu = _gated_by(normal.gelu, normal.gelu_slope)
swiglu = _gated_by(logistic.silu, logistic.silu_slope)


@with_derivatives(
    lambda a, b: Pieces(~(b <= 0), jnp.maximum(b, 0), 0),
    lambda a, b: Pieces(~(b <= 0), a, 0),
    together=True,
)
def reglu(a: jax.Array, b: jax.Array) -> jax.Array:
    """a max(b, 0)."""
    return a * jnp.maximum(b, 0)
