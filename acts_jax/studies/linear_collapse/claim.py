"""The claims about linear and ReLU layers, checked statement by statement."""

import functools

import pandas as pd
from rich.console import Console

from acts_jax.studies import requirements
from acts_jax.studies.claims import Claim, at_least, at_most, near
from acts_jax.studies.linear_collapse import figures, measure
from acts_jax.studies.linear_collapse.measure import WHEN
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.options import Options

check = functools.partial(
    requirements.check, activations=("identity", "relu"), fixed_parameters=True
)


def study(options: Options, console: Console, *, lines: int = 10) -> Claim:
    """Fold the trained networks, and count the pieces of the ReLU ones along `lines` segments."""
    trained = trainer.train(options.with_fields(record="parameters"), console, check)
    best = [group.best() for group in networks.load(trained)]

    folded = pd.concat([measure.folded(group) for group in best])
    means = folded.groupby(["activation", "depth", "seed"]).mean()
    linear, relu = means.loc["identity"], means.loc["relu"]
    largest = linear["difference"].max()
    equal = "a linear network and its fold: largest difference, of the largest output"
    exact = {"format": ".1e", "theorem": True}
    rounding = at_most(equal, "equal, to rounding", largest, 1e-5, **exact)
    checks = [rounding]

    logistic = measure.logistic_regression(best[0].examples)
    depths = sorted(folded["depth"].unique())
    first, middle, deepest = depths[0], depths[len(depths) // 2], depths[-1]
    for depth in dict.fromkeys((middle, deepest)):
        linear_layers = f"{depth} hidden linear layers, trained by gradient descent"
        same = f"{linear_layers}: accuracy minus that of logistic regression"
        margin = linear.loc[depth]["accuracy"] - logistic
        checks.append(near(same, "0", margin, 0, 0.02, format="+.2%"))

    fails = "the same fold on ReLU networks fails: rms error, of the outputs' rms"
    error = relu["error"].groupby("seed").mean()
    checks.append(at_least(fails, "not equal", error, 0.1, format=".0%"))

    bent = [group for group in best if group.model.activation != "identity"]
    segments = measure.segments(best[0].examples.train, lines)
    regions = pd.concat([measure.regions(group, segments) for group in bent])
    many = f"{deepest} ReLU layers cut a segment into more pieces than {first}, at equal units"
    more = [
        at_least(f"{many}, {words}: ratio", "many more", measure.deepening(regions, when), 2)
        for when, words in WHEN.items()
    ]
    checks += more

    bent.sort(key=lambda group: len(group.model.hidden_sizes))
    shapes = [bent[i] for i in sorted({0, len(bent) // 2, len(bent) - 1})]
    growth = measure.growth(shapes, segments)
    power = "at initialisation the pieces grow as a power of the units: exponent"
    exponents = measure.exponents(growth)
    claimed = "about 1 (Hanin & Rolnick 2019)"
    checks.append(near(power, claimed, exponents, 1, 0.25, format=".2f"))

    (dataset,) = trained.datasets.values()
    pieces = measure.profiles(shapes, segments)
    drawn = figures.draw(folded, regions, growth, pieces, logistic, dataset.name)
    return Claim(
        name="linear_collapse",
        title="Linear layers collapse into one, ReLU layers into pieces",
        text="A stack of linear layers equals one linear layer, W = W2 W1, b = W2 b1 + b2. "
        "Deeper ReLU networks have many more piecewise linear regions.",
        checks=tuple(checks),
        summary=f"Linear stacks of up to {deepest} layers equal their fold within "
        f"{rounding.found}; {middle} reach {linear.loc[middle]['accuracy'].mean():.1%} on test, "
        f"{deepest} {linear.loc[deepest]['accuracy'].mean():.1%}, logistic regression "
        f"{logistic:.1%}. {deepest} layers of ReLU in place of {first}, with as many units, "
        f"multiply the pieces of a segment by {more[0].found} at initialisation and by "
        f"{more[1].found} after training: counts along lines, not of the regions of the input "
        "space.",
        figures={"linear_collapse": drawn},
        numbers={"folded": folded, "regions": regions, "growth": growth, "logistic": logistic},
        table=measure.table(folded, regions, trained.plan.config["learning_rate"]),
    )
