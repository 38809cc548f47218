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
from acts_jax.studies.saha_bora.measure import Shapes
from acts_jax.sweep import trainer
from acts_jax.sweep.options import Options
from acts_jax.theory.fitting import Fit

TEXT = (
    "SBAF, 1/(1 + k x^a (1-x)^(1-a)), is flexible: under certain conditions it approximates the "
    "sigmoid and the ReLU rather well. A-ReLU, k x^n for x > 0, approximates the ReLU and is "
    "everywhere differentiable."
)
CLOSE = 0.5  # distance over that of the best straight line, up to which it is "rather well"
ALIKE = 0.01  # difference in test accuracy, up to which two functions train alike
TARGETS = {
    "sigmoid": "the sigmoid on [0, 1]",
    "sigmoid, moved": "the sigmoid on [-6, 6], mapped to [0, 1], y scaled and shifted",
    "sigmoid, inside": "the sigmoid on [-6, 6], mapped to [0.05, 0.95], y scaled and shifted",
    "relu, moved": "the ReLU on [-1, 1], mapped to [0, 1], y scaled and shifted",
    "relu, inside": "the ReLU on [-1, 1], mapped to [0.05, 0.95], y scaled and shifted",
    "a_relu, published": "the ReLU on [-10, 10]",
}  # of those `measure.fits` that are held to the claim; the ReLU on [0, 1] is a straight line


def study(options: Options, console: Console) -> Claim:
    """Train both functions beside their targets, measure their shapes and fit them."""
    trained = trainer.train(options, console, requirements.check)
    fits = measure.fits()
    over_lines = measure.over_lines(fits)
    results, groups = measure.by_parameters(trained.results), ("activation", "depth")
    scores, selection = by_seed(results, groups), statistics.select(results, groups)
    return Claim(
        name="saha_bora",
        title="SBAF and A-ReLU: how near to the sigmoid and the ReLU?",
        text=TEXT,
        checks=(*of_shapes(measure.shapes()), *of_fits(over_lines), *of_networks(scores)),
        summary=summary(over_lines, scores, selection),
        figures={"saha_bora": sbaf_figure(fits), "saha_bora_a_relu": a_relu_figure(fits, scores)},
        numbers={
            "fits": table(fits, over_lines),
            "test_accuracy": scores,
            "selection": selection,
        },
        table=table(fits, over_lines),
    )


def of_shapes(found: Shapes) -> Iterator[Check]:
    """Check what is known of SBAF's minimum, fixed point and slopes, and of A-ReLU's gap."""
    exact = {"format": ".8g", "theorem": True}
    lowest, fixed = "SBAF's minimum, k 0.98 and α 0.5", "SBAF's fixed point, same k and α"
    yield near(lowest, "0.67114094", found.minimum, 0.67114094, 5e-9, **exact)
    yield near(fixed, "0.68767649", found.fixed_point, 0.68767649, 5e-9, **exact)
    place = "SBAF's minimum lies at x = α: distance"
    yield at_most(place, "at α", found.minimum_offset, 1e-8, theorem=True)
    formula = "SBAF's derivative is y (1-y) (x-α) / (x (1-x)): difference, over the rounding bound"
    yield at_most(formula, "equal, to rounding", found.formula_error, 1, theorem=True)
    infinite = "SBAF's slopes at 0 and 1 are infinite"
    yield at_least(infinite, "infinite", found.steepness, np.inf, theorem=True)

    smooth, derivatives = "A-ReLU: its continuous derivatives", found.continuous_derivatives
    yield at_least(smooth, "everywhere differentiable", derivatives, 1, theorem=True)
    below, at = "A-ReLU's largest distance below the ReLU", "A-ReLU is farthest below the ReLU at x"
    crosses = "A-ReLU crosses y = x at"
    yield near(crosses, "7.7987", found.crossing, 7.7987, 5e-5, theorem=True)
    yield near(below, "0.75056", found.gap, 0.75056, 5e-6, theorem=True)
    yield near(at, "3.2524", found.gap_at, 3.2524, 5e-5, theorem=True)


def of_fits(over_lines: Mapping[str, float]) -> Iterator[Check]:
    """Check that the best fits come much nearer to their targets than a straight line does."""
    for name, target in TARGETS.items():
        function = "a_relu" if name.startswith("a_relu") else "sbaf"
        close = f"{function} approximates {target}: distance, over that of the best straight line"
        yield at_most(close, "rather well", over_lines[name], CLOSE, format=".2f")


def of_networks(scores: pd.DataFrame) -> Iterator[Check]:
    """Check that networks train alike with a function and with what it approximates."""
    for name, target, depth in compared(scores):
        sees = " (of the sigmoid of the pre-activation)" if name.startswith("sbaf") else ""
        alike = f"depth {depth}: {name}{sees} trains like {target}, difference in test accuracy"
        off = scores[name, depth] - scores[target, depth]
        yield near(alike, "approximates it", off, 0.0, ALIKE, format=".1%")


def compared(scores: pd.DataFrame) -> Iterator[tuple[str, str, int]]:
    """List what approximates, its target and the depth, of all networks that were trained."""
    targets = {"sbaf": ("sigmoid", "relu"), "a_relu": ("relu",)}
    for name, depth in sorted(scores, key=lambda column: column[1]):
        for target in targets.get(name.partition(",")[0], ()):
            if (target, depth) in scores:
                yield name, target, depth


def summary(over_lines: Mapping[str, float], scores: pd.DataFrame, selection: pd.DataFrame) -> str:
    """Say what came out; `selection` is that of the trained networks."""
    off = {name: f"{ratio:.2f}" for name, ratio in over_lines.items()}
    curvature = "is convex" if measure.sbaf_least_curvature() >= 0 else "is not always convex"
    name, depth = worst = scores.mean().idxmin()
    normed = selection[selection["layer_norm"]] if "layer_norm" in selection else selection[:0]
    with_norm = [f"{row.activation} at depth {row.depth}" for row in normed.itertuples()]
    chosen = f" Layer normalisation was chosen for {', '.join(with_norm)}." if with_norm else ""
    marked = zip(selection["activation"], selection["depth"], rates(selection), strict=True)
    edges = [f"{name} at depth {depth} {rate}" for name, depth, rate in marked if rate[-1] in "↓↑"]
    told = f" Learning rates at the edge of the sweep: {', '.join(edges)}." if edges else ""
    return (
        f"The distance from the best SBAF, over that from the best straight line: "
        f"{off['sigmoid, moved']} for the sigmoid on [-6, 6], {off['relu, moved']} for the ReLU on "
        f"[-1, 1], {off['sigmoid, inside']} and {off['relu, inside']} clear of SBAF's ends, "
        f"{off['sigmoid']} for the sigmoid on [0, 1] as it is: SBAF {curvature}, and cannot bend "
        f"like a sigmoid. A-ReLU as published: {off['a_relu, published']} for the ReLU on "
        f"[-10, 10]. Least accurate in training: {name} at depth {depth}, "
        f"{scores[worst].mean():.1%}.{chosen}{told}"
    )


def table(found: Mapping[str, Fit], over_lines: Mapping[str, float]) -> pd.DataFrame:
    """Tabulate the parameters of every fit, and its distance from the target."""
    rows = []
    for name, fit in found.items():
        onto = f" → {_span(fit.onto)}" if fit.onto != fit.interval else ""
        rows.append(
            {
                "function": f"{fit.activation.name} → {fit.target.name}",
                "x": _span(fit.interval) + onto,
                "fitted": ", ".join(f"{n} {v:.3g}" for n, v in fit.parameters.items()) or "–",
                "scale": fit.scale,
                "rms/range": percent(fit.relative_rms),
                "over a line's": f"{over_lines[name]:.2f}",
                "worst": fit.worst,
                "at x": fit.worst_at,
            }
        )
    return pd.DataFrame(rows)


def _span(interval: tuple[float, float]) -> str:
    return "{:g}..{:g}".format(*interval).replace("-", "−")
