"""The linear pieces of a network with a piecewise linear activation, counted exactly along a line.

Along x(t) = start + t (end - start) every unit is a piecewise linear function of t. The pieces
are refined layer by layer: within a piece a pre-activation is z(t) = z + s (t - middle), which
crosses a kink of the activation where t says so, not where a grid happens to look.
"""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from threadpoolctl import threadpool_limits

from acts_jax.activations.catalogue import Activation
from acts_jax.activations.derivative import derivative
from acts_jax.models.mlp import MLP
from acts_jax.theory.shape import elementwise, on_real_line

_SAME = 1e-9  # of the largest slope, or value: neighbouring pieces that differ by less are one


class Pieces(NamedTuple):
    """A network along a line; float64.

    Attributes:
        breakpoints: [regions - 1], increasing, where an output or its slope jumps; in (0, 1).
        slopes: [regions, num_outputs], d(outputs)/dt between them.
        values: [regions, num_outputs], the outputs in the middle of each piece.
    """

    breakpoints: np.ndarray
    slopes: np.ndarray
    values: np.ndarray


def along_line(model: MLP, params: Mapping[str, Any], start: np.ndarray, end: np.ndarray) -> Pieces:
    """The pieces of a network's outputs on the segment from `start` to `end`.

    Args:
        model: an `MLP` with a piecewise linear activation, its parameters not learned per channel,
            and no layer normalisation or skip connections.
        params: its parameters.
        start: features [features] at t = 0.
        end: features [features] at t = 1.

    Raises:
        ValueError: the network is not piecewise linear, or has learned parameters per channel or
            skip connections.
    """
    if model.layer_norm:
        raise ValueError("Layer normalisation is not piecewise linear.")
    if model.residual:
        raise ValueError("Regions are counted in networks without skip connections.")
    functions = _functions(model, params)
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    edges = np.array([0.0, 1.0])
    value, slope = (start + end)[None] / 2, (end - start)[None]
    for layer, function in enumerate(functions, start=1):
        value, slope = _affine(params[f"hidden_{layer}"], value, slope)
        edges, value, slope = _split(edges, value, slope, function.kinks)
        value, slope = function.apply(value, slope)
    value, slope = _affine(params["readout"], value, slope)
    beside = slope * (np.diff(edges) / 2)[:, None]  # from the middle of a piece to its end
    bends, steps = slope[1:] - slope[:-1], (value - beside)[1:] - (value + beside)[:-1]
    breaks = (np.abs(bends) > _SAME * np.abs(slope).max()).any(axis=1)
    breaks |= (np.abs(steps) > _SAME * (np.abs(value) + np.abs(beside)).max()).any(axis=1)
    first = np.concatenate([[True], breaks])
    inner = edges[1:-1][breaks]
    middle = _middles(np.concatenate([[0.0], inner, [1.0]]))
    value = value[first] + slope[first] * (middle - _middles(edges)[first])[:, None]
    return Pieces(inner, slope[first], value)


def count_regions(model: MLP, params: Mapping[str, Any], start: np.ndarray, end: np.ndarray) -> int:
    """The number of linear pieces on a segment; arguments as for `along_line`."""
    return len(along_line(model, params, start, end).slopes)


def region_counts(
    model: MLP, population: Mapping[str, Any], starts: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """The number of linear pieces of several networks on several segments.

    Args:
        model: as for `along_line`.
        population: parameters, every leaf [networks, ...].
        starts: features [segments, features].
        ends: features [segments, features].

    Returns:
        int64 [networks, segments].
    """
    population = jax.tree.map(np.asarray, population)
    networks = [
        jax.tree.map(lambda leaf, i=i: leaf[i], population)
        for i in range(len(jax.tree.leaves(population)[0]))
    ]
    pairs = list(zip(starts, ends, strict=True))
    # matrices this small gain nothing from the threads of BLAS, which wait for each other
    with threadpool_limits(1):
        return np.array([[count_regions(model, n, *pair) for pair in pairs] for n in networks])


class Piecewise(NamedTuple):
    """A piecewise linear function of one variable: lines that meet, or jump, at its kinks.

    Attributes:
        kinks: [n], increasing.
        slopes: [n + 1], of the lines.
        intercepts: [n + 1], of the lines at 0.
    """

    kinks: np.ndarray
    slopes: np.ndarray
    intercepts: np.ndarray

    def apply(self, value: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """f(value) and f'(value) * slope, none of the values at a kink."""
        line = np.searchsorted(self.kinks, value)
        return self.intercepts[line] + self.slopes[line] * value, self.slopes[line] * slope


def piecewise(activation: str | Activation, /, **parameters: Any) -> Piecewise:
    """A piecewise linear activation of the catalogue as lines, in float64.

    Raises:
        ValueError: unknown activation, or not linear between 0 and its `Activation.kinks_at`.
    """
    activation, parameters = elementwise(activation, parameters)
    numbers = tuple((name, float(value)) for name, value in parameters.items())
    return _piecewise(activation, numbers)


@functools.lru_cache(maxsize=256)
def _piecewise(activation, numbers):
    parameters = dict(numbers)
    kinks = np.unique([0.0, *activation.kinks_at(parameters)])
    ends = np.concatenate([kinks[:1] - 2, kinks, kinks[-1:] + 2])
    # two points of every line, and a third to see that it is one
    points = ends[:-1, None] + np.diff(ends)[:, None] * np.array([0.25, 0.5, 0.8])
    with jax.enable_x64(True):
        x = jnp.asarray(points, jnp.float64)
        function = on_real_line(activation)
        values = np.asarray(function(x, **parameters))
        slopes = np.asarray(derivative(function)(x, **parameters))
    intercepts = values - slopes * points
    far = np.ptp(slopes, axis=1).max() + np.ptp(intercepts, axis=1).max()
    if not far < 1e-9:
        raise ValueError(f"{activation.name} is not piecewise linear: it has no pieces to count.")
    lines = np.stack([slopes[:, 0], intercepts[:, 0]])
    differ = (np.abs(np.diff(lines)) > 1e-12 * np.abs(lines).max()).any(axis=0)
    return Piecewise(kinks[differ], *lines[:, np.append(True, differ)])


def _functions(model, params):
    """The activation of every hidden layer, with the parameters that it has learned."""
    learned = model.learned(params)
    if any(np.ndim(value) for values in learned.values() for value in values):
        raise ValueError("The pieces of parameters learned per channel are not counted here.")
    functions = []
    for layer in range(len(model.hidden_sizes)):
        # A parameter shared by the network is there once.
        own = {name: float(values[layer % len(values)]) for name, values in learned.items()}
        functions.append(piecewise(model.activation, **{**model.parameters, **own}))
    return functions


def _affine(layer, value, slope):
    kernel, bias = (np.asarray(layer[name], np.float64) for name in ("kernel", "bias"))
    return value @ kernel + bias, slope @ kernel


def _split(edges, value, slope, kinks):
    """Cuts the pieces where a unit crosses a kink: new edges, and value and slope in each piece."""
    middle = _middles(edges)
    moving = np.where(slope == 0, np.inf, slope)
    crossings = middle[:, None, None] + (kinks - value[..., None]) / moving[..., None]
    inside = (crossings > edges[:-1, None, None]) & (crossings < edges[1:, None, None])
    inside &= (slope != 0)[..., None]
    new = np.unique(np.concatenate([edges, crossings[inside]]))
    after = _middles(new)
    old = np.searchsorted(edges, after) - 1
    return new, value[old] + slope[old] * (after - middle[old])[:, None], slope[old]


def _middles(edges):
    return (edges[:-1] + edges[1:]) / 2
