"""Choosing settings on validation, and intervals over seeds.

Every function takes the results of a sweep (one row per cell) and returns a DataFrame or an
array. The activation is what is studied; learning rate, momentum and the other swept
hyperparameters are nuisances, chosen per activation and depth on validation (Godbole et al. 2023,
Deep Learning Tuning Playbook). Test scores only ever describe what validation chose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from acts_jax.analysis.cliff import at_cliff

SCORES = (
    "validation_accuracy",
    "validation_loss",
    "test_accuracy",
    "test_balanced_accuracy",
    "test_loss",
)
MEANS = (*SCORES, "validation_rmse", "test_rmse", "dead_fraction", "saturated_fraction")

PLACES = ("dataset", "model")  # what a comparison of activations is made within


def score_name(results: pd.DataFrame) -> str:
    """`"accuracy"` for classification, `"rmse"` for regression (whose accuracies are NaN)."""
    regression = (
        results["validation_accuracy"].isna().all() and results["validation_loss"].notna().any()
    )
    return "rmse" if regression else "accuracy"


def axes(results: pd.DataFrame) -> list[str]:
    """The hyperparameter columns: those before `status`, as `load_results` orders them.

    The cell's name and the seeds, of weights and batches and of the splits, are none: cells that
    differ in nothing else are repetitions.
    """
    before = results.columns[: results.columns.get_loc("status")]
    return [c for c in before if c not in ("cell", "seed", "split_seed")]


def nuisances(results: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """The axes, other than `by` and the seed, with several values inside a group of `by`."""
    others = [c for c in axes(results) if c not in by]
    counts = results.groupby(list(by), observed=True)[others].nunique(dropna=False)
    return [c for c in others if (counts[c] > 1).any()]


def scores(results: pd.DataFrame) -> pd.DataFrame:
    """The results with diverged and failed cells counted, as accuracy 0 or infinite loss.

    Leaving them out would reward a setting for the seeds it loses.
    """
    diverged = results["status"].ne("ok")
    frame = results.assign(diverged=diverged)
    regression = score_name(results) == "rmse"
    if _several(results):
        kinds = {n: score_name(cells) for n, cells in results.groupby("dataset", observed=True)}
        regression = results["dataset"].astype(str).map(kinds).eq("rmse")
    without_accuracy = diverged & np.logical_not(regression)
    for column in frame.columns.intersection([*SCORES, "validation_rmse", "test_rmse"]):
        accuracy = column.endswith("accuracy")
        lost, counted = (without_accuracy, 0.0) if accuracy else (diverged, np.inf)
        frame[column] = frame[column].astype(float).mask(lost, counted)
    return frame


def interval(
    values: Sequence[float],
    confidence: float = 0.95,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> tuple[float, float]:
    """Student's t interval of the mean of `values` (one per seed).

    Clipping to `bounds`, (0, 1) for an accuracy, costs no coverage because the true mean lies
    within them. It covers what the seed changes (initial weights, data order), not the sampling
    of the test set. Both ends are NaN for a single value or for values that are not all finite.

    Raises:
        ValueError: `confidence` outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    sample = np.asarray(values, float)
    if sample.size < 2 or not np.isfinite(sample).all():
        return np.nan, np.nan
    low, high = _t_interval(sample.mean(), sample.std(ddof=1), sample.size, confidence, bounds)
    return float(low), float(high)


def _t_interval(mean, spread, count, confidence, bounds):
    """Both ends; NaN where `spread`, the standard deviation over `count` values, is NaN."""
    quantile = stdtrit(np.maximum(count - 1, 1), (1 + confidence) / 2)
    half = quantile * spread / np.sqrt(count)
    return np.clip(mean - half, *bounds), np.clip(mean + half, *bounds)


def select(
    results: pd.DataFrame,
    by: Sequence[str] = ("activation", "depth"),
    confidence: float = 0.95,
    chance: Mapping[str, float] = MappingProxyType({}),
) -> pd.DataFrame:
    """The best setting of the nuisance axes in each group of `by`, and how it does on test.

    The setting with the highest mean validation accuracy over seeds wins (a diverged cell counts
    0), ties going to the lower validation loss, then to the lower learning rate; in regression
    the lowest mean validation loss (a diverged cell counts as infinite). Settings with fewer seeds
    than the group's best-covered one (a sweep cut short) do not compete. `dataset` and `model` are
    added to `by` when the results hold several. `chance`, the accuracy of guessing by dataset,
    tells a collapse from a score (0 where it is not known).

    Returns one row per group: `by`, the chosen `learning_rate` and other nuisance values, then
    validation_accuracy, validation_loss, test_accuracy, test_balanced_accuracy, test_loss,
    validation_rmse, test_rmse (means over seeds); low, high (interval of the mean test accuracy, of
    the test RMSE in regression), validation_low, validation_high (the same on validation); seeds;
    dead_fraction, saturated_fraction (means over the seeds that finished); cells, and of all cells
    of the group diverged_share, failed_share (those that could not be trained) and lost_share,
    their sum; at_edge, "low" or "high" when the chosen rate is the lowest or highest of the several
    swept in the group, else ""; at_cliff, "low" or "high" when training breaks at the next lower
    or higher rate (`cliff.at_cliff`), else "".

    Raises:
        ValueError: `results` is empty.
    """
    if results.empty:
        raise ValueError("the results have no rows: no cell of this sweep has finished yet")
    by = groups(results, by)
    if _several(results):
        parts = results.groupby("dataset", observed=True)
        return pd.concat(
            [select(part, by, confidence, chance) for _, part in parts], ignore_index=True
        )
    frame = scores(results)
    setting = [*by, *nuisances(results, by)]
    best = _best_settings(frame, by, setting, score_name(results))
    cells = frame.merge(best[setting], on=setting)
    chosen = _describe(cells, by, score_name(results), confidence)
    chosen = chosen.merge(_coverage(frame, by), on=by)
    lowest, highest = chosen.pop("lowest_rate"), chosen.pop("highest_rate")
    chosen["at_edge"] = edge(chosen["learning_rate"], lowest, highest)
    others = [c for c in setting if c not in {*by, "learning_rate"}]
    guess = chance.get(results["dataset"].iat[0], 0.0) if "dataset" in results else 0.0
    chosen["at_cliff"] = at_cliff(frame, chosen, by, others, score_name(results), guess)
    return chosen.sort_values(by, ignore_index=True)


def groups(results: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """`by`, after `dataset` and `model` where the results hold several of them."""
    return [*(c for c in PLACES if c not in by and _several(results, c)), *by]


def by_place(results: pd.DataFrame) -> Iterator[tuple[str, dict[str, str], pd.DataFrame]]:
    """The results of each dataset and model, where there are several.

    Yields:
        What the place is called ("digits, cnn"; empty if it is the only one), the values of the
        columns that set it apart, and its rows.
    """
    names = groups(results, [])
    if not names:
        yield "", {}, results
        return
    for values, cells in results.groupby(names, observed=True):
        values = [str(value) for value in values]
        yield ", ".join(values), dict(zip(names, values, strict=True)), cells


def at_place(frame: pd.DataFrame, place: Mapping[str, str]) -> pd.DataFrame:
    """The rows of another frame at a place of `by_place`; one that names no places is all of it."""
    for name, value in place.items():
        if name in frame:
            frame = frame[frame[name].astype(str) == value]
    return frame


def _several(results: pd.DataFrame, what: str = "dataset") -> bool:
    return what in results and results[what].nunique() > 1


def ranked_rates(results: pd.DataFrame, by: Sequence[str]) -> tuple[list[float], int]:
    """Learning rates by how their best settings do on validation, as `select` ranks these.

    Args:
        results: Of one group of `by`.
        by: As for `select`.

    Returns:
        The rates, the best first, that have settings with the most seeds; how many seeds these are.
    """
    by = groups(results, by)
    setting = [*by, *nuisances(results, by)]
    ranked = _ranked_settings(scores(results), by, setting, score_name(results))
    return list(dict.fromkeys(ranked["rate_"])), int(ranked["seeds_"].iloc[0])


def _best_settings(frame, by, setting, kind) -> pd.DataFrame:
    """One row of `setting` per group of `by`: the best on validation."""
    ranked = _ranked_settings(frame, by, setting, kind)
    return ranked.groupby(by, sort=False, observed=True).head(1)[setting]


def _ranked_settings(frame, by, setting, kind) -> pd.DataFrame:
    """The rows of `setting` that have the most seeds in a group of `by`, the best of each first."""
    means = frame.groupby(setting, dropna=False, observed=True, as_index=False).agg(
        validation_accuracy_=("validation_accuracy", "mean"),
        validation_loss_=("validation_loss", "mean"),
        diverged_=("diverged", "sum"),
        seeds_=("seed", "nunique"),
        rate_=("learning_rate", "first"),
    )
    means = means[means["seeds_"] == means.groupby(by, observed=True)["seeds_"].transform("max")]
    # Means over seeds of equal accuracies differ in the last bits; rounding keeps them tied.
    means["error_"] = -means["validation_accuracy_"].round(12)
    first = (
        ["error_", "validation_loss_"] if kind == "accuracy" else ["validation_loss_", "diverged_"]
    )
    return means.sort_values([*by, *first, "rate_"])


def _describe(cells: pd.DataFrame, by: list[str], kind: str, confidence: float) -> pd.DataFrame:
    """One row per group of `by` about its cells, which share one setting and differ by seed."""
    grouped = cells.groupby(by, sort=False, observed=True)
    shared = [c for c in axes(cells) if c not in by]
    # head(1), not first(): first() would skip NaN, the value of a parameter that does not apply.
    rows = cells.loc[grouped.head(1).index, [*by, *shared]].set_index(by)
    means = [c for c in MEANS if c in cells]
    rows[means] = grouped[means].mean()
    rows["seeds"] = grouped["seed"].nunique()
    bounds = (0.0, 1.0) if kind == "accuracy" else (0.0, np.inf)
    for prefix, column in (("", f"test_{kind}"), ("validation_", f"validation_{kind}")):
        spread = grouped[column].std().where(np.isfinite(rows[column]))
        ends = _t_interval(rows[column], spread, grouped.size(), confidence, bounds)
        rows[f"{prefix}low"], rows[f"{prefix}high"] = ends
    return rows.reset_index()


def _coverage(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Per group: the number of cells, the shares without a score, the range of rates swept."""
    table = frame.groupby(by, observed=True, as_index=False).agg(
        cells=("seed", "size"),
        lost_share=("diverged", "mean"),
        failed_share=("status", lambda status: status.eq("failed").mean()),
        lowest_rate=("learning_rate", "min"),
        highest_rate=("learning_rate", "max"),
    )
    return table.assign(diverged_share=table["lost_share"] - table["failed_share"])


def edge(rate: ArrayLike, lowest: ArrayLike, highest: ArrayLike) -> np.ndarray:
    """Tell at which edge of the rates swept one lies: "low", "high" or, also of one rate, ""."""
    conditions = [np.equal(lowest, highest), np.equal(rate, lowest), np.equal(rate, highest)]
    return np.select(conditions, ["", "low", "high"], "")


def chosen(results: pd.DataFrame, selection: pd.DataFrame) -> pd.DataFrame:
    """The cells of `results` that were trained at the settings of `selection`, one per seed.

    `curves[curves["cell"].isin(chosen(results, selection)["cell"])]` are their curves.
    """
    keys = [c for c in axes(results) if c in selection.columns]
    return results.merge(selection[keys], on=keys)


def at_chance(accuracy: pd.Series, chance: float) -> pd.Series:
    """Whether accuracies have gone less than 5% of the way from `chance` to 1."""
    return (accuracy - chance) / (1 - chance) < 0.05
