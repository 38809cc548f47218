"""Where a curve tends to at the ends of its domain: limits and asymptotes."""

from __future__ import annotations

import math

import numpy as np

from acts_jax.theory.features import Curve, Interval, snap


def limits_of(curve: Curve) -> Interval:
    """f at the ends of the domain; where it has none f at infinity, or at abs(x) = 1e32."""

    def limit(side, end):
        if math.isfinite(end):
            return float(curve([end])[0, 0])
        if curve.endless[(side + 1) // 2]:
            near, far = curve.wave(side, 0)
            grows = abs(far[0]) > 3 * abs(near[0]) and abs(far[1]) > 3 * abs(near[1])
            one_sided = far[0] * far[1] > 0
            return math.copysign(math.inf, far[0]) if grows and one_sided else math.nan
        far = curve(side * np.array([1e2, 1e3, 1e4, 1e6, 1e8, 1e12, 1e16, 1e32, math.inf]))[0]
        far, at_infinity = far[:-1], far[-1]
        if np.isinf(far[-1]):
            return float(far[-1])
        if np.isfinite(at_infinity) and (np.diff(abs(far[-3:] - at_infinity)) <= 0).all():
            return 0.0 if abs(at_infinity) < 1e-12 else snap(float(at_infinity))
        before, last = far[np.isfinite(far)][-2:]
        if abs(last) > 1.5 * abs(before) and abs(last) > 2:
            return math.copysign(math.inf, last)
        return 0.0 if abs(last) < 1e-12 else snap(float(last))

    return limit(-1, curve.low), limit(1, curve.high)


def asymptote(curve: Curve, side: int, limit: float) -> Interval | None:
    """The line m x + b that f tends to: its limit, or else b is extrapolated in 1/x."""
    if math.isfinite(curve.low if side < 0 else curve.high) or curve.endless[(side + 1) // 2]:
        return None
    far = side * np.array([1e6, 2e6, 5e7, 1e8, 1e16, math.inf])
    f, slope, _ = curve(far)
    if math.isfinite(limit):
        settled = np.isclose(f[-2:], limit, rtol=1e-5, atol=1e-5).any()
        return (0.0, round(limit, 8) + 0.0) if settled else None
    f, slope, far = f[:5], slope[:5], far[:5]
    if not (np.isfinite(f).all() and np.isfinite(slope).all()):
        return None
    m, short = float(slope[-1]), round(float(slope[-1]), 12)
    m = short if abs(m - short) <= 4 * np.spacing(abs(m)) else m  # else m x would be off
    rest = f - m * far
    b, farther = 2 * rest[1] - rest[0], 2 * rest[3] - rest[2]
    straight = abs(slope[2] - m) <= 1e-8 * max(1, abs(m))
    if straight and abs(farther - b) <= 1e-5 * max(1, abs(b)):
        return m + 0.0, round(float(b), 8) + 0.0
    return None
