"""The vanishing gradient: what each layer does to the error on its way back, by depth.

python -m experiments.vanishing_gradients
python -m experiments.vanishing_gradients --dataset=mnist1d --workdir=runs/vanishing_mnist1d
"""

import numpy as np
from rich.console import Console

from acts_jax import cli
from acts_jax.studies import claims
from acts_jax.studies import vanishing_gradients as gradients
from acts_jax.studies.claims import at_most, near
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.config import FIELDS
from acts_jax.sweep.options import Options
from acts_jax.theory import describe

TEXT = (
    "The derivative of the sigmoid is s(1 − s), never above 0.25, so each layer shrinks the error "
    "by at least 75%; with many sigmoid layers, the first ones hardly train."
)
CRITICAL = "critical weights (gain²/fan in: they keep the second moment{})"


def study(options: Options, console: Console) -> claims.Claim:
    """Measures gradients and their two factors at every depth, before and after training."""
    plan, datasets = trainer.prepare(options, console)
    trainer.require(plan, activation=("sigmoid",), init=tuple(gradients.INITS))
    static = (name for name, field in FIELDS.items() if field.axis == "static")
    trainer.single(plan, *(name for name in static if name not in gradients.NETWORK))
    dataset = networks.only_classification(datasets)
    found = gradients.measure(networks.fit_groups(plan.groups, datasets))
    rates = gradients.rates(found)
    lecun, critical = (gradients.deepest(rates, "sigmoid", init) for init in gradients.INITS)
    shares = [f"{mine['factor'].mean():.0%}" for mine in (lecun, critical)]
    parts = [f"{m['slope'].mean():.2f} × {m['weight'].mean():.2f}" for m in (lecun, critical)]
    return claims.Claim(
        "vanishing_gradients", "The vanishing gradient", TEXT,
        checks(found, rates, dataset.chance),
        f"A sigmoid layer leaves {shares[0]} of the gradient with LeCun weights (f′ × weights: "
        f"{parts[0]}) and {shares[1]} with critical ones ({parts[1]}). The bound of 25% is "
        "about f′ alone; the weights multiply, too.",
        gradients.draw(found), {"layers": found, "networks": rates}, gradients.summary(rates),
    )  # fmt: skip


def checks(found, rates, chance: float) -> tuple[claims.Check, ...]:
    """The claim's statements, and what critical weights change, against the measurements."""
    lecun, critical = (gradients.deepest(rates, "sigmoid", init) for init in gradients.INITS)
    steepest, depth = describe("sigmoid").steepest, lecun["depth"].iloc[0]
    slopes = found.loc[found["activation"] == "sigmoid", "slope"].max()
    per_layer = "a sigmoid layer shrinks the error by 75% or more, {}: f′ × weights"
    other = per_layer.format(CRITICAL.format("; for sigmoid that is not χ = 1"))
    deep = f"{depth} sigmoid layers, LeCun weights:"
    little = "training changes the first layer's weights by at most 10% of what it does the last's"
    proved, share = {"theorem": True}, {"format": ".1%", "bounds": (0, 1)}
    made = [
        near("largest slope of the sigmoid", "0.25", steepest.value, 0.25, 1e-9, **proved),
        near("it lies at x = 0", "0", steepest.where[0][0], 0.0, 1e-6, **proved),
        at_most("f′ alone: largest factor in a sigmoid layer", "0.25", slopes, 0.250001, **proved),
        at_most(per_layer.format("LeCun"), "0.25", lecun["slope"] * lecun["weight"], 0.25),
        at_most(other, "0.25", critical["slope"] * critical["weight"], 0.25),
        at_most(
            f"{deep} gradient of the first over that of the last, at initialisation",
            *("a quarter per layer", lecun["ratio"], 0.25 ** (depth - 1)),
        ),
        at_most(f"{deep} {little}", "hardly train", lecun["changed"], 0.1),
        at_most(f"{deep} test accuracy", "low", lecun["test_accuracy"], 2 * chance, **share),
    ]
    for name in ("relu", "gelu", "selu", "tanh"):
        mine = gradients.deepest(rates, name, "critical")
        statement = f"{name}, {CRITICAL.format('')}: log10 of gradient, first layer over last"
        if len(mine):
            ratio = np.log10(mine["ratio"])
            made.append(near(statement, "0 (none is lost)", ratio, 0, 0.5, format=".2f"))
    return tuple(made)


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/vanishing_gradients.py", workdir="runs/vanishing")
