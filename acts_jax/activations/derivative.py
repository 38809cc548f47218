"""The elementwise derivative of any order of a scalar activation."""

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import Activation, get, names, registered
from acts_jax.kernels.derivatives import slope


def derivative(f: Callable, order: int = 1) -> Callable:
    """The elementwise nth derivative of an activation.

    Reverse mode, as in training: so it also takes functions that define only a `custom_vjp`.
    Of a function whose outputs depend on several inputs it would be the sum over the outputs. The
    catalogue's and those of `jax.nn` are refused, and what changes the shape of x; of one of your
    own, `describe` tells.

    Args:
        f: elementwise, f(x, **parameters); a function or an `Activation`.
        order: 0 or more; 0 gives f itself.

    Returns:
        A function of what f takes, with x's shape and dtype (integers become floats); it works
        under jit, vmap and grad. At a kink it has the value that grad has there.

    Raises:
        ValueError: if f is no function, or acts on whole vectors; if order is not an integer, or
            negative. Its result raises it, too, where f does not keep the shape of x.
    """
    if not callable(f):
        raise ValueError(f"derivative takes a function or an Activation, not {f!r}.")
    if isinstance(order, bool) or not hasattr(order, "__index__") or operator.index(order) < 0:
        raise ValueError(f"order must be an integer, 0 or more, got {order!r}.")
    if order:
        for function in _within(f):
            if record := _record_of(function):
                record.require_slope()
        f = functools.partial(_keeping_shape, f)
    for _ in range(order):
        f = functools.partial(slope, f)
    return f


def _within(f: Callable) -> Iterator[Callable]:
    """A function, and what it is a partial, jitted or otherwise wrapped form of."""
    yield f
    inner = f.func if isinstance(f, functools.partial) else getattr(f, "__wrapped__", None)
    if inner is not None:
        yield from _within(inner)


def _record_of(function: Callable) -> Activation | None:
    if isinstance(function, Activation):
        return function
    whole = (name for name in names(elementwise=False) if function is getattr(jax.nn, name, None))
    return registered(function) or next(map(get, whole), None)


def _keeping_shape(f: Callable, /, x: jax.Array, *args: Any, **parameters: Any) -> jax.Array:
    y = f(x, *args, **parameters)
    if jnp.shape(y) != jnp.shape(x):
        raise ValueError(
            f"An elementwise derivative needs f(x) of x's shape {jnp.shape(x)}, not "
            f"{jnp.shape(y)}: broadcast x against the parameters, or use jax.jacobian."
        )
    return y
