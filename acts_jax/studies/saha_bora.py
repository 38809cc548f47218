"""SBAF and A-ReLU beside the sigmoid and the ReLU: their best fits, checks and tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from acts_jax.activations.catalogue import get
from acts_jax.analysis.pairing import rates
from acts_jax.report.style import percent
from acts_jax.studies.claims import Check, at_least, at_most, near
from acts_jax.theory import features, fitting
from acts_jax.theory.description import describe
from acts_jax.theory.fitting import Fit

SEARCH = {"k": (1e-3, 1e3), "alpha": (0.0, 1.0)}
UNIT = (0.0, 1.0)
INSIDE = (0.05, 0.95)
MOVED = {"sigmoid": (-6.0, 6.0), "relu": (-1.0, 1.0)}
PUBLISHED = {"k": 0.54, "n": 1.3}
REACH = 10.0  # A-ReLU is compared with the ReLU from 0 to here
FITTED = {
    "sigmoid": "the sigmoid on [0, 1]",
    "sigmoid, moved": "the sigmoid on [-6, 6], mapped to [0, 1], y scaled and shifted",
    "sigmoid, inside": "the sigmoid on [-6, 6], mapped to [0.05, 0.95], y scaled and shifted",
    "relu": "the ReLU on [0, 1]",
    "relu, moved": "the ReLU on [-1, 1], mapped to [0, 1], y scaled and shifted",
    "relu, inside": "the ReLU on [-1, 1], mapped to [0.05, 0.95], y scaled and shifted",
    "a_relu, published": "the ReLU on [0, 10]",
}


def fits() -> dict[str, Fit]:
    """The best fits of both functions, by what they are fitted to and how.

    "sigmoid" and "relu": SBAF on [0, 1], x and y as they are. "sigmoid, moved" and "relu, moved":
    [-6, 6] and [-1, 1] mapped linearly to [0, 1], and SBAF's values scaled and shifted as suits
    best; "sigmoid, inside" and "relu, inside" the same mapped to [0.05, 0.95], clear of the
    infinite slopes. "line": a straight line in place of SBAF for the moved sigmoid.
    "a_relu": A-ReLU with n = 1.3 and the best k on [0, 10]; "a_relu, published": with k = 0.54.
    """
    found = {name: fitting.best_fit("sbaf", name, UNIT, SEARCH) for name in MOVED}
    for how, onto in (("moved", UNIT), ("inside", INSIDE)):
        found |= {
            f"{name}, {how}": fitting.best_fit("sbaf", name, span, SEARCH, onto=onto, affine=True)
            for name, span in MOVED.items()
        }
    return {
        **found,
        "line": fitting.best_fit("identity", "sigmoid", MOVED["sigmoid"], {}, affine=True),
        "a_relu": fitting.best_fit("a_relu", "relu", (0.0, REACH), {"k": (0.1, 10.0)}),
        "a_relu, published": fitting.compare("a_relu", "relu", (0.0, REACH), **PUBLISHED),
    }


def sbaf_formula_error(k: float = 0.98, alpha: float = 0.5) -> float:
    """Largest relative distance between SBAF's derivative and y (1-y) (x-alpha) / (x (1-x))."""
    x = (np.arange(1000) + 0.5) / 1000
    y, slope, _ = features.jet(get("sbaf").function, {"k": k, "alpha": alpha}, x)
    formula = y * (1 - y) * (x - alpha) / (x * (1 - x))
    return float(np.max(np.abs(slope / formula - 1)))


def sbaf_minimum_offset() -> float:
    """Largest distance of SBAF's minimum from x = alpha, over some k and alpha."""
    settings = ((0.98, 0.5), (0.98, 0.2), (4.0, 0.05), (0.1, 0.9))
    shapes = [(a, describe("sbaf", k=k, alpha=a)) for k, a in settings]
    return max(abs(shape.turning_points[0].x - a) for a, shape in shapes)


def sbaf_least_curvature() -> float:
    """The smallest second derivative of SBAF over k, alpha and x: it is convex if that is >= 0."""
    x = (np.arange(1000) + 0.5) / 1000
    settings = [(k, a) for k in (0.01, 0.1, 1.0, 10.0, 100.0) for a in np.linspace(0, 1, 11)]
    return min(
        float(features.jet(get("sbaf").function, {"k": k, "alpha": a}, x)[2].min())
        for k, a in settings
    )


def sbaf_end_slopes(k: float = 0.98, alpha: float = 0.5) -> tuple[float, float]:
    """SBAF's derivatives at 0 and at 1."""
    slopes = features.jet(get("sbaf").function, {"k": k, "alpha": alpha}, [0.0, 1.0])[1]
    return float(slopes[0]), float(slopes[1])


def a_relu_gap() -> Fit:
    """A-ReLU as published beside the ReLU, from 0 to where the two cross."""
    crossing = describe("a_relu", **PUBLISHED).fixed_points[-1].low
    return fitting.compare("a_relu", "relu", (0.0, crossing), **PUBLISHED)


def summary(found: Mapping[str, Fit], scores: pd.DataFrame, selection: pd.DataFrame) -> str:
    """What came out, in sentences; `selection` is that of the trained networks."""
    share = {name: percent(fit.relative_rms) for name, fit in found.items()}
    curvature = "is convex" if sbaf_least_curvature() >= 0 else "is not always convex"
    worst = scores.mean().idxmin()
    edges = [
        f"{name} at depth {depth} {rate}"
        for name, depth, rate in zip(
            selection["activation"], selection["depth"], rates(selection), strict=True
        )
        if rate[-1] in "↓↑"
    ]
    told = f" Learning rates at the edge of the sweep: {', '.join(edges)}." if edges else ""
    return (
        f"The best SBAF on [0, 1] is off by {share['sigmoid']} of the sigmoid's range there and "
        f"{share['relu']} of the ReLU's (root mean square). With x mapped to SBAF's domain, and y "
        f"scaled and shifted, it is off by {share['sigmoid, moved']} and {share['relu, moved']}, "
        f"clear of its ends by {share['sigmoid, inside']} and {share['relu, inside']}; a straight "
        f"line is off from the sigmoid by {share['line']}: SBAF {curvature}, and cannot bend like "
        f"a sigmoid. A-ReLU as published is off by {share['a_relu, published']} on [0, 10]. Least "
        f"accurate in training: {worst[0]} at depth {worst[1]}, {scores[worst].mean():.1%}.{told}"
    )


def table(found: Mapping[str, Fit]) -> pd.DataFrame:
    """A row per fit: its parameters and its distance from the target."""
    rows = []
    for fit in found.values():
        rows.append(
            {
                "function": f"{fit.activation.name} → {fit.target.name}",
                "x": _span(fit.interval) + (f" → {_span(fit.onto)}" * (fit.onto != fit.interval)),
                "fitted": ", ".join(f"{n} {v:.3g}" for n, v in fit.parameters.items()) or "–",
                "scale": fit.scale,
                "rms/range": percent(fit.relative_rms),
                "worst": fit.worst,
                "at x": fit.worst_at,
            }
        )
    return pd.DataFrame(rows)


def _span(interval: tuple[float, float]) -> str:
    return "{:g}..{:g}".format(*interval).replace("-", "−")


def shapes() -> list[Check]:
    """What the formulas say about the two functions' shapes."""
    sbaf, a_relu = describe("sbaf", k=0.98, alpha=0.5), describe("a_relu", k=0.54, n=1.3)
    ends, gap = sbaf_end_slopes(), a_relu_gap()
    lowest, fixed, proved = sbaf.range[0], sbaf.fixed_points[0].low, {"theorem": True}
    exact = {"format": ".8g"} | proved
    offset, crossing = sbaf_minimum_offset(), a_relu.fixed_points[-1].low
    return [
        near("SBAF's minimum, k 0.98 and α 0.5", "0.67114094", lowest, 0.67114094, 1e-8, **exact),
        near("its fixed point", "0.68767649", fixed, 0.68767649, 1e-8, **exact),
        at_most("its minimum lies at x = α: distance", "at α", offset, 1e-6, **proved),
        at_most(
            "its derivative is y (1-y) (x-α) / (x (1-x)): relative difference",
            "equal", sbaf_formula_error(), 1e-12, **proved,
        ),
        at_least(
            "its slopes at 0 and 1 are infinite", "infinite", min(-ends[0], ends[1]), 1e30, **proved
        ),
        at_least(
            "A-ReLU is differentiable everywhere: its continuous derivatives",
            "everywhere differentiable", a_relu.smoothness, 1, **proved,
        ),
        near("A-ReLU crosses y = x at", "7.7987", crossing, 7.7987, 5e-5, **proved),
        near("its largest distance below the ReLU", "0.75056", gap.worst, 0.75056, 5e-6, **proved),
        near("... is at x", "3.2524", gap.worst_at, 3.2524, 5e-4, **proved),
    ]  # fmt: skip


def distances(fits: Mapping[str, Fit], close: float) -> list[Check]:
    """Whether the best fits are close to their targets: `relative_rms` at most `close`."""
    return [
        at_most(
            f"{fits[name].activation.name} approximates {what}: distance over the target's range",
            "rather well", fits[name].relative_rms, close, format=".1%",
        )
        for name, what in FITTED.items()
    ]  # fmt: skip


def by_parameters(results: pd.DataFrame) -> pd.DataFrame:
    """The results with each value of a swept parameter as an activation: "sbaf, α 0.5".

    Choosing among them on validation would give SBAF a larger tuning budget than its targets.
    """
    names, swept = results["activation"].astype(str), results["activation"].isin(("sbaf", "a_relu"))
    for column in results.columns[results.nunique() > 1]:
        activation, _, parameter = column.partition(".")
        if activation in ("sbaf", "a_relu"):
            given = " " + results[column].map("{:g}".format)
            names = names.where(results[column].isna(), names + f", {parameter}" + given)
    return results.assign(activation=names.where(swept, results["activation"]))


def trained(scores: pd.DataFrame, alike: float) -> list[Check]:
    """Whether networks are as accurate as with what their activation approximates, to `alike`."""
    squashed = " (of the sigmoid of the pre-activation)"
    return [
        near(
            f"depth {depth}: {name}{squashed if name[:4] == 'sbaf' else ''} trains like {target}, "
            "difference in test accuracy",
            "approximates it",
            scores[name, depth] - scores[target, depth], 0.0, alike, format=".1%",
        )
        for name, depth in sorted(scores, key=lambda column: column[1])
        for target in ("sigmoid", "relu")
        if name.startswith("sbaf") or (name.startswith("a_relu") and target == "relu")
        if (target, depth) in scores
    ]  # fmt: skip
