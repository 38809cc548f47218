"""Shapes and best fits of SBAF and A-ReLU, beside the sigmoid and the ReLU."""

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from acts_jax.activations.catalogue import get
from acts_jax.theory import features, fitting
from acts_jax.theory.description import describe
from acts_jax.theory.fitting import Fit

USUAL = {"k": 0.98, "alpha": 0.5}  # of SBAF
SEARCH = {"k": (1e-3, 1e3), "alpha": (0.0, 1.0)}
UNIT = (0.0, 1.0)
INSIDE = (0.05, 0.95)
MOVED = {"sigmoid": (-6.0, 6.0), "relu": (-1.0, 1.0)}
PUBLISHED = {"k": 0.54, "n": 1.3}
REACH = 10.0  # A-ReLU is compared with the ReLU up to here, on either side of 0


def fits() -> dict[str, Fit]:
    """Fit both functions to their targets, by what they are fitted to and how.

    SBAF stands on [0, 1] as it is; "moved", `MOVED` is mapped to it linearly, and its values are
    scaled and shifted as suits best; "inside", the same clear of its infinite slopes at the ends.
    A-ReLU has the best k, or the published one.
    """
    found = {name: fitting.best_fit("sbaf", name, UNIT, SEARCH) for name in MOVED}
    for how, onto in (("moved", UNIT), ("inside", INSIDE)):
        found |= {
            f"{name}, {how}": fitting.best_fit("sbaf", name, span, SEARCH, onto=onto, affine=True)
            for name, span in MOVED.items()
        }
    whole = (-REACH, REACH)
    return {
        **found,
        "a_relu": fitting.best_fit("a_relu", "relu", whole, {"k": (0.1, 10.0)}),
        "a_relu, published": fitting.compare("a_relu", "relu", whole, PUBLISHED),
    }


def over_lines(found: Mapping[str, Fit]) -> dict[str, float]:
    """Divide the distance of each fit by that of the best straight line, root mean squares.

    0 / 0 and the like do not occur but for the ReLU on [0, 1], which is a line: infinite.
    """
    lines = {
        (fit.target.name, fit.interval): fitting.best_fit(
            "identity", fit.target, fit.interval, {}, affine=True
        )
        for fit in found.values()
    }
    ratios = {}
    for name, fit in found.items():
        line = lines[fit.target.name, fit.interval].relative_rms
        ratios[name] = fit.relative_rms / line if line > 1e-12 else np.inf
    return ratios


class Shapes(NamedTuple):
    """What is known of the two functions, as it was found here.

    Attributes:
        minimum: Of SBAF with the usual parameters.
        fixed_point: Of the same.
        minimum_offset: From `sbaf_minimum_offset`.
        formula_error: From `sbaf_formula_error`.
        steepness: The smaller size of SBAF's slopes at 0 and 1.
        continuous_derivatives: How many A-ReLU has.
        crossing: Where A-ReLU crosses y = x.
        gap: A-ReLU's largest distance below the ReLU.
        gap_at: Where it is.
    """

    minimum: float
    fixed_point: float
    minimum_offset: float
    formula_error: float
    steepness: float
    continuous_derivatives: float
    crossing: float
    gap: float
    gap_at: float


def shapes() -> Shapes:
    """Measure the shapes of both functions, in float64."""
    usual, gap = describe("sbaf", **USUAL), a_relu_gap()
    at_0, at_1 = map(float, sbaf(**USUAL, x=np.array([0.0, 1.0]))[1])
    return Shapes(
        minimum=usual.range[0],
        fixed_point=usual.fixed_points[0].low,
        minimum_offset=sbaf_minimum_offset(),
        formula_error=sbaf_formula_error(),
        steepness=min(-at_0, at_1),
        continuous_derivatives=describe("a_relu", **PUBLISHED).smoothness,
        crossing=gap.interval[1],
        gap=gap.worst,
        gap_at=gap.worst_at,
    )


def sbaf(k: float, alpha: float, x: np.ndarray) -> np.ndarray:
    """Evaluate SBAF and its first two derivatives, in float64 [3, points]."""
    return features.jet(get("sbaf").function, {"k": k, "alpha": alpha}, x)


_MIDDLES = (np.arange(1000) + 0.5) / 1000


def sbaf_formula_error() -> float:
    """Measure how far SBAF's slope is from y (1-y) (x-alpha) / (x (1-x)), over the rounding.

    Relatively, the difference 1 - y loses what y has in excess of it: some eps / (1 - y), for the
    formula and for the slope, and for each of about four operations.
    """
    y, slope, _ = sbaf(**USUAL, x=_MIDDLES)
    formula = y * (1 - y) * (_MIDDLES - USUAL["alpha"]) / (_MIDDLES * (1 - _MIDDLES))
    rounding = 8 * np.finfo(np.float64).eps / (1 - y)
    return float(np.max(np.abs(slope / formula - 1) / rounding))


def sbaf_minimum_offset() -> float:
    """Measure the largest distance of SBAF's minimum from x = alpha, over some k and alpha."""
    settings = ((0.98, 0.5), (0.98, 0.2), (4.0, 0.05), (0.1, 0.9))
    return max(abs(describe("sbaf", k=k, alpha=a).turning_points[0].x - a) for k, a in settings)


def sbaf_least_curvature() -> float:
    """Find the smallest second derivative over k, alpha and x; SBAF is convex if that is >= 0."""
    settings = itertools.product((0.01, 0.1, 1.0, 10.0, 100.0), np.linspace(0, 1, 11))
    return min(float(sbaf(k, alpha, _MIDDLES)[2].min()) for k, alpha in settings)


def a_relu_gap() -> Fit:
    """Compare A-ReLU as published with the ReLU, from 0 to where the two cross."""
    crossing = describe("a_relu", **PUBLISHED).fixed_points[-1].low
    return fitting.compare("a_relu", "relu", (0.0, crossing), PUBLISHED)


def by_parameters(results: pd.DataFrame) -> pd.DataFrame:
    """Rename activations so that each value of a swept parameter is one: "sbaf, alpha 0.5".

    Choosing among them on validation would give SBAF a larger tuning budget than its targets.
    """
    names, swept = results["activation"].astype(str), results["activation"].isin(("sbaf", "a_relu"))
    for column in results.columns[results.nunique() > 1]:
        activation, _, parameter = column.partition(".")
        if activation in ("sbaf", "a_relu"):
            given = " " + results[column].map("{:g}".format)
            names = names.where(results[column].isna(), names + f", {parameter}" + given)
    return results.assign(activation=names.where(swept, results["activation"]))
