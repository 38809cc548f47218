"""Fixed slopes below zero beside learned ones: where those end, and which are more accurate.

python -m experiments.learn_prelu
python -m experiments.learn_prelu --dataset=mnist1d --workdir=runs/learn_prelu_mnist1d
"""

from rich.console import Console

from acts_jax.report import claims, slopes
from acts_jax.report.claims import at_least, at_most
from acts_jax.sweep import command_line

TEXT = (
    "Leaky ReLU is 0.01x for x < 0, but we could use any constant. Choose it by trying some "
    "values, or let gradient descent learn it (PReLU)."
)


def study(console: Console) -> claims.Claim:
    """Trains both kinds of slope and compares them at the settings that validation chooses."""
    results, curves, *_ = command_line.train(console)
    found = slopes.compare(results, curves)
    return claims.Claim(
        name="learn_prelu",
        title="The slope below zero: tried, or learned",
        text=TEXT,
        rows=(13,),
        checks=checks(found),
        summary=found.summary,
        figures={"learn_prelu": slopes.figure(found)},
        numbers=found.numbers,
        table=found.table,
    )


def checks(found: slopes.Comparison) -> tuple[claims.Check, ...]:
    """The claim's statements, and three of He et al. 2015, against the comparison."""
    by_slope, by_variant, ends = found.by_slope, found.by_variant, found.ends
    last, point = by_slope.columns[-1], {"format": ".2%"}
    made = [
        at_most(
            f"any constant will do: the worst from 0 to 0.5, {found.worst:g}, costs at most a "
            "point of test accuracy against the chosen one",
            "any constant", by_slope[found.best] - by_slope[found.worst], 0.01, **point,
        ),
        at_most(
            f"any constant will do: {last:g} costs at most a point, too",
            "any constant", by_slope[found.best] - by_slope[last], 0.01, **point,
        ),
        at_least(
            "learning finds a slope as good as the best one tried: test accuracy, learned per "
            "layer minus fixed",
            "learn it", by_variant["per layer"] - by_variant["fixed"], -0.01, **point,
        ),
        at_most(
            "where a slope ends does not depend on where it starts: range of the ends over range "
            "of the starts",
            "learn it", found.dependence, 0.25, format=".2f",
        ),
        *(
            at_most(
                f"learned slopes, one {variant}, are rarely above 1: their share",
                "rarely (He et al. 2015)", slopes.share_above_one(ends[variant]),
                0.05, format=".1%",
            )
            for variant in ("per layer", "per channel") if variant in ends
        ),
        at_least(
            "the first layer's slope ends above the mean of the deeper ones': difference",
            "0.681 against 0.06 to 0.20 (He et al. 2015)",
            slopes.first_minus_deeper(ends["per layer"]), 0.0,
        ),
    ]  # fmt: skip
    if "per layer, decays" in ends:
        free, decayed = (
            ends[name].groupby("seed")["value"].mean()
            for name in ("per layer", "per layer, decays")
        )
        made.append(at_least(
            "decay pulls slopes towards 0: without it minus with it, mean over the layers",
            "towards 0 (He et al. 2015)", free - decayed, 0.0,
        ))  # fmt: skip
    return tuple(made)


main = command_line.present(study)

if __name__ == "__main__":
    command_line.run(main, config="configs/learn_prelu.py", workdir="runs/learn_prelu")
