"""Whether it matters what the derivative is taken to be at a kink: relu at 0, and elu's two sides.

python -m experiments.kinks
python -m experiments.kinks --config.hidden_sizes=2-2-2-2-2-2-2-2,128-128
"""

from rich.console import Console

from acts_jax import cli
from acts_jax.studies import claims, kinks
from acts_jax.studies.claims import at_most, near
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.config import FIELDS, ConfigError
from acts_jax.sweep.options import Options

TEXT = (
    "relu(-1) = 0 and relu(0.5) = 0.5; its derivative is 0 or 1, and undefined at 0, where either "
    "value will do. ELU is x for x ≥ 0 and α(eˣ - 1) below."
)
MARGIN = 0.01  # difference in test accuracy, up to which either value does


def study(options: Options, console: Console) -> claims.Claim:
    """Trains relu with either derivative at 0 side by side, and measures one-sided derivatives."""
    results, *_ = trainer.train(options, console, check)
    found = kinks.pairs(results)
    shapes = found.groupby("hidden_sizes", sort=False)
    same, mean = shapes["identical"].mean(), shapes["difference"].mean()
    told = "; ".join(
        f"{n}: {100 * mean[n]:+.2f} points, {same[n]:.0%} identical" for n in mean.index
    )
    return claims.Claim(
        name="kinks",
        title="At a kink either derivative will do",
        text=TEXT,
        checks=(*kinks.values(), *trained(found)),
        summary=f"Test accuracy gained by taking 1 instead of 0 as relu′(0): {told}.",
        figures={"kinks": kinks.figure(found, MARGIN)},
        numbers={"pairs": found},
        table=shapes.agg(
            learning_rate=("learning_rate", "first"), seeds=("seed", "size"),
            difference=("difference", "mean"), identical=("identical", "mean"),
        ).reset_index(),
    )  # fmt: skip


def check(plan, datasets) -> None:
    """Refuses a sweep that does not hold both derivatives at 0, and nothing else."""
    networks.only_classification(datasets)
    free = {"depth", "width", "hidden_sizes", "learning_rate", "seed"}
    trainer.single(plan, *(name for name, f in FIELDS.items() if f.axis and name not in free))
    if plan.config.get("relu_at_zero", {}).get("slope_at_zero") != [0.0, 1.0]:
        raise ConfigError("this experiment needs relu_at_zero.slope_at_zero=0,1")


def trained(found):
    """Whether accuracies are the same within the margin, on average and network by network."""
    for sizes, rows in found.groupby("hidden_sizes", sort=False):
        said = f"hidden layers {sizes}: test accuracy gained by taking 1 instead of 0 as relu′(0)"
        yield near(
            said, "either value will do", rows["difference"], 0.0, MARGIN, format=".2%"
        )  # fmt: skip
        yield at_most(
            f"{said}, its size in two networks alike in all else",
            "either value will do", rows["difference"].abs(), MARGIN, format=".2%",
        )  # fmt: skip


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/kinks.py", workdir="runs/kinks")
