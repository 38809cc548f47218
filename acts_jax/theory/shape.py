"""The shape of an activation as a network sees it: on the whole real line."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.activations.catalogue import Activation, get
from acts_jax.activations.derivative import derivative
from acts_jax.activations.sigmoidal import sigmoid


def on_real_line(activation: str | Activation | Callable) -> Callable[..., jax.Array]:
    r"""Makes an activation applicable to any real pre-activation.

    An activation that is defined on a finite interval (low, high) only, such as SBAF on [0, 1],
    is composed with the sigmoid scaled to that interval,

    .. math:: x \mapsto f(low + (high - low) \, \sigma(x)).

    The sigmoid is kept one machine epsilon away from 0 and 1, since f' may be infinite at the ends
    of the interval; beyond that (abs(x) > 15.9 in float32) the derivative is 0.
    Every other activation is returned as it is.

    Args:
        activation: a name of the catalogue, an `Activation` or a callable.

    Returns:
        A function `(x, **parameters) -> array` with the shape and dtype of x.

    Raises:
        ValueError: the activation is unknown, or its domain is bounded on one side only.
    """
    activation = get(activation)
    low, high = activation.domain
    if math.isinf(low) and math.isinf(high):
        return activation.function
    if math.isinf(low) or math.isinf(high):
        raise ValueError(
            f"{activation.name} has the domain ({low}, {high}), and only a finite interval "
            "or the whole real line can be fed with pre-activations."
        )
    return _composed(activation.function, low, high)


@functools.cache  # jit compiles one function once
def _composed(function, low, high):
    return functools.partial(_squashed, function, low, high)


def _squashed(function, low, high, x, /, **parameters):
    epsilon = jnp.finfo(x.dtype).eps
    unit = jnp.clip(sigmoid(x), epsilon, 1 - epsilon)
    return function(low + (high - low) * unit, **parameters)


def sup_derivative(activation: str | Activation | Callable, /, **parameters: Any) -> jax.Array:
    """The largest abs(f'(x)) over all real x, found numerically.

    abs(f') is evaluated on a grid that is dense in relative terms (both signs, 1e-6 to 1e4, and
    both sides of every kink), then on a finer grid around the largest value. The catalogue's
    activations come out within 1e-4 of the true value. An activation with a bounded domain is taken
    as the networks apply it (`on_real_line`).

    Args:
        activation: a name of the catalogue, an elementwise `Activation` or a callable.
        **parameters: values of its parameters, scalars, may be traced; the catalogue's defaults
            stand in for the ones left out.

    Returns:
        A scalar array of the default float dtype; inf where abs(f') keeps growing with abs(x).

    Raises:
        ValueError: unknown activation, one that is not elementwise, or one with a domain
            bounded on one side.
    """
    activation, parameters = elementwise(activation, parameters)
    kinks = activation.moved_kinks or tuple(activation.kinks)
    return _sup_derivative(on_real_line(activation), kinks, parameters)


def elementwise(
    activation: str | Activation | Callable, parameters: Mapping[str, Any]
) -> tuple[Activation, dict[str, Any]]:
    """The catalogue's record of an elementwise activation, and its complete parameters.

    Raises:
        ValueError: unknown activation or parameter, or not elementwise.
    """
    activation = get(activation)
    if not activation.elementwise:
        raise ValueError(f"{activation.name} is not elementwise, so it has no slope or gain.")
    activation.check(parameters)
    return activation, {**activation.defaults, **parameters}


@functools.partial(jax.jit, static_argnums=(0, 1))
def _sup_derivative(function, kinks, parameters):
    def slope(x):
        values = jnp.abs(derivative(function)(x, **parameters))
        return jnp.where(jnp.isnan(values), 0.0, values)

    grid = jnp.asarray(_grid(() if callable(kinks) else kinks), dtype=jnp.result_type(float))
    if callable(kinks):
        moved = [jnp.asarray(kink, grid.dtype) for kink in kinks(**parameters)]
        beside = [point for kink in moved for point in _beside(kink, jnp.maximum)]
        grid = jnp.sort(jnp.append(grid, jnp.stack(beside)))
    slopes = slope(grid)
    i = jnp.argmax(slopes)
    low, high = grid[jnp.maximum(i - 1, 0)], grid[jnp.minimum(i + 1, grid.size - 1)]
    fine = low + (high - low) * jnp.linspace(0.0, 1.0, 65)
    largest = jnp.maximum(slopes[i], jnp.max(slope(fine)))
    far = jnp.max(slope(jnp.asarray([-1e30, 1e30], dtype=grid.dtype)))
    return jnp.where(far > 1.01 * largest, jnp.inf, largest)


def _grid(kinks):
    """Sorted points, at most 16% apart in relative terms."""
    positive = np.geomspace(1e-6, 1e4, 160)
    return np.unique(np.concatenate([-positive, [0.0], positive, *map(_beside, kinks)]))


def _beside(kink, larger=max):
    """A kink, and a point close by on each side."""
    return [kink + side * larger(abs(kink), 1.0) * 1e-6 for side in (-1, 0, 1)]
