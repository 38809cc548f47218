"""The claim about vanishing gradients, checked statement by statement."""

import functools

import numpy as np
from rich.console import Console

from acts_jax.studies import requirements
from acts_jax.studies.claims import SHARE, Claim, at_most, near
from acts_jax.studies.vanishing_gradients import figures, measure
from acts_jax.studies.vanishing_gradients.measure import NETWORK, deepest
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.config import TRACED
from acts_jax.sweep.options import Options
from acts_jax.theory import describe

KEPT = "second-moment weights (gain²/fan in)"

check = functools.partial(
    requirements.check,
    needs={"activation": ("sigmoid",), "init": figures.INITS},
    fixed_parameters=True,
    free=(*NETWORK, *TRACED),
)


def study(options: Options, console: Console) -> Claim:
    """Measure gradients and their two factors at every depth, before and after training."""
    trained = trainer.train(options.with_fields(record="parameters"), console, check)
    best = [group.best() for group in networks.load(trained)]

    steepest = describe("sigmoid").steepest
    checks = [
        near("largest slope of the sigmoid", "0.25", steepest.value, 0.25, 1e-9, theorem=True),
        near("it lies at x = 0", "0", steepest.where[0][0], 0.0, 1e-6, theorem=True),
    ]

    layers = measure.by_layer(best)
    largest = layers.loc[layers["activation"] == "sigmoid", "slope"].max()
    alone = "f′ alone: largest factor in a sigmoid layer"
    checks.append(at_most(alone, "0.25", largest, 0.250001, theorem=True))

    by_network = measure.by_network(layers)
    lecun = deepest(by_network, "sigmoid", "lecun_normal")
    kept = deepest(by_network, "sigmoid", "second_moment")
    not_chi = f"{KEPT}; for sigmoid that is not χ = 1"
    for weights, found in {"LeCun": lecun, not_chi: kept}.items():
        shrinks = f"a sigmoid layer shrinks the error by 75% or more, {weights}: f′ × weights"
        checks.append(at_most(shrinks, "0.25", found["slope"] * found["weight"], 0.25))

    depth = lecun["depth"].iloc[0]
    (dataset,) = trained.datasets.values()
    deep = f"{depth} sigmoid layers, LeCun weights:"
    back = f"{deep} gradient of the first over that of the last, at initialisation"
    checks.append(at_most(back, "a quarter per layer", lecun["ratio"], 0.25 ** (depth - 1)))
    little = "training changes the first layer's weights by at most 10% of what it does the last's"
    checks.append(at_most(f"{deep} {little}", "hardly train", lecun["changed"], 0.1))
    accuracy = lecun["test_accuracy"]
    checks.append(at_most(f"{deep} test accuracy", "low", accuracy, 2 * dataset.chance, **SHARE))

    for name in ("relu", "gelu", "selu", "tanh"):
        ratio = deepest(by_network, name, "second_moment")["ratio"]
        nothing_lost = f"{name}, {KEPT}: log10 of gradient, first layer over last"
        if len(ratio):
            lost = np.log10(ratio)
            checks.append(near(nothing_lost, "0 (none is lost)", lost, 0, 0.5, format=".2f"))

    means = lecun.mean(numeric_only=True), kept.mean(numeric_only=True)
    left = [f"{mean['factor']:.0%}" for mean in means]
    parts = [f"{mean['slope']:.2f} × {mean['weight']:.2f}" for mean in means]
    return Claim(
        name="vanishing_gradients",
        title="The vanishing gradient",
        text="The derivative of the sigmoid is s(1 − s), never above 0.25, so each layer shrinks "
        "the error by at least 75%; with many sigmoid layers, the first ones hardly train.",
        checks=tuple(checks),
        summary=f"A sigmoid layer leaves {left[0]} of the gradient with LeCun weights (f′ × "
        f"weights: {parts[0]}) and {left[1]} with second-moment ones ({parts[1]}). The bound of "
        "25% is about f′ alone; the weights multiply, too.",
        figures=figures.draw(layers),
        numbers={"layers": layers, "networks": by_network},
        table=measure.table(by_network),
    )
