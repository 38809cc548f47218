"""SBAF and A-ReLU beside the sigmoid and the ReLU: shapes, best fits, and trained networks.

python -m experiments.saha_bora
python -m experiments.saha_bora --config.sbaf.k=0.91,0.98 --config.depth=1,2,3
"""

from rich.console import Console

from acts_jax.report import claims, saha_bora
from acts_jax.report.claims import at_least, at_most, near
from acts_jax.report.pairing import by_seed
from acts_jax.sweep import command_line
from acts_jax.theory.description import describe

TEXT = (
    "SBAF, 1/(1 + k x^a (1-x)^(1-a)), is flexible: under certain conditions it approximates the "
    "sigmoid and the ReLU rather well. A-ReLU, k x^n for x > 0, approximates the ReLU and is "
    "everywhere differentiable."
)
CLOSE = 0.05  # root mean square distance over the target's range, up to which it is "rather well"
ALIKE = 0.01  # difference in test accuracy, up to which two functions train alike
FITTED = {
    "sigmoid": "the sigmoid on [0, 1]",
    "sigmoid, moved": "the sigmoid on [-6, 6], mapped to [0, 1], y scaled and shifted",
    "sigmoid, inside": "the sigmoid on [-6, 6], mapped to [0.05, 0.95], y scaled and shifted",
    "relu": "the ReLU on [0, 1]",
    "relu, moved": "the ReLU on [-1, 1], mapped to [0, 1], y scaled and shifted",
    "relu, inside": "the ReLU on [-1, 1], mapped to [0.05, 0.95], y scaled and shifted",
    "a_relu, published": "the ReLU on [0, 10]",
}


def study(console: Console) -> claims.Claim:
    """Trains both functions beside their targets, measures their shapes and fits them."""
    results, *_ = command_line.train(console)
    scores, fits = by_seed(results, ("activation", "depth")), saha_bora.fits()
    return claims.Claim(
        name="saha_bora",
        title="SBAF and A-ReLU: how near to the sigmoid and the ReLU?",
        text=TEXT,
        rows=(15, 16),
        checks=(*shapes(), *distances(fits), *trained(scores)),
        summary=saha_bora.summary(fits, scores),
        figures={
            "saha_bora": saha_bora.sbaf_figure(fits),
            "saha_bora_a_relu": saha_bora.a_relu_figure(fits, scores),
        },
        numbers={"fits": saha_bora.table(fits), "test_accuracy": scores},
        table=saha_bora.table(fits),
    )


def shapes() -> list[claims.Check]:
    """What the formulas say about the two functions' shapes."""
    sbaf, a_relu = describe("sbaf", k=0.98, alpha=0.5), describe("a_relu", k=0.54, n=1.3)
    ends, gap = saha_bora.sbaf_end_slopes(), saha_bora.a_relu_gap()
    lowest, fixed, exact = sbaf.range[0], sbaf.fixed_points[0].low, {"format": ".8g"}
    offset, crossing = saha_bora.sbaf_minimum_offset(), a_relu.fixed_points[-1].low
    return [
        near("SBAF's minimum, k 0.98 and α 0.5", "0.67114094", lowest, 0.67114094, 1e-8, **exact),
        near("its fixed point", "0.68767649", fixed, 0.68767649, 1e-8, **exact),
        at_most("its minimum lies at x = α: distance", "at α", offset, 1e-6),
        at_most(
            "its derivative is y (1-y) (x-α) / (x (1-x)): relative difference",
            "equal", saha_bora.sbaf_formula_error(), 1e-12,
        ),
        at_least("its slopes at 0 and 1 are infinite", "infinite", min(-ends[0], ends[1]), 1e30),
        at_least(
            "A-ReLU is differentiable everywhere: its continuous derivatives",
            "everywhere differentiable", a_relu.smoothness, 1,
        ),
        near("A-ReLU crosses y = x at", "7.7987", crossing, 7.7987, 5e-5),
        near("its largest distance below the ReLU", "0.75056", gap.worst, 0.75056, 5e-6),
        near("... is at x", "3.2524", gap.worst_at, 3.2524, 5e-4),
    ]  # fmt: skip


def distances(fits: dict) -> list[claims.Check]:
    """Whether the best fits are close to their targets."""
    return [
        at_most(
            f"{fits[name].activation.name} approximates {what}: distance over the target's range",
            "rather well", fits[name].relative_rms, CLOSE, format=".1%",
        )
        for name, what in FITTED.items()
    ]  # fmt: skip


def trained(scores) -> list[claims.Check]:
    """Whether networks with an approximation are as accurate as with what it approximates."""
    return [
        near(
            f"depth {depth}: {name} trains like {target}, difference in test accuracy",
            "approximates it",
            scores[name, depth] - scores[target, depth], 0.0, ALIKE, format=".1%",
        )
        for depth in sorted({depth for _, depth in scores})
        for name, target in (("sbaf", "sigmoid"), ("sbaf", "relu"), ("a_relu", "relu"))
        if {(name, depth), (target, depth)} <= set(scores)
    ]  # fmt: skip


main = command_line.present(study)

if __name__ == "__main__":
    command_line.run(main, config="configs/saha_bora.py", workdir="runs/saha_bora")
