"""The derivative at a kink: a ReLU whose derivative at 0 is chosen, and one-sided derivatives."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import Activation
from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.elementwise import elementwise
from acts_jax.theory import features, shape


def _slope(x, slope_at_zero):
    return jnp.where(x == 0, slope_at_zero, jnp.where(x > 0, 1.0, 0.0))


@elementwise()
@with_derivatives(_slope, lambda x, slope_at_zero: jnp.zeros_like(x))
def relu_at_zero(x: ArrayLike, slope_at_zero: ArrayLike = 1.0) -> jax.Array:
    """max(x, 0), with any number as its derivative at 0.

    Args:
        x: any shape and float dtype.
        slope_at_zero: the derivative at 0; broadcasts against x.

    Returns:
        Values in [0, inf), of x's shape and dtype.
    """
    return jnp.maximum(x, 0)


def one_sided_slopes(
    activation: str | Activation | Callable, x: float = 0.0, /, **parameters: float
) -> tuple[float, float]:
    """The derivatives on the left and on the right of a point, in float64.

    Args:
        activation: a name of the catalogue, an elementwise `Activation` or a callable.
        x: the point; each derivative is taken 1e-12 max(abs(x), 1) beside it.
        **parameters: of the activation; the defaults stand in for the ones left out.

    Raises:
        ValueError: unknown activation or parameter, or not elementwise.
    """
    activation, parameters = shape.elementwise(activation, parameters)
    beside = x + np.array([-1e-12, 1e-12]) * max(abs(x), 1.0)
    left, right = features.jet(activation.function, parameters, beside)[1]
    return float(left), float(right)
