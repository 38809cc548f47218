"""The claim about dying units, checked statement by statement."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
from rich.console import Console

from acts_jax.studies import requirements
from acts_jax.studies.claims import SHARE, Check, Claim, at_least, at_most
from acts_jax.studies.dying_relu import counts, figures
from acts_jax.studies.dying_relu.counts import COST, KILLED, LAYERS, NETWORK, OPTIMIZERS
from acts_jax.sweep import trainer
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.options import Options

SPARED = ("elu", "leaky_relu", "prelu")  # those that ameliorate it, as the texts say
FEW = 0.05  # share of the units that may be dead at a proper rate

check = functools.partial(
    requirements.check, needs={"activation": ("relu",), "optimizer": OPTIMIZERS}, free=NETWORK
)


class Measured(NamedTuple):
    """What the checks are about.

    Attributes:
        networks: From `counts.at_end`.
        back: From `counts.comeback`.
        immortal: Activations whose f' is 0 nowhere, so that none of their units can be dead.
        first_is_final: Whether nothing but the gradient moves a unit of layer 1: then one that is
            dead gets no gradient from any example, under plain gradient descent, and stays dead.
    """

    networks: pd.DataFrame
    back: pd.DataFrame
    immortal: tuple[str, ...]
    first_is_final: bool


def study(options: Options, console: Console) -> Claim:
    """Follow every unit of every network from evaluation to evaluation."""
    trained = trainer.train(options.with_fields(record="units"), console, check)
    (dataset,) = trained.datasets.values()
    units = counts.by_step(trained)
    found = Measured(
        networks=counts.at_end(units, dataset.chance),
        back=counts.comeback(units),
        immortal=_immortal(trained.plan),
        first_is_final=not any(trained.plan.config["weight_decay"])
        and not any(trained.plan.config["layer_norm"]),
    )
    toll = counts.toll_in_words(found.networks, "momentum")
    return Claim(
        name="dying_relu",
        title="The dying ReLU",
        text="A ReLU unit can die for good; with too high a learning rate up to 40% of the units "
        "are dead. A proper learning rate avoids it; leaky ReLU, PReLU and ELU ameliorate it.",
        checks=tuple(checks(found)),
        summary=f"With momentum, {toll}. Deaths that were seen to be followed by a return: "
        f"{counts.comeback_in_words(found.back)}; returns between two looks are missed. A network "
        "that diverges counts with the accuracy of chance.",
        figures={
            "dying_relu": figures.by_rate(found.networks),
            "dying_relu_steps": figures.by_step(units),
        },
        numbers={"units": units, "threshold": counts.threshold(found.networks).reset_index()},
        table=counts.table(found.networks),
    )


def _immortal(plan: Plan) -> tuple[str, ...]:
    """List the leaky activations of a plan, but for a leaky_relu that does not leak."""
    leaking = [name for name in ("leaky_relu", "prelu") if name in plan.config["activation"]]
    slopes = plan.config.get("leaky_relu", {}).get("negative_slope", ())
    return tuple(name for name in leaking if name != "leaky_relu" or 0 not in slopes)


def checks(found: Measured) -> Iterator[Check]:
    """Check how many die at which rates, whether any return, and what the others do about it."""
    relu = found.networks[found.networks["activation"] == "relu"]
    deadliest, best = counts.at_deadliest_rate(relu), counts.at_best_rate(relu)
    for optimizer, words in OPTIMIZERS.items():
        of_use = f"a rate that costs relu at most {100 * COST:g} points of accuracy kills 40%"
        dead = deadliest.loc[deadliest["optimizer"] == optimizer, "dead"]
        yield at_least(f"{of_use}, {words}", "up to 40%", dead, KILLED, **SHARE)
        few = f"few are dead at the best rate, {words}"
        dead = best.loc[best["optimizer"] == optimizer, "dead"]
        yield at_most(few, "avoids it", dead, FEW, **SHARE)

        for layers in LAYERS:
            gone = f"relu units of {layers} that died and were seen to return, {words}"
            settled = found.first_is_final and (optimizer, layers) == ("sgd", LAYERS[0])
            mine = found.back.index.droplevel("seed") == (optimizer, layers)
            returned = found.back.loc[mine, "share"].dropna()
            if len(returned):
                yield at_most(gone, "none", returned, 0, theorem=settled, **SHARE)

    beyond = counts.too_high(found.networks)
    dead = beyond.dropna(subset="dead").groupby(["activation", "seed"])["dead"].mean()
    scores = beyond.pivot_table(
        index="seed", columns=["optimizer", "activation"], values="test_accuracy"
    )
    for name in sorted(set(SPARED) & set(beyond["activation"])):
        spared = f"{name}: dead units at rates too high for relu"
        never = name in found.immortal
        if name in dead:  # or every network diverged
            yield at_most(spared, "ameliorates", dead[name], 0.01, theorem=never, **SHARE)
        for optimizer, words in OPTIMIZERS.items():
            if optimizer in scores:
                helps = f"{name} helps at rates too high for relu, {words}: test accuracy gained"
                gained = scores[optimizer][name] - scores[optimizer]["relu"]
                yield at_least(helps, "ameliorates", gained, 0, format=".1%")
