"""The claim about kinks, checked statement by statement."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from rich.console import Console

from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.studies import requirements
from acts_jax.studies.claims import Check, Claim, at_most, near
from acts_jax.studies.kinks import measure
from acts_jax.studies.kinks.figures import figure
from acts_jax.studies.kinks.measure import MARGIN, Formulas
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.options import Options

TEXT = (
    "relu(-1) = 0 and relu(0.5) = 0.5; its derivative is 0 or 1, and undefined at 0, where either "
    "value will do. ELU is x for x ≥ 0 and α(eˣ - 1) below."
)
EPS = np.finfo(np.float64).eps


def study(options: Options, console: Console) -> Claim:
    """Train relu with either derivative at 0 in pairs, and at a rate that differs by nothing."""
    recorded = options.with_fields(record="parameters")
    trained = trainer.train(recorded, console, check)
    rates = sorted(set(measure.best_rates(trained.results)["learning_rate"]))
    fields = {"relu_at_zero.slope_at_zero": "0"}
    fields |= {"learning_rate": ",".join(repr(measure.nudged(rate)) for rate in rates)}
    folder = "control_" + "_".join(f"{rate:g}" for rate in rates)  # what is stored depends on them
    control = trainer.train(options.in_folder(folder).with_fields(**fields), console)

    zeros = measure.exact_zeros(networks.load(trained))
    pairs = measure.pairs(trained.results, control.results, zeros)
    means = summed_up(pairs)
    return Claim(
        name="kinks",
        title="At a kink either derivative will do",
        text=TEXT,
        checks=(*of_formulas(measure.formulas()), *of_networks(pairs)),
        summary=summary(means),
        figures={"kinks": figure(pairs)},
        numbers={"pairs": pairs},
        table=table(means),
    )


def check(plan: Plan, datasets: Mapping[str, Dataset]) -> None:
    """Refuse a sweep that does not hold both derivatives at 0, and nothing else."""
    free = ("depth", "width", "hidden_sizes", "learning_rate", "seed")
    requirements.check(plan, datasets, free=free)
    if plan.config.get("relu_at_zero", {}).get("slope_at_zero") != [0.0, 1.0]:
        raise ConfigError("this experiment needs relu_at_zero.slope_at_zero=0,1")


def of_formulas(found: Formulas) -> Iterator[Check]:
    """Check values and one-sided derivatives of relu and elu."""
    below, above = found.values
    yield near("relu(−1)", "0", below, 0.0, 0.0, theorem=True)
    yield near("relu(0.5)", "0.5", above, 0.5, 0.0, theorem=True)
    yield near("the library's relu′(0)", "either value", found.at_zero, 0.0, 0.0, theorem=True)
    for alpha, error in found.elu_errors.items():
        formula = f"elu, α {alpha:g}: largest distance from x above 0 and α(eˣ − 1) below"
        yield at_most(formula, "equal", error, 4 * EPS, theorem=True)
        slope, (left, right) = f"elu′, α {alpha:g}", found.elu_slopes[alpha]
        # A slope is taken 1e-12 beside 0, where α eˣ is off by as much of α.
        rounding = (1e-12 + 4 * EPS) * max(alpha, 1)
        yield near(f"{slope}, right of 0", "1", right, 1.0, rounding, theorem=True)
        yield near(f"{slope}, left of 0", f"α = {alpha:g}", left, alpha, rounding, theorem=True)


def of_networks(pairs: pd.DataFrame) -> Iterator[Check]:
    """Check that either derivative gives networks that are equally good, where it can matter.

    Where no pre-activation is ever 0 the derivative there is never asked for: that such networks
    are the same to the last bit says nothing of the claim. Where some are, training is chaotic: how
    far apart two networks end is held to what the least change of the learning rate does.
    """
    claimed = "either value will do"
    for sizes, rows in pairs.groupby("hidden_sizes", sort=False):
        if not rows["zeros"].any():
            never = (
                f"hidden layers {sizes}, no pre-activation 0 before or after training: share of "
            )
            never += "pairs that differ"
            differ = float(np.mean(~rows["identical"]))
            yield at_most(never, "0", differ, 0, theorem=True, format=".1%")
            continue
        gained = f"hidden layers {sizes}: test accuracy gained by taking 1 instead of 0 as relu′(0)"
        yield near(gained, claimed, rows["difference"], 0.0, MARGIN, format=".2%")
        size = (
            f"{gained}, its size, minus what the least change of the learning rate in float32 does"
        )
        excess = rows["difference"].abs() - rows["control"].abs()
        yield at_most(size, claimed, excess, MARGIN, format=".2%")


def summed_up(pairs: pd.DataFrame) -> pd.DataFrame:
    """Sum up `measure.pairs` in a row per network shape: means over seeds."""
    sized = pairs.assign(size=pairs["difference"].abs(), control=pairs["control"].abs())
    by = sized.groupby("hidden_sizes", sort=False)
    means = by[["learning_rate", "zeros", "identical", "difference", "size", "control"]].mean()
    return means.assign(seeds=by.size()).reset_index()


def table(means: pd.DataFrame) -> pd.DataFrame:
    """Write what `summed_up` gives as a terminal and a page show it."""
    points = {
        name: [f"{100 * value:+.2f}".replace("-", "−") for value in means[name]]
        for name in ("difference", "size", "control")
    }
    return pd.DataFrame(
        {
            "hidden layers": means["hidden_sizes"],
            "rate": means["learning_rate"],
            "seeds": means["seeds"],
            "exact zeros": means["zeros"],
            "identical": [f"{share:.0%}" for share in means["identical"]],
            "gained, points": points["difference"],
            "of either sign": points["size"],
            "control": points["control"],
        }
    )


def summary(means: pd.DataFrame) -> str:
    """Say what came out, shape by shape."""
    parts = []
    for row in means.itertuples():
        same = f"{row.identical:.0%} identical"
        if row.zeros:
            gained = f"{100 * row.difference:+.2f}".replace("-", "−")
            size = f"{100 * row.size:.2f} points of either sign against {100 * row.control:.2f}"
            parts.append(f"{row.hidden_sizes} {gained} points, {same}, {size}")
        else:
            parts.append(f"{row.hidden_sizes} never meets 0 and is {same}")
    return (
        f"Test accuracy gained by taking 1 instead of 0 as relu′(0): {'; '.join(parts)}. The last "
        "number is what changing the learning rate by one unit in its last place does."
    )
