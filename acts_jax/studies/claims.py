"""Claims put to the test: what a text says, what was measured, and the verdict between the two."""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from acts_jax.analysis import statistics
from acts_jax.files import as_json

HOLDS, PARTLY, FAILS, UNDECIDED = "holds", "holds partly", "does not hold here", "undecided"
SHARE = {"format": ".1%", "bounds": (0, 1)}  # options of a check of a share or an accuracy


@dataclasses.dataclass(frozen=True)
class Check:
    """One statement with a number in it, beside the number that was found.

    Attributes:
        statement: Such as "the largest slope of the sigmoid is 1/4".
        claimed: What the text says: "0.25".
        measured: The number found.
        interval: 95% confidence interval of `measured`; None where nothing is random.
        threshold: The rule in words: "within 1e-06 of 0.25".
        holds: What the rule says; None if it is undecided, the interval lying on both sides.
        fails_if: The outcome that would have made it fail, in words: "the whole interval is above".
        format: Format specification of the numbers: ".3g", ".1%".
        unit: Written after them, with its space: " steps".
        theorem: Whether mathematics leaves no other outcome (relu(−1) is 0): shown, but a theorem
            that holds does not count towards the verdict of its claim.
    """

    statement: str
    claimed: str
    measured: float
    interval: tuple[float, float] | None
    threshold: str
    holds: bool | None
    fails_if: str
    format: str = ".3g"
    unit: str = ""
    theorem: bool = False

    @property
    def found(self) -> str:
        """The measured number with its interval, `37.1% (35.0% to 39.2%)`, or `–` for NaN."""
        if np.isnan(self.measured):
            return "–"
        number = _short(self.measured, self.format) + self.unit
        if self.interval is None or not np.isfinite(self.interval).all():
            return number
        low, high = (_short(end, self.format) for end in self.interval)
        return f"{number} ({low} to {high})"

    @property
    def verdict(self) -> str:
        """`holds`, `does not hold here` or `undecided`."""
        return {True: HOLDS, False: FAILS, None: UNDECIDED}[self.holds]


@dataclasses.dataclass(frozen=True)
class Claim:
    """A statement of the textbooks, and everything that was found about it.

    Attributes:
        name: Of the experiment; files are called by it.
        title: A heading.
        text: The claim, as courses state it.
        checks: The statements it consists of; at least one.
        summary: One or two sentences with the measured numbers in words.
        figures: Pictures by name; a name is the name of its file.
        numbers: Everything behind the pictures: mappings, sequences, arrays, DataFrames, scalars.
        table: For the terminal and the page; strings are shown as they are, floats with 4 digits.
    """

    name: str
    title: str
    text: str
    checks: tuple[Check, ...]
    summary: str
    figures: Mapping[str, Figure]
    numbers: Mapping[str, Any]
    table: pd.DataFrame | None = None

    def __post_init__(self):
        if not self.checks:
            raise ValueError(f"the claim {self.name!r} has no checks: nothing would decide it")

    @property
    def decisive(self) -> tuple[Check, ...]:
        """The checks that count: all but the theorems that hold; those, too, if nothing is left."""
        return tuple(c for c in self.checks if not (c.theorem and c.holds)) or self.checks

    @property
    def verdict(self) -> str:
        """The verdict of all checks together, but for theorems that hold.

        "holds" if every check does, "holds partly" if some do and others fail or are undecided,
        "does not hold here" if all that are decided fail, and "undecided" if none is decided.
        Theorems that hold count only where there is nothing else.
        """
        results = [check.holds for check in self.decisive]
        if all(results):
            return HOLDS
        if any(results):
            return PARTLY
        return FAILS if False in results else UNDECIDED


def near(
    statement: str,
    claimed: str,
    measured: float | Sequence[float],
    target: float,
    tolerance: float,
    **options: Any,
) -> Check:
    """Check that `measured` lies within `tolerance` of `target`.

    Args:
        statement: As in `Check`.
        claimed: As in `Check`.
        measured: A number, or one value per seed: their mean is the number then, and the whole of
            its 95% interval must lie on one side of the threshold for the check to be decided. A
            sample of one value, or with a NaN among its values, decides nothing.
        target: What `measured` should be.
        tolerance: How far it may be off.
        **options: `format`, `unit` and `theorem` of `Check`; `bounds`, (0, 1) for a share or an
            accuracy: what the mean of a sample cannot leave, nor can its interval then.
    """
    low, high = target - tolerance, target + tolerance
    options = {"format": ".6g"} | options
    form, off = options["format"].lstrip("+"), _short(tolerance, "g")
    if form.endswith("%"):
        points = _short(100 * tolerance, "g")
        off = f"{points} point{'' if points == '1' else 's'}"
    rule = f"within {off} of {_short(target, form)}"
    return _judged(statement, claimed, measured, (low, high), rule, "farther off", **options)


def at_most(
    statement: str, claimed: str, measured: float | Sequence[float], limit: float, **options: Any
) -> Check:
    """Check that `measured` is at most `limit`; arguments as for `near`."""
    rule = f"at most {_with_unit(limit, options)}"
    return _judged(statement, claimed, measured, (-math.inf, limit), rule, "above", **options)


def at_least(
    statement: str, claimed: str, measured: float | Sequence[float], limit: float, **options: Any
) -> Check:
    """Check that `measured` is at least `limit`; arguments as for `near`."""
    rule = f"at least {_with_unit(limit, options)}"
    return _judged(statement, claimed, measured, (limit, math.inf), rule, "below", **options)


def record(claim: Claim) -> dict[str, Any]:
    """Turn a claim, without its pictures, into what JSON can hold."""
    fields = ("name", "title", "text", "verdict", "summary", "numbers")
    checks = [dataclasses.asdict(check) | {"verdict": check.verdict} for check in claim.checks]
    return as_json({name: getattr(claim, name) for name in fields} | {"checks": checks})


def _with_unit(limit: float, options: Mapping[str, Any]) -> str:
    return _short(limit, options.get("format", ".3g")) + options.get("unit", "")


def _short(value: float, form: str) -> str:
    """Write a number with a real minus sign and no zeros in its exponent: `−1.5e−6`."""
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", format(value, form)).replace("-", "−")


def _judged(
    statement: str,
    claimed: str,
    measured: float | Sequence[float],
    allowed: tuple[float, float],
    rule: str,
    outside: str,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    **fields: Any,
) -> Check:
    """Check that `measured`, a number or a sample, lies where it is allowed to, ends included."""
    low, high = allowed
    values = np.asarray(measured, float)
    interval = statistics.interval(values, bounds=bounds) if values.ndim else None
    first, last = interval or (float(values),) * 2
    holds = None
    if low <= first and last <= high:
        holds = True
    elif last < low or first > high:
        holds = False
    mean = float(values.mean()) if values.size else math.nan
    fails_if = f"{'it' if interval is None else 'the whole interval'} is {outside}"
    return Check(statement, claimed, mean, interval, rule, holds, fails_if, **fields)
