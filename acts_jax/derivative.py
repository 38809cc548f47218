"""The elementwise derivative of any order of a scalar activation."""

import operator
from collections.abc import Callable

import jax
import jax.numpy as jnp


def derivative(f: Callable, order: int = 1) -> Callable:
    """The elementwise nth derivative of an activation.

    Reverse mode, as in training: so it also takes functions that define only a `custom_vjp`.

    Args:
        f: elementwise, f(x, **parameters); a function or an `Activation`.
        order: 0 or more; 0 gives f itself.

    Returns:
        A function of (x, **parameters) with x's shape and dtype (integers become floats);
        it works under jit, vmap and grad. At a kink it has the value that grad has there.

    Raises:
        ValueError: if order is not an integer, or negative.
    """
    if isinstance(order, bool) or not hasattr(order, "__index__") or operator.index(order) < 0:
        raise ValueError(f"order must be an integer, 0 or more, got {order!r}.")
    for _ in range(order):
        f = _first(f)
    return f


def _first(f: Callable) -> Callable:
    """f': the pullback of ones, since the Jacobian of an elementwise function is diagonal."""

    def slope(x, **parameters):
        x = jnp.asarray(x)
        if not jnp.issubdtype(x.dtype, jnp.floating):
            x = x.astype(float)
        value, pullback = jax.vjp(lambda x: f(x, **parameters), x)
        return pullback(jnp.ones_like(value))[0]

    return slope
