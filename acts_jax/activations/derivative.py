"""The elementwise derivative of any order of a scalar activation."""

import functools
import operator
from collections.abc import Callable

from acts_jax.kernels.derivatives import slope


def derivative(f: Callable, order: int = 1) -> Callable:
    """The elementwise nth derivative of an activation.

    Reverse mode, as in training: so it also takes functions that define only a `custom_vjp`.

    Args:
        f: elementwise, f(x, **parameters); a function or an `Activation`.
        order: 0 or more; 0 gives f itself.

    Returns:
        A function of what f takes, with x's shape and dtype (integers become floats); it works
        under jit, vmap and grad. At a kink it has the value that grad has there.

    Raises:
        ValueError: if f is no function, or order is not an integer, or negative.
    """
    if not callable(f):
        raise ValueError(f"derivative takes a function or an Activation, not {f!r}.")
    if isinstance(order, bool) or not hasattr(order, "__index__") or operator.index(order) < 0:
        raise ValueError(f"order must be an integer, 0 or more, got {order!r}.")
    for _ in range(order):
        f = functools.partial(slope, f)
    return f
