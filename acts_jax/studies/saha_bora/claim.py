"""The claims about SBAF and A-ReLU, checked statement by statement."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from rich.console import Console

from acts_jax.analysis import statistics
from acts_jax.analysis.pairing import by_seed, rates
from acts_jax.report.style import percent
from acts_jax.studies import requirements
from acts_jax.studies.claims import Check, Claim, at_least, at_most, near
from acts_jax.studies.saha_bora import measure
from acts_jax.studies.saha_bora.figures import a_relu_figure, sbaf_figure
from acts_jax.sweep import trainer
from acts_jax.sweep.options import Options
from acts_jax.theory.description import describe
from acts_jax.theory.fitting import Fit

TEXT = (
    "SBAF, 1/(1 + k x^a (1-x)^(1-a)), is flexible: under certain conditions it approximates the "
    "sigmoid and the ReLU rather well. A-ReLU, k x^n for x > 0, approximates the ReLU and is "
    "everywhere differentiable."
)
CLOSE = 0.05  # root mean square distance over the target's range, up to which it is "rather well"
ALIKE = 0.01  # difference in test accuracy, up to which two functions train alike
TARGETS = {
    "sigmoid": "the sigmoid on [0, 1]",
    "sigmoid, moved": "the sigmoid on [-6, 6], mapped to [0, 1], y scaled and shifted",
    "sigmoid, inside": "the sigmoid on [-6, 6], mapped to [0.05, 0.95], y scaled and shifted",
    "relu": "the ReLU on [0, 1]",
    "relu, moved": "the ReLU on [-1, 1], mapped to [0, 1], y scaled and shifted",
    "relu, inside": "the ReLU on [-1, 1], mapped to [0.05, 0.95], y scaled and shifted",
    "a_relu, published": "the ReLU on [0, 10]",
}  # of those `measure.fits` that are held to the claim


def study(options: Options, console: Console) -> Claim:
    """Train both functions beside their targets, measure their shapes and fit them."""
    trained = trainer.train(options, console, requirements.check)
    checks = [*shape_of_sbaf(), *shape_of_a_relu()]

    fits = measure.fits()
    for name, target in TARGETS.items():
        fit = fits[name]
        close = f"{fit.activation.name} approximates {target}: distance over the target's range"
        checks.append(at_most(close, "rather well", fit.relative_rms, CLOSE, format=".1%"))

    results, groups = measure.by_parameters(trained.results), ("activation", "depth")
    scores, selection = by_seed(results, groups), statistics.select(results, groups)
    for name, target, depth in compared(scores):
        sees = " (of the sigmoid of the pre-activation)" if name.startswith("sbaf") else ""
        alike = f"depth {depth}: {name}{sees} trains like {target}, difference in test accuracy"
        off = scores[name, depth] - scores[target, depth]
        checks.append(near(alike, "approximates it", off, 0.0, ALIKE, format=".1%"))

    return Claim(
        name="saha_bora",
        title="SBAF and A-ReLU: how near to the sigmoid and the ReLU?",
        text=TEXT,
        checks=tuple(checks),
        summary=summary(fits, scores, selection),
        figures={"saha_bora": sbaf_figure(fits), "saha_bora_a_relu": a_relu_figure(fits, scores)},
        numbers={"fits": table(fits), "test_accuracy": scores, "selection": selection},
        table=table(fits),
    )


def shape_of_sbaf() -> list[Check]:
    """Check what is known of SBAF's minimum, fixed point and slopes."""
    shape, exact = describe("sbaf", **measure.USUAL), {"format": ".8g", "theorem": True}
    lowest, fixed = shape.range[0], shape.fixed_points[0].low
    place = "SBAF's minimum lies at x = α: distance"
    formula = "SBAF's derivative is y (1-y) (x-α) / (x (1-x)): relative difference"
    at_0, at_1 = map(float, measure.sbaf(**measure.USUAL, x=np.array([0.0, 1.0]))[1])
    infinite = "SBAF's slopes at 0 and 1 are infinite"
    return [
        near("SBAF's minimum, k 0.98 and α 0.5", "0.67114094", lowest, 0.67114094, 1e-8, **exact),
        near("SBAF's fixed point, same k and α", "0.68767649", fixed, 0.68767649, 1e-8, **exact),
        at_most(place, "at α", measure.sbaf_minimum_offset(), 1e-6, theorem=True),
        at_most(formula, "equal", measure.sbaf_formula_error(), 1e-12, theorem=True),
        at_least(infinite, "infinite", min(-at_0, at_1), 1e30, theorem=True),
    ]


def shape_of_a_relu() -> list[Check]:
    """Check that A-ReLU is smooth, and how far it is from the ReLU."""
    shape, gap = describe("a_relu", **measure.PUBLISHED), measure.a_relu_gap()
    smooth = "A-ReLU is differentiable everywhere: its continuous derivatives"
    below, at = "A-ReLU's largest distance below the ReLU", "A-ReLU is farthest below the ReLU at x"
    return [
        at_least(smooth, "everywhere differentiable", shape.smoothness, 1, theorem=True),
        near("A-ReLU crosses y = x at", "7.7987", gap.interval[1], 7.7987, 5e-5, theorem=True),
        near(below, "0.75056", gap.worst, 0.75056, 5e-6, theorem=True),
        near(at, "3.2524", gap.worst_at, 3.2524, 5e-4, theorem=True),
    ]


def compared(scores: pd.DataFrame) -> Iterator[tuple[str, str, int]]:
    """List what approximates, its target and the depth, of all networks that were trained."""
    targets = {"sbaf": ("sigmoid", "relu"), "a_relu": ("relu",)}
    for name, depth in sorted(scores, key=lambda column: column[1]):
        for target in targets.get(name.partition(",")[0], ()):
            if (target, depth) in scores:
                yield name, target, depth


def summary(found: Mapping[str, Fit], scores: pd.DataFrame, selection: pd.DataFrame) -> str:
    """Say what came out; `selection` is that of the trained networks."""
    off = {name: percent(fit.relative_rms) for name, fit in found.items()}
    curvature = "is convex" if measure.sbaf_least_curvature() >= 0 else "is not always convex"
    name, depth = worst = scores.mean().idxmin()
    marked = zip(selection["activation"], selection["depth"], rates(selection), strict=True)
    edges = [f"{name} at depth {depth} {rate}" for name, depth, rate in marked if rate[-1] in "↓↑"]
    told = f" Learning rates at the edge of the sweep: {', '.join(edges)}." if edges else ""
    return (
        f"The best SBAF on [0, 1] is off by {off['sigmoid']} of the sigmoid's range there and "
        f"{off['relu']} of the ReLU's (root mean square). With x mapped to SBAF's domain, and y "
        f"scaled and shifted, it is off by {off['sigmoid, moved']} and {off['relu, moved']}, "
        f"clear of its ends by {off['sigmoid, inside']} and {off['relu, inside']}; a straight "
        f"line is off from the sigmoid by {off['line']}: SBAF {curvature}, and cannot bend like "
        f"a sigmoid. A-ReLU as published is off by {off['a_relu, published']} on [0, 10]. Least "
        f"accurate in training: {name} at depth {depth}, {scores[worst].mean():.1%}.{told}"
    )


def table(found: Mapping[str, Fit]) -> pd.DataFrame:
    """Tabulate the parameters of every fit, and its distance from the target."""
    rows = []
    for fit in found.values():
        onto = f" → {_span(fit.onto)}" if fit.onto != fit.interval else ""
        rows.append(
            {
                "function": f"{fit.activation.name} → {fit.target.name}",
                "x": _span(fit.interval) + onto,
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
