"""The claim about vanishing gradients, checked statement by statement."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console

from acts_jax.studies import requirements
from acts_jax.studies.claims import SHARE, Check, Claim, at_least, at_most, near
from acts_jax.studies.vanishing_gradients import figures, measure
from acts_jax.studies.vanishing_gradients.measure import NETWORK, deepest
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.config import TRACED
from acts_jax.sweep.options import Options
from acts_jax.theory import describe

KEPT = "second-moment weights (gain²/fan in)"
BEHIND = 0.5  # test accuracy by which deep sigmoid networks are to be behind those that train

check = functools.partial(
    requirements.check,
    needs={"activation": ("sigmoid",), "init": figures.INITS},
    fixed_parameters=True,
    free=(*NETWORK, *TRACED),
)


class Measured(NamedTuple):
    """What the checks are about.

    Attributes:
        steepest: The largest slope of the sigmoid, and where it is.
        layers: From `measure.by_layer`.
        networks: From `measure.by_network`.
        chance: The accuracy of guessing.
    """

    steepest: tuple[float, float]
    layers: pd.DataFrame
    networks: pd.DataFrame
    chance: float


def study(options: Options, console: Console) -> Claim:
    """Measure gradients and their two factors at every depth, before and after training."""
    trained = trainer.train(options.with_fields(record="parameters"), console, check)
    layers = measure.by_layer([group.best() for group in networks.load(trained)])
    (dataset,) = trained.datasets.values()
    steepest = describe("sigmoid").steepest
    found = Measured(
        steepest=(steepest.value, steepest.where[0][0]),
        layers=layers,
        networks=measure.by_network(layers),
        chance=dataset.chance,
    )
    return Claim(
        name="vanishing_gradients",
        title="The vanishing gradient",
        text="The derivative of the sigmoid is s(1 − s), never above 0.25, so each layer shrinks "
        "the error by at least 75%; with many sigmoid layers, the first ones hardly train.",
        checks=(*of_factors(found), *of_deep_networks(found), *of_others(found)),
        summary=summary(found),
        figures=figures.draw(layers),
        numbers={"layers": layers, "networks": found.networks},
        table=measure.table(found.networks),
    )


def of_factors(found: Measured) -> Iterator[Check]:
    """Check how much a sigmoid layer shrinks the error: by f' alone, and by f' and the weights."""
    slope, where = found.steepest
    yield near("largest slope of the sigmoid", "0.25", slope, 0.25, 1e-9, theorem=True)
    yield near("it lies at x = 0", "0", where, 0.0, 1e-6, theorem=True)

    sigmoid = found.layers[found.layers["activation"] == "sigmoid"]
    alone = "f′ alone: largest factor in a sigmoid layer"
    # A ratio of norms, each from its logarithm: float32 holds one of size 4 L, the least that L
    # such layers may leave of the error, to 4 L eps / 2; and some 16 roundings in the sums.
    rounding = (4 * sigmoid["depth"].max() + 16) * float(np.finfo(np.float32).eps)
    most = 0.25 * (1 + rounding)
    yield at_most(alone, "0.25", sigmoid["slope"].max(), most, format=".6f", theorem=True)

    not_chi = f"{KEPT}; for sigmoid that is not χ = 1"
    for weights, init in {"LeCun": "lecun_normal", not_chi: "second_moment"}.items():
        mine = deepest(found.networks, "sigmoid", init)
        shrinks = f"a sigmoid layer shrinks the error by 75% or more, {weights}: f′ × weights"
        yield at_most(shrinks, "0.25", mine["slope"] * mine["weight"], 0.25)


def of_deep_networks(found: Measured) -> Iterator[Check]:
    """Check what many sigmoid layers do to the gradient, to training and to the accuracy."""
    lecun = deepest(found.networks, "sigmoid", "lecun_normal").set_index("seed")
    depth = lecun["depth"].iloc[0]
    deep = f"{depth} sigmoid layers, LeCun weights:"
    back = f"{deep} log10 of gradient at initialisation, first layer over last"
    ratio, limit = np.log10(lecun["ratio"]), (depth - 1) * np.log10(0.25)
    yield at_most(back, "a quarter per layer", ratio, limit, format=".2f")
    little = "training changes the first layer's weights by at most 10% of what it does the last's"
    yield at_most(f"{deep} {little}", "hardly train", lecun["changed"], 0.1)
    accuracy = lecun["test_accuracy"]
    yield at_most(f"{deep} test accuracy", "low", accuracy, 2 * found.chance, **SHARE)
    relu = deepest(found.networks, "relu", "second_moment").set_index("seed")["test_accuracy"]
    if len(relu):
        behind = f"{deep} test accuracy behind relu's, {KEPT}, same depth, rates and epochs"
        yield at_least(behind, "low", relu - accuracy, BEHIND, format=".1%")


def of_others(found: Measured) -> Iterator[Check]:
    """Check that second-moment weights keep the gradient of the other activations."""
    for name in ("relu", "gelu", "selu", "tanh"):
        ratio = deepest(found.networks, name, "second_moment")["ratio"]
        nothing_lost = f"{name}, {KEPT}: log10 of gradient, first layer over last"
        if len(ratio):
            lost = np.log10(ratio)
            yield near(nothing_lost, "0 (none is lost)", lost, 0, 0.5, format=".2f")


def summary(found: Measured) -> str:
    """Say what a sigmoid layer leaves of the gradient, and what deep networks reach."""
    inits = ("lecun_normal", "second_moment")
    lecun, kept = (deepest(found.networks, "sigmoid", i).mean(numeric_only=True) for i in inits)
    left = [f"{mean['factor']:.0%}" for mean in (lecun, kept)]
    parts = [f"{mean['slope']:.2f} × {mean['weight']:.2f}" for mean in (lecun, kept)]
    told = (
        f"A sigmoid layer leaves {left[0]} of the gradient with LeCun weights (f′ × weights: "
        f"{parts[0]}) and {left[1]} with second-moment ones ({parts[1]}). The bound of 25% is "
        "about f′ alone; the weights multiply, too."
    )
    relu = deepest(found.networks, "relu", "second_moment")["test_accuracy"].mean()
    if np.isnan(relu):
        return told
    return (
        f"{told} {lecun['depth']:.0f} layers reach {lecun['test_accuracy']:.1%} on test with the "
        f"sigmoid and LeCun weights, {relu:.1%} with relu and second-moment ones."
    )
