"""Iterates of activations on a grid: values, slopes and where they go."""

from typing import NamedTuple

import jax
import numpy as np

from acts_jax.activations.catalogue import Activation, get, names
from acts_jax.theory.description import describe
from acts_jax.theory.iteration import iterates

GRID = np.unique(np.concatenate([np.linspace(-6, 6, 1201), [-1e6, 1e6]]))  # 0 is on it, and 2
START = 2.0  # on the grid; where its iterates go is the fixed point that is shown
AWAY = np.abs(GRID) >= 0.5  # tanh's slope at x needs far more than 1 / x² applications to fall


class Iterated(NamedTuple):
    """One activation applied 0, 1, ..., `times` times over `GRID`; float64.

    Attributes:
        activation: Its record.
        values: [times + 1, points].
        slopes: [times + 1, points].
        fixed_point: (x, f'(x)) of the single fixed point that the iterates of 2 go to, NaN if they
            go to none.
    """

    activation: Activation
    values: np.ndarray
    slopes: np.ndarray
    fixed_point: tuple[float, float]

    @property
    def times(self) -> int:
        """The largest number of applications."""
        return len(self.slopes) - 1

    @property
    def steepest_away(self) -> float:
        """The largest abs(slope) after all applications, at the points `AWAY` from 0."""
        return float(np.abs(self.slopes[-1, AWAY]).max())

    @property
    def idempotent(self) -> bool:
        """Whether applying it twice, or more often, is exactly applying it once."""
        return all((each[2:] == each[1]).all() for each in (self.values, self.slopes))

    def slope(self, x: float) -> np.ndarray:
        """Return the slope at a point of the grid, after each number of applications."""
        return self.slopes[:, np.searchsorted(GRID, x - 1e-9)]

    @property
    def exponent(self) -> float:
        """p, if the slope at 2 falls as n^-p: over the last doubling of n."""
        half, last = self.slope(START)[[self.times // 2, -1]]
        return np.log2(half / last) if half > 0 and last > 0 else np.nan


def family() -> list[Activation]:
    """List relu, and the catalogue's sigmoidal activations."""
    first = ("relu", "sigmoid", "tanh")
    others = [get(name) for name in names(True) if name not in first]
    return [*map(get, first), *(one for one in others if one.family == "sigmoidal")]


def iterate(activation: Activation, times: int) -> Iterated:
    """Apply an activation up to `times` times, in float64."""
    with jax.enable_x64(True):
        values, slopes = map(np.asarray, iterates(activation, GRID, times))
    end = values[-1, np.searchsorted(GRID, START - 1e-9)]
    points = describe(activation).fixed_points
    close = [p for p in points if p.low == p.high and abs(p.low - end) < 0.1]
    nearest = min(close, key=lambda p: abs(p.low - end), default=None)
    fixed_point = (nearest.low, nearest.slope) if nearest else (np.nan, np.nan)
    return Iterated(activation, values, slopes, fixed_point)
