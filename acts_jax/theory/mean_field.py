"""Mean-field theory: signal propagation through wide random networks."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.activations.catalogue import Activation
from acts_jax.theory.shape import elementwise, on_real_line


def gain(activation: str | Activation | Callable, **parameters: Any) -> jax.Array:
    r"""The factor on 1/sqrt(fan_in) weights that keeps the second moment of a layer at 1.

    .. math:: g = 1 / \sqrt{E[f(z)^2]}, \quad z \sim N(0, 1)

    sqrt(2) for ReLU (He et al. 2015, arXiv 1502.01852), 1.59254 for tanh. The expectation is taken
    by Gauss-Legendre quadrature on panels that end at the activation's kinks, since a rule of
    Gauss-Hermite type loses five digits to a kink; the error is below 1e-5 in float32. An
    activation with a bounded domain is taken as the networks apply it (`on_real_line`).

    Args:
        activation: a name of the catalogue, an elementwise `Activation` or a callable.
        **parameters: values of its parameters, scalars, may be traced; the catalogue's defaults
            stand in for the ones left out.

    Returns:
        A scalar array of the default float dtype; inf for a function that is 0 everywhere, and 0
        where the second moment overflows.

    Raises:
        ValueError: unknown activation, one that is not elementwise, or one with a domain
            bounded on one side.
    """
    activation, parameters = elementwise(activation, parameters)
    return _gain(on_real_line(activation), tuple(activation.kinks), parameters)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _gain(function, kinks, parameters):
    nodes, weights = normal_quadrature(kinks)
    dtype = jnp.result_type(float)
    values = function(jnp.asarray(nodes, dtype), **parameters)
    return 1 / jnp.sqrt(jnp.sum(jnp.square(values) * jnp.asarray(weights, dtype)))


def normal_quadrature(kinks, bound=10.0, panels=40, order=8):
    """Nodes and weights of E[g(z)], z standard normal, for g smooth between the kinks.

    Returns:
        Two float64 arrays [n].
    """
    inside = [kink for kink in kinks if abs(kink) < bound]
    edges = np.unique(np.concatenate([np.linspace(-bound, bound, panels + 1), inside]))
    unit, unit_weights = np.polynomial.legendre.leggauss(order)
    half = np.diff(edges)[:, None] / 2
    nodes = edges[:-1, None] + half * (1 + unit)
    weights = half * unit_weights * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    return nodes.ravel(), weights.ravel()
