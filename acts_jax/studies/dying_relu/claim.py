"""The claim about dying units, checked statement by statement."""

import functools

from rich.console import Console

from acts_jax.studies import requirements
from acts_jax.studies.claims import SHARE, Claim, at_least, at_most
from acts_jax.studies.dying_relu import counts, figures
from acts_jax.studies.dying_relu.counts import KILLED, LAYERS, NETWORK, OPTIMIZERS
from acts_jax.sweep import trainer
from acts_jax.sweep.options import Options

SPARED = ("elu", "leaky_relu", "prelu")  # those that ameliorate it, as the texts say

check = functools.partial(
    requirements.check, needs={"activation": ("relu",), "optimizer": OPTIMIZERS}, free=NETWORK
)


def study(options: Options, console: Console) -> Claim:
    """Follow every unit of every network from evaluation to evaluation."""
    trained = trainer.train(options.with_fields(record="units"), console, check)

    units = counts.by_step(trained)
    at_end, back = counts.at_end(units), counts.comeback(units)
    best, worst = counts.at_best_rate(at_end), counts.at_worst_rate(at_end)

    checks = []
    for optimizer, words in OPTIMIZERS.items():
        too_high, proper = (
            rows.loc[rows["optimizer"].eq(optimizer) & rows["activation"].eq("relu"), "dead"]
            for rows in (worst, best)
        )
        kills = f"too high a rate kills 40% of relu, {words}"
        checks.append(at_least(kills, "40%", too_high, KILLED, **SHARE))
        few = f"few are dead at the best rate, {words}"
        checks.append(at_most(few, "avoids it", proper, 0.05, **SHARE))
        for layers in LAYERS:
            gone = f"relu units of {layers} that died and were seen to return, {words}"
            returned = back[back.index.droplevel("seed") == (optimizer, layers)]["share"].dropna()
            if len(returned):
                checks.append(at_most(gone, "none", returned, 0, **SHARE))

    for name in SPARED:
        if name in set(units["activation"]):
            dead = worst[worst["activation"] == name].groupby("optimizer")["dead"]
            most = dead.get_group(dead.mean().idxmax()) if len(dead) else []
            spared = f"dead at {name}'s worst rate"
            checks.append(at_most(spared, "ameliorates", most, 0.01, **SHARE))

    table = counts.table(at_end)
    return Claim(
        name="dying_relu",
        title="The dying ReLU",
        text="A ReLU unit can die for good; with too high a learning rate up to 40% of the units "
        "are dead. A proper learning rate avoids it; leaky ReLU, PReLU and ELU ameliorate it.",
        checks=tuple(checks),
        summary=f"With momentum {counts.toll_in_words(table, 'momentum')}. Deaths that were seen "
        f"to be followed by a return: {counts.comeback_in_words(back)}; returns between two looks "
        "are missed.",
        figures={"dying_relu": figures.by_rate(at_end), "dying_relu_steps": figures.by_step(units)},
        numbers={"units": units, "threshold": counts.threshold(at_end).reset_index()},
        table=table,
    )
