"""Where a function of one variable crosses, rests, turns and breaks: bulk searches in float64."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from acts_jax.activations.derivative import derivative

Interval = tuple[float, float]

_CHUNK = 4096


class Curve:
    """f, f' and f'' of an activation on its domain, and the points to look at.

    Values are float64 whatever `jax_enable_x64` says: the switch is set for the evaluation only.

    Args:
        function: elementwise `function(x, **parameters)`.
        parameters: values of its parameters.
        domain: the closed interval where it is defined.
        kinks: points known to matter.

    Attributes:
        x: sorted points, dense in absolute terms in the middle and in relative terms beyond it and
            around 0, every kink and every finite end of the domain.
        f, slope, curvature: values at `x`; `jet` has all three.
        reach: the half-width, around the middle of the domain, of the part that is dense.
    """

    def __init__(
        self, function: Callable, parameters: Mapping, domain: Interval, kinks: Sequence[float] = ()
    ):
        self.function, self.parameters = function, dict(parameters)
        self.low, self.high = map(float, domain)
        self.kinks = tuple(float(kink) for kink in kinks)
        self.bounded = math.isfinite(self.low) and math.isfinite(self.high)
        farthest = max((abs(kink) for kink in self.kinks), default=0.0)
        self.reach = 2.0 ** max(4, math.ceil(math.log2(2 * farthest))) if farthest else 16.0
        if self.bounded:
            self.reach = (self.high - self.low) / 2
        self.middle = (self.low + self.high) / 2 if self.bounded else 0.0
        self.endless = tuple(self._oscillates(side) for side in (-1, 1))
        self.x = self._points()
        self.f, self.slope, self.curvature = self.jet = self(self.x)

    def __call__(self, x) -> np.ndarray:
        """f, f' and f'' at x: float64 [3, n]."""
        return jet(self.function, self.parameters, x)

    def wave(self, side: int, order: int) -> tuple[Interval, Interval]:
        """Least and largest f (or f', by order) around abs(x) = 1e3 and around 1e4."""
        ends = []
        for start in (1e3, 1e4):
            values = self(side * np.linspace(start, start + 20.0, _CHUNK))[order]
            ends.append((float(np.nanmin(values)), float(np.nanmax(values))))
        return ends[0], ends[1]

    def _oscillates(self, side: int) -> bool:
        """Whether f'' keeps changing its sign, far away on one side."""
        if math.isfinite(self.low if side < 0 else self.high):
            return False
        patch = self(side * np.linspace(1000.0, 1020.0, _CHUNK))[2]
        sign = np.sign(np.where(np.abs(patch) > 1e-9, np.nan_to_num(patch), 0))
        return bool(np.count_nonzero(np.diff(sign[sign != 0])) >= 3)

    def _points(self) -> np.ndarray:
        dense = self.middle + np.linspace(-self.reach, self.reach, 2 * _CHUNK + 1)
        near = np.geomspace(1e-12, 1e-2, 120) * min(1.0, self.reach)
        around = np.geomspace(1e-6, self.reach, 700)
        far = np.geomspace(self.reach, 1e8, 400)
        parts = [dense, around, -around]
        for point in (*self.kinks, 0.0, self.low, self.high):
            if math.isfinite(point):
                scale = max(1.0, abs(point))
                parts += [[point], point + scale * near, point - scale * near]
        parts += [far] if not self.endless[1] else []
        parts += [-far] if not self.endless[0] else []
        points = np.unique(np.concatenate(parts))
        return points[(points >= self.low) & (points <= self.high)]

    def outer_end(self, side: int, predicate: Callable[[np.ndarray], np.ndarray]) -> float:
        """The end of what holds at the outermost point: an infinity if the waves stay so.

        They are tried next to that point, too: growing waves break off ever more briefly.
        """
        if self.endless[(side + 1) // 2]:
            beyond = (np.linspace(start, start + 20, _CHUNK) for start in (self.reach, 1000.0))
            if all(predicate(self(side * x)).all() for x in beyond):
                return side * math.inf
        return self.end(0 if side < 0 else -1)

    def end(self, index: int) -> float:
        """The point `index`, or the infinity that the outermost point stands for."""
        if index in (0, -self.x.size) and not self.endless[0]:
            return self.low
        if index in (-1, self.x.size - 1) and not self.endless[1]:
            return self.high
        return float(self.x[index])


def jet(function: Callable, parameters: Mapping[str, Any], x) -> np.ndarray:
    """f, f' and f'' at x, in float64 [3, n], whatever `jax_enable_x64` says."""
    x = np.asarray(x, np.float64)
    pieces = []
    with jax.enable_x64(True):
        for start in range(0, max(x.size, 1), _CHUNK):  # one shape, one compilation
            some = x[start : start + _CHUNK]
            padded = np.pad(some, (0, _CHUNK - some.size), mode="edge" if some.size else "constant")
            pieces.append(np.stack(_jet(function, padded, dict(parameters))))
    return np.concatenate(pieces, axis=1)[:, : x.size]


@functools.partial(jax.jit, static_argnums=0)
def _jet(function, x, parameters):
    return tuple(derivative(function, order)(x, **parameters) for order in range(3))


def bisect(predicate: Callable[[np.ndarray], np.ndarray], left, right) -> np.ndarray:
    """Where a predicate flips between `left` and `right`, to the last digits, in bulk."""
    left, right = np.array(left, float), np.array(right, float)
    if not left.size:
        return left
    at_left = predicate(left)
    for _ in range(70):
        middle = left + (right - left) / 2
        same = predicate(middle) == at_left
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return left + (right - left) / 2


def snap(x: float, known: Sequence[float] = (), within: float = 1e-9) -> float:
    """The known point, or the number of 12 decimals, that x is but for rounding."""
    for point in known:
        if abs(x - point) <= within * max(1.0, abs(point)):
            return point
    short = round(x, 12)
    return short + 0.0 if abs(x - short) <= 1e-13 * max(1.0, abs(x)) or abs(x) < 1e-12 else x


def nearest(value: float, exact) -> float:
    """The exact value that `value` is but for rounding, or itself."""
    for other in exact:
        if other == value or (
            math.isfinite(other) and abs(value - other) <= 1e-11 * max(1.0, abs(other))
        ):
            return float(other)
    return snap(float(value))


def regions(curve: Curve, predicate: Callable[[np.ndarray], np.ndarray]) -> tuple[Interval, ...]:
    """The intervals where a predicate on jets ([3, n] -> bool [n]) holds."""
    holds = predicate(curve.jet)
    flips = np.flatnonzero(holds[1:] != holds[:-1])
    edges = bisect(lambda x: predicate(curve(x)), curve.x[flips], curve.x[flips + 1])
    edges = [snap(float(edge), (*curve.kinks, 0.0)) for edge in edges]
    if holds[0]:
        edges.insert(0, curve.outer_end(-1, predicate))
    if holds[-1]:
        edges.append(curve.outer_end(1, predicate))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(pair for pair in pairs if pair[1] > pair[0])


def roots(
    curve: Curve,
    g: Callable[[np.ndarray, np.ndarray], np.ndarray],
    tolerance: Callable[[np.ndarray], np.ndarray],
) -> tuple[Interval, ...]:
    """Where g(x, jet) is 0: points (a, a), and intervals (a, b) where it rests at 0.

    What a smooth function does in its tail, coming so near to 0 that rounding hides the rest,
    is not resting: an interval counts if g leaves 0 at once beyond its finite ends. A jump
    across 0 is not a root.
    """

    def at(points):
        points = np.asarray(points, float)
        return g(points, curve(points))

    x, values = curve.x, g(curve.x, curve.jet)
    small = np.broadcast_to(tolerance(x), x.shape)
    state = np.where(np.abs(values) <= small, 0, np.sign(np.nan_to_num(values))).astype(int)
    state[~np.isfinite(values)] = 2
    found: list[Interval] = []

    cross = np.flatnonzero(state[1:] * state[:-1] == -1)
    for point in bisect(lambda points: at(points) > 0, x[cross], x[cross + 1]):
        step = 1e-9 * max(1.0, abs(point))
        aside = np.abs(at([point - step, point + step]))
        if aside.max() <= 1e-3 * (1 + abs(point)):
            found.append((snap(float(point), (*curve.kinks, 0.0)),) * 2)

    zero = np.flatnonzero(state == 0)
    for run in np.split(zero, np.flatnonzero(np.diff(zero) > 1) + 1) if zero.size else ():
        found += _rest(curve, at, tolerance, run[0], run[-1])
    found += _touches(x, at, np.where(state == 0, 0.0, values))
    return tuple(sorted(found))


def _rest(curve, at, tolerance, first, last):
    """The point or the interval that a run of zeros stands for, or nothing."""
    low, high = curve.end(first), curve.end(last)
    if high - low <= 1e-3 * max(1.0, abs(curve.x[first])):
        point = 0.0 if low <= 0 <= high else float(curve.x[(first + last) // 2])
        return [(snap(point, curve.kinks),) * 2]

    def leaves(index, side):
        if index in (0, curve.x.size - 1):
            return True
        end = curve.x[index]
        beyond = end + side * 0.01 * (1 + abs(end))
        return bool(np.abs(at([beyond])[0]) > 1e-7)

    if not (leaves(first, -1) and leaves(last, 1)):
        return []

    def rests(points):
        return np.abs(at(points)) <= tolerance(points)

    # What leaves 0 like a cube is below rounding for a while: the kink nearby is where it began.
    known = (*curve.kinks, 0.0)
    if first > 0:
        edge = bisect(rests, [curve.x[first - 1]], [curve.x[first]])[0]
        low = snap(float(edge), known, within=1e-5)
    if last < curve.x.size - 1:
        edge = bisect(rests, [curve.x[last]], [curve.x[last + 1]])[0]
        high = snap(float(edge), known, within=1e-5)
    return [(low, high)]


def _touches(x, at, values):
    """Points where g comes down to 0 without crossing it."""
    size = np.nan_to_num(np.abs(values), nan=np.inf)
    low = (size[1:-1] < size[:-2]) & (size[1:-1] <= size[2:]) & (size[1:-1] < 1e-3)
    low &= (np.abs(x[1:-1]) > 1e-3) & (np.sign(values[:-2]) == np.sign(values[2:]))
    dips = np.flatnonzero(low) + 1
    dips = dips[np.argsort(np.abs(x[dips]), kind="stable")[:40]]
    if not dips.size:
        return []
    left, right = x[dips - 1], x[dips + 1]
    rows = np.arange(dips.size)
    for _ in range(12):
        fine = left[:, None] + (right - left)[:, None] * np.linspace(0, 1, 65)
        g_fine = np.abs(at(fine.ravel())).reshape(fine.shape)
        best = np.clip(np.argmin(g_fine, axis=1), 1, 63)
        left, right = fine[rows, best - 1], fine[rows, best + 1]
    point = (left + right) / 2
    aside = 0.01 * (1 + np.abs(point))
    leaves = [np.abs(at(point + side * aside)) > 1e-7 for side in (-1, 1)]
    touched = (g_fine[rows, best] <= 1e-14 * (1 + np.abs(left))) & leaves[0] & leaves[1]
    return [(snap(float(p)),) * 2 for p in point[touched]]


def jumps(curve: Curve, order: int, most: int = 40) -> list[float]:
    """Points inside the domain where the derivative of an order (0, 1, 2) jumps.

    The largest steps between neighbouring points, and those that stand out most beside their own
    neighbours, are halved until a jump stands alone.
    """
    inside = np.abs(curve.x - curve.middle) <= curve.reach
    x = curve.x[inside]
    values = np.nan_to_num(curve.jet[order][inside])
    step, width = np.minimum(np.abs(np.diff(values)), 1e200), np.diff(x)
    rate = np.pad(step / width, 1)
    smooth = np.maximum(rate[:-2], rate[2:]) * width
    steep = np.unique([np.argsort(by)[::-1][:most] for by in (step, step - 2 * smooth)])
    steep = steep[step[steep] > 0]
    if not steep.size:
        return []
    left, right = x[steep], x[steep + 1]
    at_left, at_right = values[steep], values[steep + 1]
    for _ in range(60):
        middle = left + (right - left) / 2
        value = np.nan_to_num(curve(middle)[order])
        go_left = np.abs(value - at_left) >= np.abs(at_right - value)
        right, at_right = np.where(go_left, middle, right), np.where(go_left, value, at_right)
        left, at_left = np.where(go_left, left, middle), np.where(go_left, at_left, value)
    scale = max(1.0, float(np.quantile(np.abs(values), 0.99)))
    known = (*curve.kinks, 0.0)
    points = {snap(float(p), known) for p in left + (right - left) / 2} | set(known)
    points = [p for p in sorted(points) if p - curve.low >= 1e-6 and curve.high - p >= 1e-6]
    size = np.maximum(1.0, np.abs(points))
    wide = _step(curve, order, points, 1e-10 * size)
    close = _step(curve, order, points, np.where(points, 1e-12 * size, 1e-60))
    found: list[float] = []
    for i in np.flatnonzero((wide > 1e-5 * scale) & (close > 0.5 * wide)):  # steepness would shrink
        if not found or points[i] - found[-1] > 1e-6 * size[i]:
            found.append(points[i])
    return found


def _step(curve: Curve, order: int, points: Sequence[float], aside: np.ndarray) -> np.ndarray:
    """How far the derivative of an order moves from one side of the points to the other."""
    before, after = (np.nan_to_num(curve(points + s * aside)[order]) for s in (-1, 1))
    return np.abs(np.clip(after, -1e300, 1e300) - np.clip(before, -1e300, 1e300))


def third_order_jumps(curve: Curve) -> list[float]:
    """Points of a dyadic grid, and kinks, where f'' bends: f''' jumps."""
    grid = np.arange(-16 * 64, 16 * 64 + 1) / 64
    candidates = np.unique([*grid, *curve.kinks])
    candidates = candidates[(candidates > curve.low + 0.01) & (candidates < curve.high - 0.01)]

    def bend(points, h):
        left, here, right = (curve(points + d)[2] for d in (-h, 0, h))
        return np.nan_to_num((left - 2 * here + right) / h)

    coarse, fine = bend(candidates, 2.0**-8), bend(candidates, 2.0**-12)
    dense = np.abs(np.nan_to_num(curve.curvature[np.abs(curve.x - curve.middle) <= curve.reach]))
    scale = max(1.0, float(np.quantile(dense, 0.99)))
    bent = (np.abs(fine) > 1e-3 * scale) & (np.abs(fine) > 0.5 * np.abs(coarse))
    return [float(point) for point in candidates[bent]]
