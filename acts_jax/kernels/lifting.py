"""How a factor is kept from flushing to 0 before the result does.

It is computed 2^LIFT times too large: its name says `lifted`, its docstring where. `unlift` gives
the product its size back.
"""

import jax
import jax.numpy as jnp

LIFT = 40


def lift(x: jax.Array) -> jax.Array:
    """x, 2^LIFT times too large."""
    return x * 2.0**LIFT


def unlift(x: jax.Array) -> jax.Array:
    """Undo `lift`."""
    return x * 2.0**-LIFT


def lift_left(x: jax.Array, value: jax.Array) -> jax.Array:
    """The value, lifted for x < 0."""
    return value * jnp.where(x < 0, 2.0**LIFT, 1.0)


def unlift_left(x: jax.Array, value: jax.Array) -> jax.Array:
    """Undo `lift_left`."""
    return value * jnp.where(x < 0, 2.0**-LIFT, 1.0)
