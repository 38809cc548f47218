"""What can be read off an activation's curve: range, slopes, fixed points, turns, kinks, gain."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from acts_jax.activations.acceptance import accept, accept_float64
from acts_jax.activations.catalogue import Activation, names
from acts_jax.theory.ends import asymptote, limits_of
from acts_jax.theory.features import (
    Curve,
    Interval,
    bisect,
    jumps,
    nearest,
    regions,
    roots,
    snap,
    third_order_jumps,
)
from acts_jax.theory.mean_field import normal_mean
from acts_jax.theory.shape import elementwise
from acts_jax.theory.steepness import SteepestSlope, steepest

_ROUNDING = 16 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class FixedPoint:
    """f(x) = x at one point, or on the whole of an interval.

    Attributes:
        low, high: the ends; equal for a point.
        slope: f' there (as the library defines it at a kink; 1 on an interval).
        kind: "attracting" or "repelling", tried on both sides; "half-stable" if the sides differ;
            "neutral" if points nearby stay where they are.
    """

    low: float
    high: float
    slope: float
    kind: str


@dataclass(frozen=True)
class TurningPoint:
    """A local minimum or maximum: where f' changes its sign."""

    x: float
    value: float
    kind: str


@dataclass(frozen=True)
class Kink:
    """A point where the derivative of the given order is the first that jumps (0: f itself)."""

    x: float
    order: int


@dataclass(frozen=True)
class Shape:
    """What `describe` found; an interval (a, a) is a point.

    Attributes:
        name: of the activation.
        parameters: name -> value.
        domain: where f is defined; everything below is about f on it.
        range: infimum and supremum of f.
        limits: of f at the ends of the domain; NaN where it oscillates.
        asymptotes: (slope, intercept) of the line that f tends to at -inf and at inf, or None.
        steepest: sup abs(f') and where; of many points, the twelve nearest to 0.
        threshold: what `steep` compares with.
        steep: where abs(f') > threshold.
        fixed_points: where f(x) = x.
        zeros: where f(x) = 0.
        turning_points: local minima and maxima.
        flat: intervals where f' is 0: nothing learns there.
        monotone: "increasing", "decreasing", "constant" or "no".
        kinks: the breaks of f, f', f'' and f'''.
        smoothness: k for a function with k continuous derivatives, -1 for a discontinuous
            one, inf where not even f''' breaks.
        symmetry: "odd", "even", "point" (odd about `center`), "mirror" (even about it), or "".
        center: of the symmetry.
        oscillates: whether f waves on and on, at -inf and at inf; its points are then listed for
            abs(x) <= `reach` only.
        reach: how far a wave was followed.
        gain: `mean_field.gain`; NaN for a domain bounded on one side.
    """

    name: str
    parameters: Mapping[str, float]
    domain: Interval
    range: Interval
    limits: Interval
    asymptotes: tuple[Interval | None, Interval | None]
    steepest: SteepestSlope
    threshold: float
    steep: tuple[Interval, ...]
    fixed_points: tuple[FixedPoint, ...]
    zeros: tuple[Interval, ...]
    turning_points: tuple[TurningPoint, ...]
    flat: tuple[Interval, ...]
    monotone: str
    kinks: tuple[Kink, ...]
    smoothness: float
    symmetry: str
    center: tuple[float, float]
    oscillates: tuple[bool, bool]
    reach: float
    gain: float


def describe(
    activation: str | Activation | Callable, steep: float = 0.25, /, **parameters: Any
) -> Shape:
    """Find, numerically, the features of an elementwise activation on its domain.

    The function is evaluated in float64 (set for these evaluations only) at some ten thousand
    points, and in its tails up to abs(x) = 1e32; features are then refined by bisection to about
    1e-12 (1e-7 where two curves only touch). A feature narrower than 0.4% of its distance from 0,
    or than 0.004 for abs(x) < 16, can be missed.

    Args:
        activation: a name of the catalogue, an elementwise `Activation` or a callable.
        steep: `Shape.steep` is where abs(f') exceeds it. By position only, as any name may be that
            of a parameter.
        **parameters: plain numbers; the catalogue's defaults stand in for the ones left out.

    Raises:
        ValueError: unknown activation or parameter, not elementwise, not computed in float64, or
            NaN over a stretch of its domain (f or f').
    """
    activation, parameters = elementwise(activation, parameters)
    if activation.name not in names():
        accept(activation)
        accept_float64(activation)
    values = {name: float(value) for name, value in parameters.items()}
    return _describe(activation, float(steep), tuple(values.items()))


@functools.lru_cache(maxsize=256)
def _describe(activation, threshold, parameters):
    announced = activation.kinks_at(dict(parameters))
    curve = Curve(activation.function, dict(parameters), activation.domain, announced)
    _refuse_nan(activation, curve)
    kinks, smoothness = _kinks(curve)
    if new := {kink.x for kink in kinks} - set(curve.kinks):
        known = sorted({*curve.kinks, *new})
        curve = Curve(activation.function, dict(parameters), activation.domain, known)
    limits = limits_of(curve)
    turns = _turning_points(curve)
    symmetry, center = _symmetry(curve, limits)
    return Shape(
        name=activation.name,
        parameters=dict(parameters),
        domain=(curve.low, curve.high),
        range=_range(curve, limits, turns),
        limits=limits,
        asymptotes=(asymptote(curve, -1, limits[0]), asymptote(curve, 1, limits[1])),
        steepest=steepest(curve),
        threshold=threshold,
        steep=regions(curve, lambda jet: np.abs(jet[1]) > threshold * (1 + 1e-15)),
        fixed_points=_fixed_points(curve),
        zeros=roots(curve, lambda x, jet: jet[0], np.zeros_like),
        turning_points=turns,
        flat=_flat(curve),
        monotone=_monotone(curve),
        kinks=kinks,
        smoothness=smoothness,
        symmetry=symmetry,
        center=center,
        oscillates=curve.endless,
        reach=curve.reach,
        gain=_gain(curve),
    )


def _refuse_nan(activation: Activation, curve: Curve) -> None:
    """Refuses what has no value over a stretch of its domain; a single point may lack f'."""
    for what, values in (("f", curve.f), ("f'", curve.slope)):
        nan = np.isnan(values)
        stretch = curve.x[1:-1][nan[:-2] & nan[1:-1] & nan[2:]]
        if stretch.size:
            x = min(stretch, key=abs)
            raise ValueError(
                f"{activation.name}: {what} is NaN around x = {x:.3g}, within the domain "
                f"({curve.low:g}, {curve.high:g}); write it in a form that has a value there, or "
                "name its domain by a line @register(domain=(low, high)) above it."
            )


def _kinks(curve: Curve) -> tuple[tuple[Kink, ...], float]:
    found: dict[float, int] = {}
    for order in (0, 1, 2):
        for point in jumps(curve, order):
            if all(abs(point - x) > 1e-6 for x in found):
                found[point] = order
    for point in third_order_jumps(curve):
        if all(abs(point - x) > 0.05 for x in found):
            found[point] = 3
    kinks = tuple(Kink(x, order) for x, order in sorted(found.items()))
    return kinks, min((kink.order - 1 for kink in kinks), default=math.inf)


def _range(curve: Curve, limits: Interval, turns) -> Interval:
    values = [*curve.f[np.isfinite(curve.f)], *(turn.value for turn in turns)]
    values += [limit for limit in limits if not math.isnan(limit)]
    aside = [kink + d * max(1, abs(kink)) for kink in curve.kinks for d in (-1e-12, 1e-12)]
    inside = [x for x in aside if curve.low <= x <= curve.high]
    values += list(curve(inside)[0]) if inside else []
    low, high = (nearest(v, limits) for v in (min(values), max(values)))
    for side in (-1, 1):
        if curve.endless[(side + 1) // 2]:
            near, far = curve.wave(side, 0)
            low = -math.inf if far[0] < 3 * min(near[0], -1.0) else low
            high = math.inf if far[1] > 3 * max(near[1], 1.0) else high
    return low, high


def _fixed_points(curve: Curve) -> tuple[FixedPoint, ...]:
    found = roots(curve, lambda x, jet: jet[0] - x, lambda x: _ROUNDING * np.abs(x))
    return tuple(_fixed_point(curve, low, high) for low, high in found)


def _fixed_point(curve: Curve, low: float, high: float) -> FixedPoint:
    if high > low:
        return FixedPoint(low, high, 1.0, "neutral")
    step = 1e-4 * max(1.0, abs(low))
    sides = [x for x in (low - step, low + step) if curve.low <= x <= curve.high]
    ratios = np.abs(curve(sides)[0] - low) / step
    slope = float(curve([low])[1, 0])
    closer, farther = ratios < 1 - 1e-11, ratios > 1 + 1e-11
    kind = "half-stable" if closer.any() or farther.any() else "neutral"
    if closer.all() or farther.all():
        kind = "attracting" if closer.all() else "repelling"
    return FixedPoint(low, high, nearest(slope, ()), kind)


def _signs(curve: Curve) -> np.ndarray:
    slope = np.nan_to_num(curve.slope)
    return np.where(np.abs(slope) > 1e-14, np.sign(slope), 0)


def _turning_points(curve: Curve) -> tuple[TurningPoint, ...]:
    sign = _signs(curve)
    moving = np.flatnonzero(sign)
    changes = sign[moving[:-1]] != sign[moving[1:]]
    turns, nexts = moving[:-1][changes], moving[1:][changes]
    narrow = curve.x[nexts] - curve.x[turns] < 0.1 * np.maximum(0.1, np.abs(curve.x[turns]))
    turns, nexts = turns[narrow], nexts[narrow]
    at = bisect(lambda x: curve(x)[1] > 0, curve.x[turns], curve.x[nexts])
    at = [snap(float(x), (*curve.kinks, 0.0)) for x in at]
    values = curve(at)[0]
    kinds = np.where(sign[turns] > 0, "maximum", "minimum")
    return tuple(
        TurningPoint(x, nearest(float(value), ()), str(kind))
        for x, value, kind in zip(at, values, kinds, strict=True)
    )


def _flat(curve: Curve) -> tuple[Interval, ...]:
    rests = roots(curve, lambda x, jet: jet[1], np.zeros_like)
    return tuple((low, high) for low, high in rests if high > low and low < 1e6 and high > -1e6)


def _monotone(curve: Curve) -> str:
    sign = _signs(curve)
    change = np.diff(curve.f[np.isfinite(curve.f)])
    noise = 1e-12 * max(1.0, float(np.nanmax(np.abs(curve.f[np.abs(curve.x) < 100]))))
    change = change[np.abs(curve.x[1:])[: change.size] < 100]
    up = (sign > 0).any() or (change > noise).any()
    down = (sign < 0).any() or (change < -noise).any()
    if up and down:
        return "no"
    return "increasing" if up else "decreasing" if down else "constant"


def _symmetry(curve: Curve, limits: Interval) -> tuple[str, tuple[float, float]]:
    """Odd or even about the middle of the domain, or else about another point."""
    if math.isinf(curve.low) != math.isinf(curve.high):
        return "", (0.0, 0.0)
    aside = np.linspace(0.001, 0.99, 999) * curve.reach
    for center in _centers(curve, limits):
        left, right = (curve(center + side * aside)[0] for side in (-1, 1))
        rounding = 1e-9 * np.maximum(1.0, np.abs(right))
        if center != curve.middle and np.nanmax(np.abs(right - right[0])) <= rounding[0]:
            continue  # as good as constant there
        total = (left + right) / 2
        x, y = snap(float(center)), nearest(float(total[0]), ())
        if not (np.abs(left - right) > rounding).any():
            return ("even" if x == 0 else "mirror"), (x, 0.0)
        if not (np.abs(total - y) > rounding).any():
            origin = x == 0 and abs(y) <= 1e-9
            return ("odd" if origin else "point"), (x, 0.0 if origin else y)
    return "", (0.0, 0.0)


def _centers(curve: Curve, limits: Interval) -> list[float]:
    """Points about which f may be symmetric.

    The middle of the domain; else the middle of the kinks, where f is halfway between its limits,
    and where f' or f'' changes its sign.
    """
    found = [curve.middle]
    if not curve.bounded:
        found += [(min(curve.kinks) + max(curve.kinks)) / 2] if curve.kinks else []
        halfway = sum(limits) / 2
        found += _nearest_crossings(curve, 0, halfway) if math.isfinite(halfway) else []
        found += [*_nearest_crossings(curve, 1, 0.0), *_nearest_crossings(curve, 2, 0.0)]
    return [center for center in found if abs(center - curve.middle) <= curve.reach]


def _nearest_crossings(curve: Curve, order: int, value: float) -> list[float]:
    """The two points nearest to 0 where the derivative of an order crosses a value."""
    above = curve.jet[order] > value
    edges = np.flatnonzero(above[1:] != above[:-1])
    near = edges[np.argsort(np.abs(curve.x[edges]))[:2]]
    return list(bisect(lambda x: curve(x)[order] > value, curve.x[near], curve.x[near + 1]))


def _gain(curve: Curve) -> float:
    """`mean_field.gain`, in float64 and with what is compiled already."""
    if math.isinf(curve.low) != math.isinf(curve.high):
        return math.nan

    def square(z):
        if curve.bounded:  # as the networks apply it, `on_real_line`
            z = curve.low + (curve.high - curve.low) * expit(z)
        return np.square(curve(z)[0])

    moment = normal_mean(square, () if curve.bounded else curve.kinks)
    return 1 / math.sqrt(moment) if moment > 0 else math.inf
