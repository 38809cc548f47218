"""The claim about slopes below zero, checked statement by statement."""

from collections.abc import Iterator, Mapping

import pandas as pd
from rich.console import Console

from acts_jax.analysis.pairing import edge_note, rates
from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.studies import requirements
from acts_jax.studies.claims import SHARE, Check, Claim, at_least, at_most
from acts_jax.studies.learn_prelu import measure
from acts_jax.studies.learn_prelu.figures import figure
from acts_jax.studies.learn_prelu.measure import LEARNED, Comparison
from acts_jax.sweep import trainer
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.options import Options

TEXT = (
    "Leaky ReLU is 0.01x for x < 0, but we could use any constant. Choose it by trying some "
    "values, or let gradient descent learn it (PReLU)."
)
COST = 0.01  # test accuracy that a slope may cost before it matters
DRIFT = 0.25  # range of the ends over range of the starts, up to which the start does not matter
RARE = 0.05  # share of slopes of a magnitude above 1, up to which they are rare


def study(options: Options, console: Console) -> Claim:
    """Train both kinds of slope and compare them at the settings that validation chooses."""
    trained = trainer.train(options, console, check)
    found = measure.compare(trained.results, trained.curves)
    columns = [LEARNED, "seed", "epoch", "layer", "value"]
    return Claim(
        name="learn_prelu",
        title="The slope below zero: tried, or learned",
        text=TEXT,
        checks=tuple(checks(found)),
        summary=summary(found),
        figures={"learn_prelu": figure(found)},
        numbers={
            "selection": found.selection,
            "test_accuracy_by_fixed_slope": found.by_slope,
            "test_accuracy_by_variant": found.by_variant,
            "paths_per_layer": found.paths["per layer"][columns],
            "ends": {name: rows[[*columns, "channel"]] for name, rows in found.ends.items()},
        },
        table=table(found),
    )


def check(plan: Plan, datasets: Mapping[str, Dataset]) -> None:
    """Refuse a sweep that has more, or less, than the study compares."""
    needs = {"activation": ("leaky_relu", "prelu"), "share": ("layer",)}
    requirements.check(plan, datasets, needs=needs, single=("depth", "hidden_sizes"))
    starts = plan.config["prelu"]["slope"]
    if len(starts) < 2:
        raise ConfigError(
            f"this experiment needs several prelu.slope to start at, not {starts[0]:g}"
        )


def checks(found: Comparison) -> Iterator[Check]:
    """Check what courses say of the slope, and three statements of He et al. 2015."""
    by_slope, by_variant, ends = found.by_slope, found.by_variant, found.ends
    largest = by_slope.columns[-1]
    worst = (
        f"any constant will do: the worst from 0 to 0.5, {found.worst:g}, costs no more than "
        f"{100 * COST:g} point of test accuracy against the chosen one"
    )
    costs = by_slope[found.best] - by_slope[found.worst]
    yield at_most(worst, "any constant", costs, COST, format=".2%")
    costs = by_slope[found.best] - by_slope[largest]
    extreme = f"any constant will do: {largest:g} costs no more than that, too"
    yield at_most(extreme, "any constant", costs, COST, format=".2%")

    as_good = (
        "learning finds a slope as good as the best one tried: test accuracy, learned per layer "
        "minus fixed"
    )
    gained = by_variant["per layer"] - by_variant["fixed"]
    yield at_least(as_good, "learn it", gained, -COST, format=".2%")

    anywhere = (
        "where a slope ends does not depend on where it starts: range of the ends over range of "
        "the starts"
    )
    yield at_most(anywhere, "learn it", found.dependence, DRIFT, format=".2f")

    for kind in ("per layer", "per channel"):
        if kind in ends:
            small = f"learned slopes, one {kind}, rarely have a magnitude above 1: their share"
            share = measure.share_above_one(ends[kind])
            yield at_most(small, "rarely (He et al. 2015)", share, RARE, **SHARE)

    above = "the first layer's slope ends above the mean of the deeper ones': difference"
    published = "0.681 against 0.06 to 0.20 (He et al. 2015)"
    yield at_least(above, published, measure.first_minus_deeper(ends["per layer"]), 0.0)

    if "per layer, decays" in ends:
        pulled = "decay pulls slopes towards 0: mean magnitude without it minus that with it"
        free, decayed = (
            ends[name]["value"].abs().groupby(ends[name]["seed"]).mean()
            for name in ("per layer", "per layer, decays")
        )
        yield at_least(pulled, "towards 0 (He et al. 2015)", free - decayed, 0.0)


def summary(found: Comparison) -> str:
    """Say what came out, in two sentences."""
    slopes, accuracy = found.ends["per layer"]["value"], found.by_variant.mean()
    return (
        f"Of the slopes tried, validation chose {found.best:g}: test accuracy "
        f"{accuracy['fixed']:.1%}, against {accuracy['per layer']:.1%} with one learned per "
        f"layer. Those end between {slopes.min():.2f} and {slopes.max():.2f} from a start at "
        f"{found.start:g}; other starts move the end by {found.dependence.mean():.0%} of their own "
        f"distance.{edge_note(rates(found.selection))}"
    )


def table(found: Comparison) -> pd.DataFrame:
    """Tabulate a row per variant: its setting, its accuracy and where its slopes end."""
    chosen = found.selection
    ends = {name: _by_layer(rows) for name, rows in found.ends.items()}
    return pd.DataFrame(
        {
            "slope": chosen.index,
            "learning rate": rates(chosen),
            "test accuracy, %": 100 * chosen["test_accuracy"],
            "95% interval": [
                f"{100 * low:.1f} to {100 * high:.1f}"
                for low, high in zip(chosen["low"], chosen["high"], strict=True)
            ],
            "ends, by layer": [ends.get(name, f"{found.best:g}") for name in chosen.index],
        }
    )


def _by_layer(ends: pd.DataFrame) -> str:
    means = ends.groupby(ends["layer"].fillna(0))["value"].mean()
    return "  ".join(f"{value:.2f}" for value in means).replace("-", "−")
