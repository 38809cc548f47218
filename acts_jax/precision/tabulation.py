"""Tables of functions that are slow to compute: piecewise polynomials over the whole float range.

A million mpmath values take minutes; a table of some thousand takes a second, and float64
arithmetic then gives any number of values to about 1e-10 relative.
"""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

OUTWARD, INWARD = range(128), range(-1, -127, -1)  # binades of the normal float32 numbers, from 1
_DEGREES = (4, 8, 16)
_TOLERANCE = 1e-13
_NEGLIGIBLE = 2.0**-160
_SMALL = 1e-3  # of a piece's largest value: smaller values may have lost digits
_FAILURES = 64  # in a binade, or
_FAILING_BINADES = 3  # in a row: then the function oscillates too fast for a table
_DEEPEST = 18


@dataclass(frozen=True)
class Piece:
    """A Chebyshev series over [low, high], or no series where the function is too wild.

    Attributes:
        low, high: The ends.
        series: Chebyshev coefficients, lowest degree first; None if there is no series.
        slope: The coefficients of the derivative.
        scale: The largest absolute value among the nodes.
    """

    low: float
    high: float
    series: np.ndarray | None
    slope: np.ndarray | None
    scale: float


class Table:
    """A function tabulated by `tabulate`, without 0 and the points where it breaks."""

    def __init__(self, pieces: Iterable[Piece], breaks: Iterable[float] = ()):
        self.pieces = sorted(pieces, key=lambda piece: piece.low)
        self._lows = np.array([piece.low for piece in self.pieces])
        self._breaks = np.array(sorted(breaks))

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The function and its derivative.

        Args:
            x: float64 [n], ascending.

        Returns:
            Two float64 [n], NaN where the table does not know the value to 1e-9 relative, which
            is so at breaks, near roots and for |x| where the function oscillates fast.
        """
        value, slope = np.full(len(x), np.nan), np.full(len(x), np.nan)
        if len(x) == 0:
            return value, slope
        first, last = np.searchsorted(self._lows, x[[0, -1]], side="right")
        for piece in self.pieces[max(first - 1, 0) : last]:
            if piece.series is None:
                continue
            part = slice(*np.searchsorted(x, (piece.low, piece.high)))
            half = (piece.high - piece.low) / 2
            t = (x[part] - (piece.low + half)) / half
            values = chebyshev.chebval(t, piece.series)
            if piece.scale > _NEGLIGIBLE:
                values[np.abs(values) < _SMALL * piece.scale] = np.nan
            value[part] = values
            slope[part] = chebyshev.chebval(t, piece.slope)
        value[np.isin(x, self._breaks)] = np.nan
        return value, slope


def tabulate(
    function: Callable[[float], float],
    breaks: Iterable[float] = (),
    domain: tuple[float, float] = (-math.inf, math.inf),
) -> Table:
    """Tabulate a function that is smooth between the breaks.

    Every binade [2^e, 2^(e+1)] of either sign is halved until a polynomial of degree 16 fits.

    Args:
        function: float64 -> float64, to at least 15 digits.
        breaks: Where it, or a derivative, jumps.
        domain: Where it is defined.
    """
    pieces: list[Piece] = []
    for sign, exponents in itertools.product((1, -1), (OUTWARD, INWARD)):
        failing = 0
        for exponent in exponents:
            found = []
            ends = sorted((sign * 2.0**exponent, sign * 2.0 ** (exponent + 1)))
            low, high = max(ends[0], domain[0]), min(ends[1], domain[1])
            inside = sorted(point for point in breaks if low < point < high)
            for part in itertools.pairwise([low, *inside, high] if low < high else []):
                wild = failing >= _FAILING_BINADES
                found += [_nothing(*part)] if wild else _pieces(function, *part)
            least = 2.0**exponent / 1000
            short = any(p.series is None and p.high - p.low > least for p in found)
            failing = failing + 1 if short else 0
            pieces += found
    return Table(pieces, breaks)


def _nothing(low: float, high: float) -> Piece:
    return Piece(low, high, None, None, math.inf)


def _pieces(function, low: float, high: float) -> list[Piece]:
    pieces, waiting, failures = [], [(low, high, 0)], 0
    while waiting:
        low, high, depth = waiting.pop()
        piece = _fit(function, low, high, depth) if failures < _FAILURES else None
        if piece or failures >= _FAILURES or depth == _DEEPEST:
            pieces.append(piece or _nothing(low, high))
        else:
            failures += 1
            middle = low + (high - low) / 2
            waiting += [(low, middle, depth + 1), (middle, high, depth + 1)]
    return pieces


def _fit(function, low: float, high: float, depth: int) -> Piece | None:
    """The series over [low, high] of the least degree that converges."""
    values: dict[int, float] = {}
    for degree in _DEGREES:
        stride = _DEGREES[-1] // degree
        for i in range(0, _DEGREES[-1] + 1, stride):
            if i not in values:
                values[i] = function(low + (high - low) * _PLACES[i])
        samples = np.array([values[i] for i in range(0, _DEGREES[-1] + 1, stride)])
        if not np.all(np.isfinite(samples)):
            return None
        scale = np.max(np.abs(samples))
        series = _TRANSFORMS[degree] @ samples
        if np.max(np.abs(series[-2:])) <= max(_TOLERANCE * scale, _NEGLIGIBLE):
            # exponential tails need all their digits, roots cannot have them
            crosses = samples.min() <= 0 <= samples.max()
            even = np.min(np.abs(samples)) >= 10 * _SMALL * scale
            if scale <= _NEGLIGIBLE or even or crosses or depth >= 5:
                slope = chebyshev.chebder(series) * (2 / (high - low))
                return Piece(low, high, series, slope, float(scale))
            return None
    return None


def _transform(degree: int) -> np.ndarray:
    """Chebyshev coefficients of the interpolant, from the values at the nodes."""
    t = _STRETCH * np.cos(np.pi * np.arange(degree + 1) / degree)
    return np.linalg.inv(chebyshev.chebvander(t, degree))


# nodes just inside of the ends, which may be breaks
_STRETCH = 1 - 2.0**-30
_PLACES = (1 + _STRETCH * np.cos(np.pi * np.arange(_DEGREES[-1] + 1) / _DEGREES[-1])) / 2
_TRANSFORMS = {degree: _transform(degree) for degree in _DEGREES}
