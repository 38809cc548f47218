"""The vanishing gradient: what each layer does to the error on its way back, by depth.

python -m experiments.vanishing_gradients
python -m experiments.vanishing_gradients --dataset=mnist1d --workdir=runs/vanishing_mnist1d
"""

from rich.console import Console

from acts_jax.report import claims, gradients
from acts_jax.report.claims import at_most, near
from acts_jax.sweep import command_line, networks, trainer
from acts_jax.theory import describe

TEXT = (
    "The derivative of the sigmoid is s(1 − s), never above 0.25, so each layer shrinks the error "
    "by at least 75%; with many sigmoid layers, the first ones hardly train."
)


def study(console: Console) -> claims.Claim:
    """Measures gradients and their two factors at every depth, before and after training."""
    plan, datasets = trainer.prepare(console)
    trainer.require(plan, activation=("sigmoid", "relu"), init=tuple(gradients.INITS))
    dataset = networks.only_classification(datasets)
    found = gradients.measure(networks.fit_groups(plan.groups, datasets))
    rates = gradients.rates(found)
    lecun, critical = (gradients.deepest(rates, "sigmoid", init) for init in gradients.INITS)
    shares = [f"{mine['factor'].mean():.0%}" for mine in (lecun, critical)]
    parts = [f"{m['slope'].mean():.2f} × {m['weight'].mean():.2f}" for m in (lecun, critical)]
    return claims.Claim(
        name="vanishing_gradients",
        title="The vanishing gradient",
        text=TEXT,
        rows=(1, 2),
        checks=checks(found, rates, dataset.chance),
        summary=(
            f"A sigmoid layer leaves {shares[0]} of the gradient with LeCun weights (f′ × weights: "
            f"{parts[0]}) and {shares[1]} with critical ones ({parts[1]}). The bound of 25% is "
            "about f′ alone; the weights multiply, too."
        ),
        figures=gradients.draw(found),
        numbers={"layers": found, "networks": rates},
        table=gradients.summary(rates),
    )


def checks(found, rates, chance: float) -> tuple[claims.Check, ...]:
    """The claim's statements, and what critical weights change, against the measurements."""
    lecun, critical = (gradients.deepest(rates, "sigmoid", init) for init in gradients.INITS)
    relu = gradients.deepest(rates, "relu", "critical")
    steepest = describe("sigmoid").steepest
    slopes, share = found.loc[found["activation"] == "sigmoid", "slope"], {"format": ".1%"}
    per_layer = "a sigmoid layer shrinks the error by 75% or more, {} weights: f′ × weights"
    return (
        near("the largest slope of the sigmoid is 1/4", "0.25", steepest.value, 0.25, 1e-9),
        near("it lies at x = 0", "0", steepest.where[0][0], 0.0, 1e-6),
        at_most(
            "f′ alone: its largest factor in any sigmoid layer", "0.25", slopes.max(), 0.250001
        ),
        at_most(per_layer.format("LeCun"), "0.25", lecun["slope"] * lecun["weight"], 0.25),
        at_most(per_layer.format("critical"), "0.25", critical["slope"] * critical["weight"], 0.25),
        at_most(
            f"of {lecun['depth'].iloc[0]} sigmoid layers, LeCun weights, the first gets less than "
            "a millionth of the gradient of the last",
            *("hardly train", lecun["ratio"], 1e-6),
        ),
        at_most(
            "test accuracy of that network", "low", lecun["test_accuracy"], 2 * chance, **share
        ),
        near(
            "critical weights undo it for relu: gradient factor per layer",
            *("1 (mean-field theory)", relu["factor"], 1.0, 0.1),
        ),
    )


main = claims.present(study)

if __name__ == "__main__":
    command_line.run(main, config="configs/vanishing_gradients.py", workdir="runs/vanishing")
