"""The largest abs(f') of a curve, and where it is: a supremum may lie beside a kink or far out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from acts_jax.theory.features import Curve, Interval, bisect, nearest, roots, snap

_MOST = 12


@dataclass(frozen=True)
class SteepestSlope:
    """sup abs(f') and where: intervals, points (a, a), or (inf, inf) for "as x grows"."""

    value: float
    where: tuple[Interval, ...]


def steepest(curve: Curve) -> SteepestSlope:
    """sup abs(f'): on a rest of f', at a bend of it, beside a kink or an end, or far out."""
    endless = _infinite_slopes(curve)
    if endless:
        return SteepestSlope(math.inf, endless)
    value = _largest_slope(curve)
    plateaus = roots(curve, lambda x, jet: np.abs(jet[1]) - value, lambda x: 1e-13 * value)
    rests = [plateau for plateau in plateaus if plateau[1] > plateau[0]]
    touching = {end for rest in rests for end in rest}
    sides = [side for side in _steep_tails(curve, value) if side[0] not in touching]
    where = tuple(sorted([*rests, *sides])) or _peaks(curve, value)
    return SteepestSlope(nearest(value, [round(value, 9)]), where)


def _largest_slope(curve: Curve) -> float:
    """The largest abs(f') of the points, and of ever finer ones around the best."""
    slope = np.abs(curve.slope)
    slope[~np.isfinite(slope)] = 0
    best = int(np.argmax(slope))
    value = float(slope[best])
    low, high = curve.x[max(best - 1, 0)], curve.x[min(best + 1, curve.x.size - 1)]
    for _ in range(8):
        fine = np.linspace(low, high, 1025)
        values = np.nan_to_num(np.abs(curve(fine)[1]))
        i = int(np.argmax(values))
        value = max(value, float(values[i]))
        low, high = fine[max(i - 1, 0)], fine[min(i + 1, fine.size - 1)]
    return value


def _steep_tails(curve: Curve, value: float) -> list[Interval]:
    """The infinities where abs(f') tends to its supremum."""
    tails = []
    for end, endless in zip((curve.low, curve.high), curve.endless, strict=True):
        if math.isinf(end) and not endless:
            far = abs(curve([math.copysign(1e8, end)])[1, 0])
            tails += [(end, end)] if far >= value * (1 - 1e-7) else []
    return tails


def _peaks(curve: Curve, value: float) -> tuple[Interval, ...]:
    """The points where abs(f') comes up to its supremum: bends of f', or sides of kinks."""
    slope = np.nan_to_num(np.abs(curve.slope))
    near = 0.05 if any(curve.endless) else 1e-3
    edges = np.flatnonzero(slope >= value - max(near * value, 1e-12))
    runs = np.split(edges, np.flatnonzero(np.diff(edges) > 1) + 1)
    points = []
    for run in sorted(runs, key=lambda run: abs(curve.x[run[0]]))[:_MOST]:
        low, high = curve.x[max(run[0] - 1, 0)], curve.x[min(run[-1] + 1, curve.x.size - 1)]
        known = [k for k in (*curve.kinks, 0.0) if low <= k <= high]
        bend = np.sign(np.nan_to_num(curve([low, high])[2]))
        if bend[0] * bend[1] < 0:
            point = float(bisect(lambda x: curve(x)[2] > 0, [low], [high])[0])
        else:
            point = float(curve.x[run[np.argmax(slope[run])]])
        point = snap(point, known)
        around = [point, point - 1e-9 * (1 + abs(point)), point + 1e-9 * (1 + abs(point))]
        if np.nanmax(np.abs(curve(around)[1])) >= value * (1 - 1e-8):
            points.append((point, point))
    return tuple(sorted(set(points)))


def _infinite_slopes(curve: Curve) -> tuple[Interval, ...]:
    """Kinks, ends of the domain and infinities towards which abs(f') grows without bound."""
    where = []
    for point in sorted({*curve.kinks, 0.0, curve.low, curve.high}):
        if math.isinf(point) and curve.endless[int(point > 0)]:
            near, far = (max(map(abs, ends)) for ends in curve.wave(1 if point > 0 else -1, 1))
            where += [(point, point)] if far > 3 * near else []
            continue
        if math.isinf(point):
            rows = [math.copysign(1, point) * np.array([1e2, 1e5, 1e8])]
        else:
            near = np.array([1e-4, 1e-8, 1e-12]) * max(1.0, abs(point))
            rows = [point + side * near for side in (-1, 1)]
        for row in rows:
            if row.min() < curve.low or row.max() > curve.high:
                continue
            slope = np.abs(curve(row)[1])
            grows = (slope[1:] > 1.5 * slope[:-1]) | np.isinf(slope[1:])
            if grows.all() and slope[2] > 10:
                where.append((point, point))
                break
    return tuple(where)
