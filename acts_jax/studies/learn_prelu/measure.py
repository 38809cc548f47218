"""What a sweep of leaky_relu and prelu says of slopes below zero, fixed and learned."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acts_jax.analysis import statistics
from acts_jax.analysis.pairing import by_seed

START = 0.25  # of the learned slopes in He et al. 2015
FIXED, LEARNED = "leaky_relu.negative_slope", "prelu.slope"
KINDS = ("per network", "per layer", "per channel")


@dataclass(frozen=True)
class Comparison:
    """Fixed beside learned slopes, by variant: the way in which the slope is chosen.

    Variants are "fixed", the `KINDS`, learned from the start nearest to 0.25, and the same with
    weight decay: "per layer, decays". Slopes of diverged networks are left out.

    Attributes:
        selection: A row per variant: the setting that validation chose, see `statistics.select`.
        by_variant: Test accuracies at it: a row per seed, a column per variant.
        by_slope: The same for every fixed slope, at its own learning rate.
        worst: The fixed slope from 0 to 0.5 that is worst on validation.
        paths: Variant -> its slopes at every evaluation, from every start, at its learning rate;
            with decay, at that of the same variant without.
        ends: Variant -> its slopes at the end, from the start nearest to 0.25.
        dependence: Of the slopes per layer, see `dependence`.
        start: The starting value nearest to 0.25.
    """

    selection: pd.DataFrame
    by_variant: pd.DataFrame
    by_slope: pd.DataFrame
    worst: float
    paths: Mapping[str, pd.DataFrame]
    ends: Mapping[str, pd.DataFrame]
    dependence: pd.Series
    start: float

    @property
    def best(self) -> float:
        """The fixed slope that validation chose."""
        return float(self.selection.loc["fixed", FIXED])


def compare(results: pd.DataFrame, curves: pd.DataFrame) -> Comparison:
    """Compare fixed with learned slopes, each variant at the setting validation chooses for it."""
    learned = results["activation"] == "prelu"
    start = min(sorted(results.loc[learned, LEARNED].unique()), key=lambda x: abs(x - START))
    decays = np.where(results["decay_activations"], ", decays", "")
    variants = ("per " + results["share"].astype(str) + decays).where(learned, "fixed")
    cells = results.assign(activation=variants)[~learned | (results[LEARNED] == start)]
    selection = statistics.select(cells, by=("activation",)).set_index("activation", drop=False)
    order = ("fixed", *(f"{kind}{decays}" for kind in KINDS for decays in ("", ", decays")))
    selection = selection.loc[[name for name in order if name in selection.index]]

    fixed = cells[cells["activation"] == "fixed"]
    by_slope = statistics.select(fixed, by=("activation", FIXED))
    usual = by_slope[by_slope[FIXED].between(0, 0.5)]

    rows = curves[(curves["metric"] == LEARNED) & np.isfinite(curves["value"])]
    variant = rows["cell"].astype(str).map(variants.set_axis(results["cell"]))
    rates, paths = selection["learning_rate"], {}
    for name in selection.index.drop("fixed"):
        rate = rates.get(without_decay(name), rates[name])
        paths[name] = rows[(variant == name) & np.isclose(rows["learning_rate"], rate)]
    last = {name: path[path["epoch"] == rows["epoch"].max()] for name, path in paths.items()}
    return Comparison(
        selection=selection,
        by_variant=by_seed(cells),
        by_slope=by_seed(fixed, ("activation", FIXED))["fixed"],
        worst=float(usual.loc[usual["validation_accuracy"].idxmin(), FIXED]),
        paths=paths,
        ends={name: path[path[LEARNED] == start] for name, path in last.items()},
        dependence=dependence(last["per layer"]),
        start=float(start),
    )


def without_decay(variant: str) -> str:
    """Return the kind of a variant, with or without decay."""
    return variant.removesuffix(", decays")


def dependence(ends: pd.DataFrame) -> pd.Series:
    """Measure how far the start moves the end: range over range, mean over the layers, per seed."""
    by_start = ends.groupby(["seed", "layer", LEARNED])["value"].mean().unstack()
    moved = (by_start.max(axis=1) - by_start.min(axis=1)) / np.ptp(by_start.columns)
    return moved.groupby("seed").mean()


def first_minus_deeper(ends: pd.DataFrame) -> pd.Series:
    """Subtract the mean slope of the deeper layers from that of the first, per seed."""
    first = ends["layer"] == 1
    deeper = ends[~first].groupby("seed")["value"].mean()
    return ends[first].groupby("seed")["value"].mean() - deeper


def share_above_one(ends: pd.DataFrame) -> pd.Series:
    """Measure the share of slopes of a magnitude above 1, per seed."""
    return ends["value"].abs().gt(1).groupby(ends["seed"]).mean()
