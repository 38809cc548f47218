"""The shape of an activation in words and numbers, one line per fact."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from acts_jax.activations.catalogue import Activation
from acts_jax.theory.description import FixedPoint, Shape
from acts_jax.theory.features import Interval
from acts_jax.words import join

_MOST = 5
_NAMED = {math.pi: "π", math.pi / 2: "π/2", math.pi / 4: "π/4", 2 * math.pi: "2π"}
_SMOOTHNESS = {-1: "discontinuous", 0: "C⁰", 1: "C¹", 2: "C²", math.inf: "C∞"}
_BREAKS = ("f jumps", "f′ jumps", "f″ jumps", "f‴ jumps")


def number(value: float, digits: int = 6) -> str:
    """`0.659046`, `−1`, `π/2`, `∞`, `5.1e−7`."""
    if math.isnan(value):
        return "–"
    for constant, name in _NAMED.items():
        if abs(abs(value) - constant) < 1e-12:
            return ("−" if value < 0 else "") + name
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value + 0.0:.{digits}g}".replace("e-0", "e-").replace("-", "−").replace("e+", "e")


def interval(ends: Interval, closed: tuple[bool, bool] = (True, True), digits: int = 6) -> str:
    """`[0, 1]`, `(−1, 1)`, `[0, ∞)`."""
    left = "[" if closed[0] and math.isfinite(ends[0]) else "("
    right = "]" if closed[1] and math.isfinite(ends[1]) else ")"
    return f"{left}{number(ends[0], digits)}, {number(ends[1], digits)}{right}"


def where(
    intervals: Sequence[Interval], closed: bool = False, digits: int = 6, most: int = _MOST
) -> str:
    """Intervals as a condition on x: `|x| < 1.31696`, `x > 0`, `x = 0`, `as x → ∞`.

    Of more than `most` intervals, those nearest to 0 are named.
    """
    intervals = _nearest(intervals, most)
    if not intervals:
        return "nowhere"
    less = "≤" if closed else "<"
    more = "≥" if closed else ">"
    if len(intervals) == 2:
        (a, b), (c, d) = intervals
        if math.isinf(a) and math.isinf(d) and math.isfinite(b) and _same(b, -c):
            return f"|x| {more} {number(c, digits)}"
        if _same(a, -d) and _same(b, -c) and a < b <= 0:
            inner = f"0 < |x| {less}" if b == 0 else f"{number(c, digits)} {less} |x| {less}"
            return f"{inner} {number(d, digits)}"
        if a == b and c == d and a == -c:
            return "as x → ±∞" if math.isinf(a) else f"x = ±{number(c, digits)}"
    texts = [_condition(low, high, less, more, digits) for low, high in intervals]
    points = [t.removeprefix("x = ") for t in texts if t.startswith("x = ")]
    if len(points) == len(texts) > 1:
        return "x = " + ", ".join(points)
    return " or ".join(texts)


def _condition(low, high, less, more, digits) -> str:
    if low == high:
        sign = "∞" if low > 0 else "−∞"
        return f"as x → {sign}" if math.isinf(low) else f"x = {number(low, digits)}"
    if math.isinf(low) and math.isinf(high):
        return "all x"
    if math.isinf(low):
        return f"x {less} {number(high, digits)}"
    if math.isinf(high):
        return f"x {more} {number(low, digits)}"
    if _same(low, -high):
        return f"|x| {less} {number(high, digits)}"
    return f"{number(low, digits)} {less} x {less} {number(high, digits)}"


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-9 * max(1.0, abs(a))


def _nearest(intervals: Sequence[Interval], most: int) -> list[Interval]:
    """The few that are nearest to 0, in order."""
    near = sorted(intervals, key=lambda ends: (min(map(abs, ends)), -ends[1]))
    return sorted(near[:most])


def _more(items: Sequence, shape: Shape, most: int = _MOST) -> str:
    """What is said of those that are not listed."""
    if any(shape.oscillates) and len(items) > 2:
        return ", and so on"
    return f" and {len(items) - most} more" if len(items) > most else ""


def parameters(activation: Activation, values: dict[str, float]) -> str:
    """`slope = 0.25 in (−∞, ∞), learned`, one after the other."""
    parts = []
    for name, parameter in activation.parameters.items():
        value = values.get(name, parameter.default)
        text = f"{name} = {number(float(value))}"
        if value != parameter.default:
            text += f" (default {number(parameter.default)})"
        if math.isfinite(parameter.low) or math.isfinite(parameter.high):
            text += f" in {parameter.interval.replace('inf', '∞').replace('-', '−')}"
        parts.append(text + (", learned" if name in activation.learned else ""))
    return "; ".join(parts)


def value_range(shape: Shape) -> str:
    """The range; an end that f only tends to stays outside."""
    return interval(shape.range, tuple(_attained(shape, end) for end in shape.range))


def _attained(shape: Shape, end: float) -> bool:
    if end not in shape.limits or all(math.isfinite(e) for e in shape.domain):
        return not any(shape.oscillates) or math.isfinite(end)
    if any(turn.value == end for turn in shape.turning_points):
        return True
    return any(
        math.isinf(x) and limit == end
        for rest in shape.flat
        for x, limit in zip(rest, shape.limits, strict=True)
    )


def vector_range(activation: Activation, values: Mapping[str, float]) -> str:
    """The range of a function of whole vectors: `(0, 1)`, and to which ends float32 rounds.

    An end belongs to it if vectors of numbers from -4 to 4 reach it.
    """
    if not any(map(math.isfinite, activation.range)):
        return interval(activation.range)
    grid = np.linspace(-4, 4, 9, dtype=np.float32)
    near = np.stack(np.meshgrid(*[grid] * 4), axis=-1).reshape(-1, 4)
    low, high = activation.range
    outputs, rounded = (np.asarray(activation(x, **values)) for x in (near, 50 * near))
    reached = (outputs == low).any(), (outputs == high).any()
    text = interval(activation.range, reached)
    ends = [
        number(end)
        for end, there in zip((low, high), reached, strict=True)
        if math.isfinite(end) and not there and (rounded == end).any()
    ]
    if not ends:
        return text
    return f"{text}; float32 rounds to {join(ends)} where inputs lie far apart"


def largest_slope(shape: Shape, digits: int = 6, most: int = 3) -> str:
    """`1.09984 at x = 2.39936`; `∞ as x → ∞`."""
    places = shape.steepest.where
    text = where(places, digits=digits, most=most) + _more(places, shape, most)
    joint = " " if text.startswith("as ") else " for " if places[0][0] < places[0][1] else " at "
    return number(shape.steepest.value, digits) + joint + text


def steep(shape: Shape, digits: int = 6, most: int = 3) -> str:
    """Where abs(f') exceeds the threshold."""
    return where(shape.steep, digits=digits, most=most) + _more(shape.steep, shape, most)


def fixed_points(shape: Shape) -> str:
    """`0.659046 (slope 0.224704, attracting)`; `x ≥ 0 (each stays where it is)`."""
    if not shape.fixed_points:
        return "none"
    points = sorted(shape.fixed_points, key=lambda p: min(abs(p.low), abs(p.high)))[:_MOST]
    texts = [fixed_point(point) for point in sorted(points, key=lambda p: p.low)]
    return "; ".join(texts) + _more(shape.fixed_points, shape)


def fixed_point(point: FixedPoint) -> str:
    """One fixed point, or one interval of them."""
    if point.high > point.low:
        return where([(point.low, point.high)], closed=True) + " (each stays where it is)"
    return f"{number(point.low)} (slope {number(point.slope)}, {point.kind})"


def monotone(shape: Shape) -> str:
    """`increasing`, or the turning points."""
    if shape.monotone != "no":
        return shape.monotone + (f", flat for {where(shape.flat, True)}" if shape.flat else "")
    turns = sorted(shape.turning_points, key=lambda turn: abs(turn.x))[:_MOST]
    texts = [
        f"{turn.kind} {number(turn.value)} at {number(turn.x)}"
        for turn in sorted(turns, key=lambda turn: turn.x)
    ]
    text = "no" + (": " + ", ".join(texts) if texts else "") + _more(shape.turning_points, shape)
    return text + (f"; flat for {where(shape.flat, True)}" if shape.flat else "")


def smoothness(shape: Shape) -> str:
    """`C⁰: f′ jumps at 0`; `C∞`."""
    parts = []
    for order, what in enumerate(_BREAKS):
        points = [kink.x for kink in shape.kinks if kink.order == order]
        if points:
            near = sorted(sorted(points, key=abs)[:_MOST])
            pair = len(points) == 2 and _same(points[0], -points[1])
            listed = f"±{number(points[1])}" if pair else ", ".join(map(number, near))
            parts.append(f"{what} at {listed}{_more(points, shape)}")
    name = _SMOOTHNESS[shape.smoothness]
    return f"{name}: {'; '.join(parts)}" if parts else f"{name}: no jump found up to f‴"


def tails(shape: Shape) -> str:
    """What f tends to at both ends of its domain."""
    if not any(math.isinf(end) for end in shape.domain):
        return ""
    parts = []
    for end, line, limit, endless in zip(
        shape.domain, shape.asymptotes, shape.limits, shape.oscillates, strict=True
    ):
        goal = _line(*line) if line else number(limit)
        if endless:
            goal = "waves on" + (f" to {number(limit)}" if math.isinf(limit) else "")
        parts.append(f"{goal} as x → {number(end)}")
    return ", ".join(parts)


def _line(slope: float, intercept: float) -> str:
    if slope == 0:
        return number(intercept)
    x = {1.0: "x", -1.0: "−x"}.get(slope, f"{number(slope)} x")
    sign = "+" if intercept > 0 else "−"
    return x + (f" {sign} {number(abs(intercept))}" if intercept else "")


def symmetry(shape: Shape) -> str:
    """`odd`, `even`, `odd about (0, 0.5)`, `even about x = 0.5`, `none`."""
    x, y = map(number, shape.center)
    centred = {"point": f"odd about ({x}, {y})", "mirror": f"even about x = {x}", "": "none"}
    return centred.get(shape.symmetry, shape.symmetry)


def lines(shape: Shape) -> dict[str, str]:
    """Every fact of a shape, by its name."""
    bounded, zeros = all(math.isfinite(end) for end in shape.domain), shape.zeros
    facts = {
        "domain": interval(shape.domain) if bounded else where([shape.domain], closed=True),
        "range": value_range(shape),
        "sup |f′|": largest_slope(shape),
        f"|f′| > {number(shape.threshold)}": steep(shape),
        "fixed points": fixed_points(shape),
        "zeros": where(zeros, closed=True) + _more(zeros, shape) if zeros else "none",
        "monotone": monotone(shape),
        "smoothness": smoothness(shape),
        "tails": tails(shape),
        "symmetry": symmetry(shape),
        "gain": number(shape.gain) + (" of f(sigmoid(z))" if bounded else ""),
    }
    return {name: text for name, text in facts.items() if text}


def accuracy(errors: Iterable) -> str:
    """The largest error of each library, such as `f 2.3, f′ 1.9`, in ulp, of `accuracy.Error`s.

    This library's own also in `Error.mixed`, the unit of the accuracy table.
    """
    worst: dict[str, list[str]] = {}
    mixed, inputs = [], 0
    for error in errors:
        size = f"{error.ulp:.1f}" if error.ulp < 1000 else f"{error.ulp:,.0f}"
        worst.setdefault(error.library, []).append(f"f{'′' * error.order} {size}")
        if error.library == "acts_jax":
            mixed.append(f"{error.mixed:.1f}")
        inputs = max(inputs, error.inputs)
    own = f"{', '.join(worst.pop('acts_jax'))} (in ulp + ε |x f′|: {', '.join(mixed)})"
    others = [f"{library}: {', '.join(parts)}" for library, parts in worst.items()]
    return f"largest of {inputs:,} float32 inputs, in ulp: {'; '.join([own, *others])}"
