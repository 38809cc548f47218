"""Mean-field theory: signal propagation through wide random networks."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.activations.catalogue import Activation, get
from acts_jax.theory.shape import elementwise, on_real_line

_BOUND = 10.0  # beyond it is 1.5e-23 of a standard normal distribution
_NEAR = np.multiply.outer([-1, 0, 1], 0.5 ** np.arange(4, 36)).ravel()
# Panels, the order of the Gauss-Legendre rule on each, and their ends' distances from 0 and kinks.
_COARSE, _FINE, _HALVED = (40, 8, np.zeros(1)), (512, 64, _NEAR), (80, 8, _NEAR)
_AGREE = 1e-6  # relative
_HALVINGS, _MOST = 48, 2**15  # of panels
_DRAWS = 2**18  # numbers drawn for the gain of a function of whole vectors


def gain(activation: str | Activation | Callable, /, **parameters: Any) -> jax.Array:
    r"""The factor on 1/sqrt(fan_in) weights that keeps the second moment of a layer at 1.

    .. math:: g = 1 / \sqrt{E[f(z)^2]}, \quad z \sim N(0, 1)

    sqrt(2) for ReLU (He et al. 2015, arXiv 1502.01852), 1.59254 for tanh. The expectation is taken
    by Gauss-Legendre quadrature on panels that end at the activation's kinks, wherever its
    parameters put them, since a rule of Gauss-Hermite type loses five digits to a kink. Where a
    rule of a hundred times as many points differs by more than 1e-6, it takes the place of the
    first. The error is below 1e-6 in float32 for what is steep at 0 and at kinks only, or waves
    less than 300 times per unit of x; `describe` halves panels until nothing changes. An activation
    with a bounded domain is taken as the networks apply it (`on_real_line`).

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
    function, kinks = on_real_line(activation), activation.kinks_at(parameters)
    if any(isinstance(kink, jax.Array) for kink in kinks):
        return _fine_gain(function, kinks, parameters)
    kinks = tuple(map(float, kinks))
    coarse = _gain(function, kinks, parameters)
    fine = _fine_gain(function, kinks, parameters)
    return jnp.where(jnp.abs(coarse - fine) <= _AGREE * fine, coarse, fine)


def gain_of_vectors(
    activation: str | Activation | Callable, units: int, /, **parameters: Any
) -> jax.Array:
    """What `gain` is, of a function of whole vectors: of 64 units, 41 for softmax.

    The expectation of the mean square of what comes out, of 32 units for a gated linear unit of 64,
    is taken over 2^18 numbers drawn from the standard normal
    distribution, always the same ones: the error is below 1% for the catalogue.

    Args:
        activation: as for `gain`, elementwise or not.
        units: length of the vectors that go in.
        **parameters: as for `gain`.

    Returns:
        A scalar array of the default float dtype.

    Raises:
        ValueError: unknown activation or parameter, or units of which it cannot be taken.
    """
    activation = get(activation)
    activation.check(parameters)
    draws = np.random.RandomState(0).standard_normal((-(-_DRAWS // units), units))
    complete = {**activation.defaults, **parameters}
    values = on_real_line(activation)(jnp.asarray(draws, float), **complete)
    return 1 / jnp.sqrt(jnp.mean(jnp.square(values)))


@functools.partial(jax.jit, static_argnums=(0, 1))
def _gain(function, kinks, parameters):
    count, order, near = _COARSE
    edges = _edges(kinks, count, near)
    nodes, weights = _points(edges[:-1], edges[1:], order)
    dtype = jnp.result_type(float)
    values = function(jnp.asarray(nodes.ravel(), dtype), **parameters)
    return 1 / jnp.sqrt(jnp.sum(jnp.square(values) * jnp.asarray(weights.ravel(), dtype)))


@functools.partial(jax.jit, static_argnums=0)
def _fine_gain(function, kinks, parameters):
    count, order, near = _FINE

    def add(moment, ends):  # one by one, for the sake of memory and of the digits of long sums
        nodes, weights = _points(*ends, order)
        return moment + jnp.sum(jnp.square(function(nodes, **parameters)) * weights), None

    edges = _edges(kinks, count, near)
    panels = edges[:-1, None], edges[1:, None]
    return 1 / jnp.sqrt(jax.lax.scan(add, jnp.zeros((), float), panels)[0])


def _edges(kinks: Sequence, count: int, near: np.ndarray) -> Any:
    """The ends of panels, sorted: even ones, and others at distances from 0 and every kink."""
    even = np.linspace(-_BOUND, _BOUND, count + 1)
    if not any(isinstance(kink, jax.Array) for kink in kinks):
        around = np.add.outer([0.0, *kinks], near).ravel()
        return np.unique([*even, *np.clip(around, -_BOUND, _BOUND)])
    around = [near, *(jnp.asarray(kink, float) + near for kink in kinks)]
    return jnp.sort(jnp.clip(jnp.concatenate([even, *around]).astype(float), -_BOUND, _BOUND))


def _points(low: Any, high: Any, order: int) -> tuple[Any, Any]:
    """Nodes and weights [panels, order] of E[g(z)], z standard normal, on panels [panels]."""
    unit, unit_weights = (row[None] for row in np.polynomial.legendre.leggauss(order))
    half = (high - low)[:, None] / 2
    nodes = low[:, None] + half * (1 + unit)
    density = (jnp if isinstance(nodes, jax.Array) else np).exp(-(nodes**2) / 2)
    return nodes, half * unit_weights * density / math.sqrt(2 * math.pi)


@np.errstate(over="ignore", invalid="ignore")  # a mean may be infinite
def normal_mean(g: Callable[[np.ndarray], np.ndarray], kinks: Sequence[float] = ()) -> float:
    """E[g(z)], z standard normal, in float64: panels are halved until that changes nothing.

    So it finds by itself any scale that is 0.01 wide or lies at 0 or a kink. A jump that it was not
    told of may cost it all but six digits.

    Args:
        g: float64 [n] -> float64 [n], not negative.
        kinks: where g or its derivative jumps.
    """
    count, order, near = _HALVED

    def integrals(low, high):
        nodes, weights = _points(low, high, order)
        return np.sum(weights * g(nodes.ravel()).reshape(nodes.shape), axis=1)

    edges = _edges(kinks, count, near)
    low, high, total = edges[:-1], edges[1:], 0.0
    whole = integrals(low, high)
    tolerance = 1e-12 * whole.sum()
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        halves = integrals(low, high)
        both = halves.reshape(2, -1).sum(axis=0)
        unsettled = np.abs(both - whole) > tolerance
        total += both[~unsettled].sum()
        again = np.tile(unsettled, 2)
        low, high, whole = low[again], high[again], halves[again]
        if not 0 < low.size <= _MOST:
            break
    return float(total + whole.sum())
