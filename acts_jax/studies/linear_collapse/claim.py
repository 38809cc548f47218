"""The claims about linear and ReLU layers, checked statement by statement."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console

from acts_jax.report.style import brief
from acts_jax.studies import requirements
from acts_jax.studies.claims import Check, Claim, at_least, at_most, near
from acts_jax.studies.linear_collapse import figures, measure
from acts_jax.studies.linear_collapse.measure import WHEN
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.options import Options

check = functools.partial(
    requirements.check, activations=("identity", "relu"), fixed_parameters=True
)


class Measured(NamedTuple):
    """What the checks are about.

    Attributes:
        folded: From `measure.folded`, of all networks.
        logistic: The test accuracy of logistic regression.
        regions: From `measure.regions`, of the ReLU networks.
        growth: From `measure.growth`.
    """

    folded: pd.DataFrame
    logistic: float
    regions: pd.DataFrame
    growth: pd.DataFrame

    @property
    def linear(self) -> pd.DataFrame:
        """The linear networks, by depth and seed."""
        return self.folded.set_index(["activation", "depth", "seed"]).loc["identity"]

    @property
    def relu(self) -> pd.DataFrame:
        """The ReLU networks, by depth and seed."""
        return self.folded.set_index(["activation", "depth", "seed"]).loc["relu"]

    @property
    def depths(self) -> tuple[int, int, int]:
        """The smallest, the middle and the largest number of hidden layers."""
        depths = sorted(self.folded["depth"].unique())
        return depths[0], depths[len(depths) // 2], depths[-1]


def study(options: Options, console: Console, *, lines: int = 10) -> Claim:
    """Fold the trained networks, and count the pieces of the ReLU ones along `lines` segments."""
    trained = trainer.train(options.with_fields(record="parameters"), console, check)
    best = [group.best() for group in networks.load(trained)]

    bent = [group for group in best if group.model.activation != "identity"]
    segments = measure.segments(best[0].examples.train, lines)
    bent.sort(key=lambda group: len(group.model.hidden_sizes))
    shapes = [bent[i] for i in sorted({0, len(bent) // 2, len(bent) - 1})]
    found = Measured(
        folded=pd.concat([measure.folded(group) for group in best], ignore_index=True),
        logistic=measure.logistic_regression(best[0].examples),
        regions=pd.concat([measure.regions(group, segments) for group in bent]),
        growth=measure.growth(shapes, segments),
    )
    (dataset,) = trained.datasets.values()
    pieces = measure.profiles(shapes, segments)
    drawn = figures.draw(
        found.folded, found.regions, found.growth, pieces, found.logistic, dataset.name
    )
    return Claim(
        name="linear_collapse",
        title="Linear layers collapse into one, ReLU layers into pieces",
        text="A stack of linear layers equals one linear layer, W = W2 W1, b = W2 b1 + b2. "
        "Deeper ReLU networks have many more piecewise linear regions.",
        checks=tuple(checks(found)),
        summary=summary(found),
        figures={"linear_collapse": drawn},
        numbers=found._asdict(),
        table=measure.table(found.folded, found.regions, trained.plan.config["learning_rate"]),
    )


def checks(found: Measured) -> Iterator[Check]:
    """Check that linear networks fold and ReLU networks do not, and count the pieces of these."""
    linear, relu = found.linear, found.relu
    equal = "a linear network and its fold, in float64: largest difference, over the rounding bound"
    largest = linear["excess"].max()
    yield at_most(equal, "equal, to rounding", largest, 1, format=".1e", theorem=True)

    first, middle, deepest = found.depths
    for depth in dict.fromkeys((middle, deepest)):
        linear_layers = f"{depth} hidden linear layers, trained by gradient descent"
        same = f"{linear_layers}: accuracy minus that of logistic regression"
        margin = linear.loc[depth]["accuracy"] - found.logistic
        yield near(same, "0", margin, 0, 0.02, format="+.2%")

    # A network whose outputs grow with depth outweighs all others in a mean, not in a logarithm.
    error = np.log10(relu["error"]).groupby("seed").mean()
    fails = "the same fold on ReLU networks fails: log10 of its rms error, over the outputs' rms"
    yield at_least(fails, "not equal", error, -1, format=".2f")

    many = f"{deepest} ReLU layers cut a line into more pieces than {first}, at equal units"
    for when, words in WHEN.items():
        ratio, claimed = measure.deepening(found.regions, when), "many more regions"
        yield at_least(f"{many}, {words}: ratio", claimed, ratio, 2)

    power = "at initialisation the pieces on a line grow as a power of the units: exponent"
    claimed, exponents = "about 1 (Hanin & Rolnick 2019)", measure.exponents(found.growth)
    yield near(power, claimed, exponents, 1, 0.25, format=".2f")


def summary(found: Measured) -> str:
    """Say what came out: differences, accuracies, and pieces along lines."""
    _, middle, deepest = found.depths
    accuracy = found.linear.groupby("depth")["accuracy"].mean()
    first, last = (measure.deepening(found.regions, when).mean() for when in WHEN)
    return (
        f"Linear stacks of up to {deepest} layers equal their fold within "
        f"{brief(found.linear['difference'].max())} of the largest output in float32, and in "
        f"float64 within what rounding can do; {middle} reach {accuracy[middle]:.1%} on test, "
        f"{deepest} {accuracy[deepest]:.1%}, logistic regression {found.logistic:.1%}. "
        f"The same fold of a ReLU network is off by {found.relu['error'].min():.0%} of its "
        f"outputs or more. {deepest} layers of ReLU in place of {found.depths[0]}, with as many "
        f"units, multiply the pieces of a line by {first:.2f} at initialisation and by {last:.2f} "
        "after training: counted along lines, which says nothing of the regions of the "
        "input space."
    )
