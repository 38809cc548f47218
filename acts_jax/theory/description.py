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
from acts_jax.theory.features import (
    Curve,
    Interval,
    bisect,
    jumps,
    regions,
    roots,
    snap,
    third_order_jumps,
)
from acts_jax.theory.mean_field import normal_quadrature
from acts_jax.theory.shape import elementwise

_MOST = 12
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
class SteepestSlope:
    """sup abs(f') and where: intervals, points (a, a), or (inf, inf) for "as x grows"."""

    value: float
    where: tuple[Interval, ...]


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
    activation: str | Activation | Callable, /, *, threshold: float = 0.25, **parameters: Any
) -> Shape:
    """Find, numerically, the features of an elementwise activation on its domain.

    The function is evaluated in float64 (set for these evaluations only) at some ten thousand
    points, and in its tails up to abs(x) = 1e32; features are then refined by bisection to about
    1e-12 (1e-7 where two curves only touch). A feature narrower than 0.4% of its distance from 0,
    or than 0.004 for abs(x) < 16, can be missed.

    Args:
      activation: a name of the catalogue, an elementwise `Activation` or a callable.
      threshold: `Shape.steep` is where abs(f') exceeds it.
      **parameters: plain numbers; the catalogue's defaults stand in for the ones left out.

    Raises:
      ValueError: unknown activation or parameter, not elementwise, not computed in float64, or NaN
        over a stretch of its domain (f or f').
    """
    activation, parameters = elementwise(activation, parameters)
    if activation.name not in names():
        accept(activation)
        accept_float64(activation)
    values = {name: float(value) for name, value in parameters.items()}
    return _describe(activation, threshold, tuple(values.items()))


@functools.lru_cache(maxsize=256)
def _describe(activation, threshold, parameters):
    curve = Curve(activation.function, dict(parameters), activation.domain, activation.kinks)
    _refuse_nan(activation, curve)
    kinks, smoothness = _kinks(curve)
    if new := {kink.x for kink in kinks} - set(curve.kinks):
        known = sorted({*curve.kinks, *new})
        curve = Curve(activation.function, dict(parameters), activation.domain, known)
    limits = _limits(curve)
    turns = _turning_points(curve)
    symmetry, center = _symmetry(curve)
    return Shape(
        name=activation.name,
        parameters=dict(parameters),
        domain=(curve.low, curve.high),
        range=_range(curve, limits, turns),
        limits=limits,
        asymptotes=(_asymptote(curve, -1), _asymptote(curve, 1)),
        steepest=_steepest(curve),
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


def _limits(curve: Curve) -> Interval:
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


def _range(curve: Curve, limits: Interval, turns) -> Interval:
    values = [*curve.f[np.isfinite(curve.f)], *(turn.value for turn in turns)]
    values += [limit for limit in limits if not math.isnan(limit)]
    aside = [kink + d * max(1, abs(kink)) for kink in curve.kinks for d in (-1e-12, 1e-12)]
    inside = [x for x in aside if curve.low <= x <= curve.high]
    values += list(curve(inside)[0]) if inside else []
    low, high = (_nearest(v, limits) for v in (min(values), max(values)))
    for side in (-1, 1):
        if curve.endless[(side + 1) // 2]:
            near, far = curve.wave(side, 0)
            low = -math.inf if far[0] < 3 * min(near[0], -1.0) else low
            high = math.inf if far[1] > 3 * max(near[1], 1.0) else high
    return low, high


def _nearest(value: float, exact) -> float:
    """The exact value that `value` is but for rounding, or itself."""
    for other in exact:
        if other == value or (
            math.isfinite(other) and abs(value - other) <= 1e-11 * max(1.0, abs(other))
        ):
            return float(other)
    return snap(float(value))


def _asymptote(curve: Curve, side: int) -> Interval | None:
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


def _steepest(curve: Curve) -> SteepestSlope:
    """sup abs(f'): on a rest of f', at a bend of it, beside a kink or an end, or far out."""
    endless = _infinite_slopes(curve)
    if endless:
        return SteepestSlope(math.inf, endless)
    value = _largest_slope(curve)
    plateaus = roots(
        curve,
        lambda x, jet: np.abs(jet[1]) - value,
        lambda x: np.full_like(x, 1e-13 * value),
    )
    rests = [plateau for plateau in plateaus if plateau[1] > plateau[0]]
    touching = {end for rest in rests for end in rest}
    sides = [side for side in _steep_tails(curve, value) if side[0] not in touching]
    if rests or sides:
        return SteepestSlope(_nearest(value, [round(value, 9)]), tuple(sorted([*rests, *sides])))
    return SteepestSlope(_nearest(value, [round(value, 9)]), _peaks(curve, value))


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
    if closer.all() or farther.all():
        kind = "attracting" if closer.all() else "repelling"
    else:
        kind = "half-stable" if closer.any() or farther.any() else "neutral"
    return FixedPoint(low, high, _nearest(slope, ()), kind)


def _signs(curve: Curve) -> np.ndarray:
    slope = np.nan_to_num(curve.slope)
    return np.where(np.abs(slope) > 1e-14, np.sign(slope), 0)


def _turning_points(curve: Curve) -> tuple[TurningPoint, ...]:
    sign = _signs(curve)
    moving = np.flatnonzero(sign)
    turns = moving[:-1][sign[moving[:-1]] != sign[moving[1:]]]
    nexts = moving[1:][sign[moving[:-1]] != sign[moving[1:]]]
    narrow = curve.x[nexts] - curve.x[turns] < 0.1 * np.maximum(0.1, np.abs(curve.x[turns]))
    turns, nexts = turns[narrow], nexts[narrow]
    at = bisect(lambda x: curve(x)[1] > 0, curve.x[turns], curve.x[nexts])
    at = [snap(float(x), (*curve.kinks, 0.0)) for x in at]
    values = curve(at)[0]
    kinds = np.where(sign[turns] > 0, "maximum", "minimum")
    return tuple(
        TurningPoint(x, _nearest(float(value), ()), str(kind))
        for x, value, kind in zip(at, values, kinds, strict=True)
    )


def _flat(curve: Curve) -> tuple[Interval, ...]:
    rests = roots(curve, lambda x, jet: jet[1], np.zeros_like)
    return tuple(
        (low, high)
        for low, high in rests
        if high > low and (math.isinf(low) or low < 1e6) and (math.isinf(high) or high > -1e6)
    )


def _monotone(curve: Curve) -> str:
    sign = _signs(curve)
    change = np.diff(curve.f[np.isfinite(curve.f)])
    noise = 1e-12 * max(1.0, float(np.nanmax(np.abs(curve.f[np.abs(curve.x) < 100]))))
    inner = np.abs(curve.x[1:]) < 100
    inner = inner[: change.size]
    up = (sign > 0).any() or (change[inner] > noise).any()
    down = (sign < 0).any() or (change[inner] < -noise).any()
    return {(0, 0): "constant", (1, 0): "increasing", (0, 1): "decreasing"}.get(
        (int(up), int(down)), "no"
    )


def _symmetry(curve: Curve) -> tuple[str, tuple[float, float]]:
    """Odd or even about the middle of the domain."""
    if math.isinf(curve.low) != math.isinf(curve.high):
        return "", (0.0, 0.0)
    aside = np.linspace(0.01, min(8.0, 0.99 * curve.reach), 500)
    left, right = (curve(curve.middle + side * aside)[0] for side in (-1, 1))
    scale = 1e-9 * max(1.0, float(np.nanmax(np.abs(right))))
    total = (left + right) / 2
    middle = snap(float(curve.middle)), snap(float(total[0]))
    if np.nanmax(np.abs(left - right)) <= scale:
        return ("even" if curve.middle == 0 else "mirror"), (middle[0], 0.0)
    if np.nanmax(np.abs(total - total[0])) <= scale:
        origin = curve.middle == 0 and abs(total[0]) <= scale
        return ("odd" if origin else "point"), (0.0, 0.0) if origin else middle
    return "", (0.0, 0.0)


def _gain(curve: Curve) -> float:
    """`mean_field.gain`, in float64 and with what is compiled already."""
    nodes, weights = normal_quadrature(curve.kinks if not curve.bounded else ())
    if math.isinf(curve.low) != math.isinf(curve.high):
        return math.nan
    if curve.bounded:  # as the networks apply it, `on_real_line`
        nodes = curve.low + (curve.high - curve.low) * expit(nodes)
    moment = float(np.sum(weights * np.square(curve(nodes)[0])))
    return 1 / math.sqrt(moment) if moment > 0 else math.inf
