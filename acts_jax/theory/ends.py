"""Where a curve tends to at the ends of its domain: limits and asymptotes."""

from __future__ import annotations

import math

import numpy as np

from acts_jax.theory.features import Curve, Interval, snap


def limits_of(curve: Curve) -> Interval:
    """f at the ends of the domain, followed to abs(x) = 1e32 where it has no end."""

    def limit(side, end):
        if math.isfinite(end):
            return float(curve([end])[0, 0])
        if curve.endless[(side + 1) // 2]:
            near, far = curve.wave(side, 0)
            grows = abs(far[0]) > 3 * abs(near[0]) and abs(far[1]) > 3 * abs(near[1])
            one_sided = far[0] * far[1] > 0
            return math.copysign(math.inf, far[0]) if grows and one_sided else math.nan
        far = curve(side * np.array([1e2, 1e3, 1e4, 1e6, 1e8, 1e12, 1e16, 1e32]))[0]
        if np.isinf(far[-1]):
            return float(far[-1])
        before, last = far[np.isfinite(far)][-2:]
        if abs(last) > 1.5 * abs(before) and abs(last) > 2:
            return math.copysign(math.inf, last)
        return 0.0 if abs(last) < 1e-12 else snap(float(last))

    return limit(-1, curve.low), limit(1, curve.high)


def asymptote(curve: Curve, side: int) -> Interval | None:
    """The line m x + b that f tends to; b is extrapolated in 1/x."""
    if math.isfinite(curve.low if side < 0 else curve.high) or curve.endless[(side + 1) // 2]:
        return None
    far = side * np.array([1e6, 2e6, 1e9])
    f, slope, _ = curve(far)
    m = snap(float(slope[2]))
    if not (np.isfinite(f).all() and np.isfinite(slope).all()):
        return None
    rest = f - m * far
    if abs(slope[0] - m) > 1e-8 * max(1, abs(m)):
        return None
    if abs(rest[2] - rest[0]) > 1e-5 * max(1, abs(rest[0])):
        return None
    b = float(2 * rest[1] - rest[0])
    return m + 0.0, round(b, 8) + 0.0
