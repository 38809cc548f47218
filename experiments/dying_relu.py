"""Dying units: how many, from which learning rate, when, and whether they return.

python -m experiments.dying_relu
python -m experiments.dying_relu --config.depth=6 --dataset=mnist1d --workdir=runs/dying_mnist1d
"""

import numpy as np
from rich.console import Console

from acts_jax import cli
from acts_jax.studies import claims
from acts_jax.studies import dying_relu as deaths
from acts_jax.studies.claims import at_least, at_most
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.config import FIELDS
from acts_jax.sweep.options import Options

TEXT = (
    "A ReLU unit can die for good; with too high a learning rate up to 40% of the units are dead. "
    "A proper learning rate avoids it; leaky ReLU, PReLU and ELU ameliorate it."
)
SPARED = ("leaky_relu", "prelu", "elu")


def study(options: Options, console: Console) -> claims.Claim:
    """Follows every unit of every network from the first step to the last."""
    plan, datasets = trainer.prepare(options, console)
    trainer.require(plan, activation=("relu",), optimizer=tuple(deaths.OPTIMIZERS))
    axes = (name for name, field in FIELDS.items() if field.axis)
    trainer.single(plan, *(name for name in axes if name not in deaths.NETWORK))
    dataset, static = networks.only_classification(datasets), plan.groups[0].static
    steps = static.epochs * (len(dataset.train.labels) // static.batch_size)
    looks = (0, *np.unique(np.geomspace(1, steps, 18).round().astype(int)).tolist())
    lives = networks.follow_groups(plan.groups, datasets, looks)
    units = deaths.tabulate(plan.groups, lives, looks)
    back, table = deaths.comeback(units), deaths.summary(units)
    return claims.Claim(
        "dying_relu", "The dying ReLU", TEXT, checks(units, back),
        f"With momentum {deaths.toll(table)}. Deaths that were seen to be followed by a return: "
        f"{deaths.told(back)}; returns between two looks are missed.",
        {"dying_relu": deaths.by_rate(units), "dying_relu_steps": deaths.by_step(units)},
        {"units": units, "threshold": deaths.threshold(deaths.final(units)).reset_index()},
        table,
    )  # fmt: skip


def checks(units, back) -> tuple[claims.Check, ...]:
    """The claim's statements against what was counted."""
    best, worst = (f(deaths.final(units)) for f in (deaths.chosen, deaths.worst))
    made, share = [], {"format": ".1%", "bounds": (0, 1)}
    for optimizer, words in deaths.OPTIMIZERS.items():
        proper, dead = (
            rows.loc[rows["optimizer"].eq(optimizer) & rows["activation"].eq("relu"), "dead"]
            for rows in (best, worst)
        )
        made += [
            at_least(f"too high a rate kills 40% of relu, {words}", "40%", dead, 0.4, **share),
            at_most(f"few are dead at the best rate, {words}", "avoids it", proper, 0.05, **share),
        ]
        for layers in deaths.LAYERS:
            said = f"relu units of {layers} that died and were seen to return, {words}"
            returned = back[back.index.droplevel("seed") == (optimizer, layers)]["share"].dropna()
            if len(returned):
                made.append(at_most(said, "none", returned, 0, **share))
    for name in sorted({*SPARED} & {*units["activation"]}):
        dead = worst[worst["activation"] == name].groupby("optimizer")["dead"]
        sample = dead.get_group(dead.mean().idxmax()) if len(dead) else []
        made.append(at_most(f"dead at {name}'s worst rate", "ameliorates", sample, 0.01, **share))
    return tuple(made)


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/dying_relu.py", workdir="runs/dying_relu")
