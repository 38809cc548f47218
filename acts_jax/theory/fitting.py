"""How well one activation can stand in for another: the best fit, and how far off it is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import jax
import numpy as np
from scipy.optimize import differential_evolution

from acts_jax.activations.catalogue import Activation
from acts_jax.theory.features import Interval
from acts_jax.theory.shape import elementwise

_SEARCHED, _MEASURED = 800, 80_001  # points of an interval


@dataclass(frozen=True)
class Fit:
    """An activation beside its target on an interval: scale f(u; parameters) + offset.

    Attributes:
        activation: f.
        target: What it should resemble, at its default parameters.
        interval: Where they are compared, in the target's x.
        onto: The interval that this is mapped to linearly, which gives u; the same for u = x.
        parameters: Name -> value.
        scale, offset: Of the output; 1 and 0 unless they were fitted too.
        worst: The largest distance from the target on the interval.
        worst_at: The x at which it is that large.
        rms: Root of the mean squared distance over the interval.
        span: Largest minus smallest value of the target on the interval.
    """

    activation: Activation
    target: Activation
    interval: Interval
    onto: Interval
    parameters: Mapping[str, float]
    scale: float
    offset: float
    worst: float
    worst_at: float
    rms: float
    span: float

    @property
    def relative_rms(self) -> float:
        """`rms` as a share of `span`."""
        return self.rms / self.span

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The fitted function at x, in float64."""
        u = _mapped(np.asarray(x, float), self.interval, self.onto)
        return self.scale * _evaluate(self.activation, u, self.parameters) + self.offset


def compare(
    activation: str | Activation | Callable,
    target: str | Activation | Callable,
    interval: Interval,
    parameters: Mapping[str, float] = MappingProxyType({}),
    *,
    onto: Interval | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
) -> Fit:
    """Measures the distance between two activations on an interval, in float64.

    Args:
        activation: A name of the catalogue, an elementwise `Activation` or a callable.
        target: The same; at its default parameters.
        interval: Where the two are compared, in the target's x.
        parameters: Of the activation; the defaults stand in for the ones left out.
        onto: The interval that this is mapped to linearly for `activation`; none by default.
        scale: Of the activation's output.
        offset: Added to it.

    Raises:
        ValueError: An unknown activation or parameter, or one that is not elementwise.
    """
    activation, values = elementwise(activation, parameters)
    target, defaults = elementwise(target, {})
    x = np.linspace(*interval, _MEASURED)
    wanted = _evaluate(target, x, defaults)
    onto = onto or interval
    u = _mapped(x, interval, onto)
    distance = np.abs(scale * _evaluate(activation, u, values) + offset - wanted)
    worst = int(np.argmax(distance))
    found = {"worst": float(distance[worst]), "worst_at": float(x[worst])}
    found |= {"rms": float(np.sqrt(np.mean(distance**2))), "span": float(np.ptp(wanted))}
    return Fit(activation, target, interval, onto, values, scale, offset, **found)


def best_fit(
    activation: str | Activation | Callable,
    target: str | Activation | Callable,
    interval: Interval,
    free: Mapping[str, Interval],
    *,
    onto: Interval | None = None,
    affine: bool = False,
    seed: int = 0,
) -> Fit:
    """The parameters that bring an activation nearest to another, by least squares.

    The search is global (differential evolution, Storn & Price 1997, then L-BFGS-B within the
    bounds). The integral of the squared distance is a sum over 800 midpoints, so that a
    discontinuity at an end of the interval is not seen; `Fit.worst` sees it.

    `free` has the interval to search for each parameter, on a logarithmic scale if its ends, both
    positive, differ more than a hundredfold; the others stay at their defaults. If `affine`, a
    scale and an offset of the activation's output are fitted too. The rest is as in `compare`.

    Raises:
        ValueError: As `compare`.
    """
    problem = _Problem.of(activation, target, interval, free, onto or interval)
    logarithmic = [0 < 100 * low < high for low, high in free.values()]

    def settings(point: np.ndarray) -> dict[str, np.ndarray]:
        """Name -> value, from a point of the search [names] or several [names, points]."""
        rows = zip(free, point, logarithmic, strict=True)
        return {name: 10**row if log else row for name, row, log in rows}

    ends = [np.log10(b) if log else b for b, log in zip(free.values(), logarithmic, strict=True)]
    found = _search(lambda points: problem.mean_square(settings(points), affine), ends, seed)
    chosen = {name: float(value) for name, value in settings(found).items()}
    scale, offset = map(float, problem.affine(problem.values(chosen))) if affine else (1.0, 0.0)
    return compare(activation, target, interval, chosen, onto=onto, scale=scale, offset=offset)


def rms_distances(
    activation: str | Activation | Callable,
    target: str | Activation | Callable,
    interval: Interval,
    grid: Mapping[str, np.ndarray],
) -> np.ndarray:
    """The root mean square distance at every combination of parameters; see `compare`.

    `grid` has the values of each parameter; the result, float64, an axis for each, in order.
    """
    ends = {name: (np.min(values), np.max(values)) for name, values in grid.items()}
    problem = _Problem.of(activation, target, interval, ends, interval)
    mesh = np.meshgrid(*grid.values(), indexing="ij")
    chosen = {name: values.ravel() for name, values in zip(grid, mesh, strict=True)}
    return np.sqrt(problem.mean_square(chosen)).reshape(mesh[0].shape)


def _search(
    function: Callable[[np.ndarray], np.ndarray], ends: list[Interval], seed: int
) -> np.ndarray:
    """The point between the ends where the function is least; an end that it all but reaches."""
    if not ends:
        return np.empty(0)
    point = differential_evolution(
        function, ends, rng=seed, tol=1e-9, vectorized=True, updating="deferred"
    ).x
    low, high = np.transpose(ends)
    near = 1e-6 * (high - low)
    return np.where(point - low < near, low, np.where(high - point < near, high, point))


class _Problem(NamedTuple):
    """A fit to be made: what is compared, sampled once."""

    activation: Activation
    u: np.ndarray
    wanted: np.ndarray

    @classmethod
    def of(cls, activation, target, interval, ends, onto) -> _Problem:
        activation, _ = elementwise(activation, {})
        for each in zip(*ends.values(), strict=True):  # the lower ends, then the upper ones
            activation.check(dict(zip(ends, map(float, each), strict=True)))
        target, defaults = elementwise(target, {})
        share = (np.arange(_SEARCHED) + 0.5) / _SEARCHED
        x = interval[0] + share * (interval[1] - interval[0])
        return cls(activation, _mapped(x, interval, onto), _evaluate(target, x, defaults))

    def values(self, chosen: Mapping[str, np.ndarray]) -> np.ndarray:
        """[points] or, for arrays [candidates], [candidates, points]."""
        columns = {name: np.asarray(value)[..., None] for name, value in chosen.items()}
        return _evaluate(self.activation, self.u, self.activation.defaults | columns)

    def affine(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scale and offset [...] that bring values [..., points] nearest to the target."""
        centred = values - values.mean(axis=-1, keepdims=True)
        variance = np.maximum(np.mean(centred**2, axis=-1), np.finfo(float).tiny)
        scale = np.mean(centred * self.wanted, axis=-1) / variance
        return scale, self.wanted.mean() - scale * values.mean(axis=-1)

    def mean_square(self, chosen: Mapping[str, np.ndarray], affine: bool = False) -> np.ndarray:
        """Mean squared distance from the target, for each candidate."""
        values = self.values(chosen)
        if affine:
            scale, offset = (part[..., None] for part in self.affine(values))
            values = scale * values + offset
        return np.mean((values - self.wanted) ** 2, axis=-1)


def _mapped(x: np.ndarray, interval: Interval, onto: Interval) -> np.ndarray:
    """x moved linearly, `interval` onto `onto`; exactly x if they are the same."""
    if onto == interval:
        return x
    share = (x - interval[0]) / (interval[1] - interval[0])
    return onto[0] + share * (onto[1] - onto[0])


def _evaluate(activation: Activation, x: np.ndarray, parameters: Mapping) -> np.ndarray:
    """f(x) in float64, whatever `jax_enable_x64` says; parameters broadcast against x."""
    with jax.enable_x64(True):
        arrays = [np.asarray(value, float) for value in (x, *parameters.values())]
        rank = max(array.ndim for array in arrays)
        arrays = [array.reshape((1,) * (rank - array.ndim) + array.shape) for array in arrays]
        named = dict(zip(parameters, arrays[1:], strict=True))
        return np.asarray(_apply(activation.function, arrays[0], named))


@functools.partial(jax.jit, static_argnums=0)
def _apply(function, x, parameters):
    return function(x, **parameters)
