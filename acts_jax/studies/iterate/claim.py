"""The claim about iterates, checked statement by statement."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from acts_jax.activations.catalogue import Activation
from acts_jax.errors import ConfigError
from acts_jax.report.style import brief
from acts_jax.studies.claims import Check, Claim, at_least, at_most, near
from acts_jax.studies.iterate import figures
from acts_jax.studies.iterate.measure import Iterated, family, iterate

TEXT = (
    "relu∘relu∘...∘relu = relu. Sigmoid-like functions squash more with each application, and "
    "their derivatives tend to 0."
)
GONE = 0.01  # a slope below is called 0
DIGITS = {"format": ".7f", "theorem": True}  # of numbers known to 7 digits, the last one rounded
HALF_A_DIGIT = 5e-8


def study(activations: Sequence[Activation] | None = None, times: int = 1000) -> Claim:
    """Iterate activations, and check their values, slopes and fixed points.

    Args:
        activations: Which; `measure.family` by default.
        times: Applications, at least 10.

    Raises:
        ConfigError: If no check is about any of them.
    """
    activations = activations or family()
    if not any(one.name == "relu" or one.family == "sigmoidal" for one in activations):
        given = ", ".join(one.name for one in activations)
        raise ConfigError(f"this experiment needs relu or a sigmoidal activation beside {given}")
    found = [iterate(activation, times) for activation in activations]
    return Claim(
        name="iterate",
        title="Applied again and again",
        text=TEXT,
        checks=tuple(checks(found)),
        summary=summary(found),
        figures={"iterate": figures.shapes(found), "iterate_slopes": figures.decay(found)},
        numbers={
            one.activation.name: {
                "slope_at_0": one.slope(0)[:51],
                "slope_at_2": one.slope(2)[:51],
                "steepest_away_from_0": one.steepest_away,
                "fixed_point": one.fixed_point,
                "exponent": one.exponent,
            }
            for one in found
        },
        table=table(found),
    )


def checks(found: Sequence[Iterated]) -> Iterator[Check]:
    """Check what is known of relu, sigmoid and tanh, and whether sigmoidal functions squash.

    Where f(0) = 0 the slope at 0 is f'(0)^n: 1 for tanh, and without bound for erf, however soon it
    vanishes at any other x. So 0 is asked about by itself.
    """
    by_name, times = {one.activation.name: one for one in found}, found[0].times
    if relu := by_name.get("relu"):
        off = max(np.abs(each[1:] - each[1]).max() for each in (relu.values, relu.slopes))
        same = f"relu applied 2 to {times} times is relu, in value and slope: largest difference"
        yield near(same, "exactly relu", off, 0, 0, theorem=True)

    if sigmoid := by_name.get("sigmoid"):
        (point, slope), at_zero = sigmoid.fixed_point, sigmoid.slope(0)
        there, tenth = "0.2247043", at_zero[10] / at_zero[9]
        left = "sigmoid's slope at 0: the factor of the 10th application"
        yield near("sigmoid's fixed point", "0.6590461", point, 0.6590461, HALF_A_DIGIT, **DIGITS)
        at_point = "sigmoid's slope at its fixed point"
        yield near(at_point, there, slope, 0.2247043, HALF_A_DIGIT, **DIGITS)
        # The 9 before have brought 0 to slope^9 of its distance from the point; |f''| is below 0.1.
        rest = HALF_A_DIGIT + 0.1 * point * slope**9
        yield near(left, there, tenth, 0.2247043, rest, **DIGITS)

    squashing = [one for one in found if one.activation.family == "sigmoidal"]
    if squashing:
        widths = np.array([np.ptp(one.values[1:7], axis=1) for one in squashing])
        narrower = "sigmoidal functions squash more each of the first 6 times: new range over old"
        yield at_most(narrower, "below 1", (widths[:, 1:] / widths[:, :-1]).max(), 0.999)
    for one in squashing:
        away = f"{one.activation.name}, {times} times: steepest slope at 0.5 ≤ |x| ≤ 6"
        yield at_most(away, "tends to 0", one.steepest_away, GONE, format=".2g")
    if squashing:
        steepest = max(abs(one.slope(0)[-1]) for one in squashing)
        everywhere = f"sigmoidal functions, {times} times: steepest slope of any at x = 0"
        yield at_most(everywhere, "tends to 0", steepest, GONE, format=".2g")

    if tanh := by_name.get("tanh"):
        kept = f"tanh's slope at 0 after {times} applications: an exception"
        yield near(kept, "1, exactly", tanh.slope(0)[-1], 1, 0, theorem=True)
        falls = "tanh's slope from x = 2 on: exponent p of its fall as n^-p"
        yield at_least(falls, "tends to 0", tanh.exponent, 1, format=".3f")


def summary(found: Sequence[Iterated]) -> str:
    """Say where the slopes of the sigmoidal functions tend to 0, and where they do not."""
    squashing = [one for one in found if one.activation.family == "sigmoidal"]
    if not squashing:
        return f"relu was applied {found[0].times} times."
    largest = max(one.steepest_away for one in squashing)
    kept = [one for one in squashing if abs(one.slope(0)[-1]) > GONE]
    at_zero = ", ".join(f"{one.activation.name} {brief(one.slope(0)[-1])}" for one in kept)
    told = (
        f"After {found[0].times} applications no sigmoidal function has a slope above "
        f"{brief(largest)} at 0.5 ≤ |x| ≤ 6."
    )
    if not kept:
        return told
    return f"{told} Where f(0) = 0 the slope at 0 is a power of f′(0), and stays: {at_zero}."


def table(iterated: Sequence[Iterated]) -> pd.DataFrame:
    """Tabulate one row per activation."""
    rows = []
    for found in iterated:
        zero, (point, factor) = found.slope(0.0), found.fixed_point
        falls = f"× {factor:.4f} each" if abs(factor) < 0.999 else f"n^−{found.exponent:.2f}"
        rows.append(
            {
                "activation": found.activation.name,
                "idempotent": "exactly" if found.idempotent else "no",
                "fixed point": point,
                "slope there": factor,
                "slope at 0: n = 1": zero[1],
                "n = 5": zero[5],
                f"n = {found.times}": zero[-1],
                "slope at 2 falls as": "–" if np.isnan(factor) else falls,
            }
        )
    return pd.DataFrame(rows)
