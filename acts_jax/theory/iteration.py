"""An activation applied again and again: f, f∘f, f∘f∘f, ... and their derivatives."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import Activation
from acts_jax.activations.derivative import derivative
from acts_jax.theory.shape import elementwise, on_real_line


class Iterates(NamedTuple):
    """The n-th entry is about f applied n times; entry 0 is about x itself.

    Attributes:
        values: f∘...∘f at x, [times + 1, ...].
        slopes: Its derivative at x, [times + 1, ...]; by the chain rule the product of f' along
            the way, at a kink with the value that `derivative` has there.
    """

    values: jax.Array
    slopes: jax.Array


def iterates(
    activation: str | Activation | Callable, x: ArrayLike, times: int, /, **parameters: Any
) -> Iterates:
    """Applies an activation 0, 1, ..., `times` times, elementwise.

    An activation with a bounded domain is taken as the networks apply it (`on_real_line`).

    Args:
        activation: a name of the catalogue, an elementwise `Activation` or a callable.
        x: where to start, any shape; its float dtype is kept.
        times: how often, 0 or more.
        **parameters: values of the activation's parameters, scalars; the catalogue's defaults
            stand in for the ones left out.

    Raises:
        ValueError: unknown activation, one that is not elementwise, one with a domain bounded
            on one side, or `times` below 0.
    """
    if times < 0:
        raise ValueError(f"times must be 0 or more, not {times}.")
    activation, parameters = elementwise(activation, parameters)
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        x = x.astype(float)
    return _iterates(on_real_line(activation), times, x, parameters)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _iterates(function, times, x, parameters):
    def apply(here, _):
        value, slope = here
        after = function(value, **parameters), slope * derivative(function)(value, **parameters)
        return after, after

    start = x, jnp.ones_like(x)
    _, (values, slopes) = jax.lax.scan(apply, start, length=times)
    return Iterates(jnp.concatenate([x[None], values]), jnp.concatenate([start[1][None], slopes]))
