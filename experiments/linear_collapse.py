"""A stack of linear layers is one linear layer; ReLU's is not: how many pieces it has, exactly.

python -m experiments.linear_collapse
python -m experiments.linear_collapse --dataset=mnist1d --lines=20
"""

import pandas as pd
from absl import flags
from rich.console import Console

from acts_jax import cli
from acts_jax.studies import linear_collapse as collapse
from acts_jax.studies.claims import Claim, at_least, at_most, near
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.options import Options

LINES = flags.DEFINE_integer("lines", 10, "Segments between examples, per network.", lower_bound=1)


def study(options: Options, console: Console) -> Claim:
    """Folds the trained networks, and counts the pieces of the ReLU ones."""
    plan, datasets = trainer.prepare(options, console)
    dataset = networks.only_classification(datasets)
    networks.only_activations(plan, "identity", "relu")
    trained = [group.best() for group in networks.fit_groups(plan.groups, datasets)]
    folded = pd.concat([collapse.folded(group) for group in trained])
    logistic = collapse.logistic_regression(trained[0].examples)
    lines = collapse.segments(trained[0].examples.train, LINES.value)
    bent = [group for group in trained if group.model.activation != "identity"]
    regions = pd.concat([collapse.regions(group, *lines) for group in bent])
    growth = collapse.growth(bent, *lines)
    means = folded.groupby(["activation", "depth", "seed"]).mean()
    linear, relu = means.loc["identity"], means.loc["relu"]
    depths = sorted(folded["depth"].unique())
    first, middle, deepest = depths[0], depths[len(depths) // 2], depths[-1]
    more = {when: collapse.deepening(regions, when) for when in ("initial", "trained")}
    margins = {depth: linear.loc[depth]["accuracy"] - logistic for depth in (middle, deepest)}
    many = f"{deepest} ReLU layers cut a segment into more pieces than {first}, at equal units"
    checks = (
        at_most(
            "a linear network and its fold: largest difference, of the largest output",
            "equal, to rounding", linear["difference"].max(), 1e-5, format=".1e", theorem=True,
        ),
        *(near(
            f"{depth} hidden linear layers, trained by gradient descent: accuracy minus that of "
            "logistic regression", "0", margin, 0, 0.02, format="+.2%",
        ) for depth, margin in margins.items()),
        at_least(
            "the same fold on ReLU networks fails: rms error, of the outputs' rms",
            "not equal", relu["error"].groupby("seed").mean(), 0.1, format=".0%",
        ),
        at_least(f"{many}, at initialisation: ratio", "many more", more["initial"], 2),
        at_least(f"{many}, after training: ratio", "many more", more["trained"], 2),
        near(
            "at initialisation the pieces grow as a power of the units: exponent",
            "about 1 (Hanin & Rolnick 2019)", collapse.exponents(growth), 1, 0.25, format=".2f",
        ),
    )  # fmt: skip
    table = collapse.table(folded, regions, plan.config["learning_rate"])
    summary = (
        f"Linear stacks of up to {deepest} layers equal their fold within {checks[0].found}; "
        f"{middle} reach {linear.loc[middle]['accuracy'].mean():.1%} on test, {deepest} "
        f"{linear.loc[deepest]['accuracy'].mean():.1%}, logistic regression {logistic:.1%}. "
        f"{deepest} layers of ReLU in place of {first}, with as many units, multiply the pieces of "
        f"a segment by {checks[-3].found} at initialisation and by {checks[-2].found} after "
        "training: counts along lines, not of the regions of the input space."
    )
    drawn = folded, regions, growth, collapse.profiles(bent, *lines), logistic, dataset.name
    return Claim(
        "linear_collapse", "Linear layers collapse into one, ReLU layers into pieces",
        "A stack of linear layers equals one linear layer, W = W2 W1, b = W2 b1 + b2. "
        "Deeper ReLU networks have many more piecewise linear regions.",
        checks, summary, {"linear_collapse": collapse.figure(*drawn)},
        {"folded": folded, "regions": regions, "growth": growth, "logistic": logistic}, table,
    )  # fmt: skip


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/linear_collapse.py", workdir="runs/linear_collapse")
