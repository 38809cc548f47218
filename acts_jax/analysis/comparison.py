"""Paired comparison of activations, seed by seed: which are best, and which cannot be told apart.

Each activation stands at the setting that `statistics.select` chose for it on validation.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtr

from acts_jax.analysis import statistics

EXACT_SEEDS = 14
"""Up to this many seeds the sign-flip test goes through all 2^n sign patterns."""


def paired(
    results: pd.DataFrame,
    by: Sequence[str] = ("depth",),
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Differences between activations, each at its own chosen setting, seed by seed.

    The same seed starts from the same weights and sees the same data order under every
    activation, so pairing removes that part of the noise. For each group of `by` and each pair of
    activations: `difference`, the mean over common seeds of the test accuracy (a diverged cell
    counts 0; in regression: the test RMSE) of `activation` minus that of `other`; `low`, `high`,
    its bootstrap percentile interval (Agarwal et al. 2021); `seeds`; `p_sign_flip`, the two-sided
    sign-flip permutation p-value; `p_value` and `test`; `p_holm`, the p-value corrected for all
    pairs of the group (Holm 1979).

    n seeds cannot give a sign-flip p-value below 2 / 2^n, which Holm's correction then multiplies
    by the number of pairs. Where this alone rules out p_holm < 0.05 the test is Student's paired t,
    otherwise the sign flip; the choice depends on counts, never on scores. One seed, or a diverged
    seed in regression, gives NaN.
    """
    kind = statistics.score_name(results)
    selection = statistics.select(results, by=("activation", *by))
    by = statistics.groups(results, by)
    cells = statistics.scores(statistics.chosen(results, selection))
    generator = np.random.default_rng(seed)
    layout = {"index": "seed", "columns": "activation", "values": f"test_{kind}", "observed": True}
    tables = {
        key: _compare(group.pivot_table(**layout), confidence, resamples, generator)
        for key, group in cells.groupby(by, observed=True)
    }
    return pd.concat(tables, names=by).reset_index(by).reset_index(drop=True)


def _compare(values: pd.DataFrame, confidence, resamples, generator) -> pd.DataFrame:
    """All pairs of the columns of `values` (seed x activation, NaN where a seed is missing)."""
    names = list(values.columns)
    pairs = list(itertools.combinations(range(len(names)), 2))
    first, second = np.array(pairs, int).reshape(-1, 2).T
    scores_ = values.to_numpy(float).T
    with np.errstate(invalid="ignore"):
        differences = scores_[first] - scores_[second]
    broken = np.isinf(scores_).any(axis=1)
    differences[broken[first] | broken[second]] = np.nan
    present = np.isfinite(differences)
    table = pd.DataFrame(
        {
            "activation": [names[i] for i in first],
            "other": [names[i] for i in second],
            **dict.fromkeys(("difference", "low", "high"), np.nan),
            "seeds": present.sum(axis=1),
            **dict.fromkeys(("p_sign_flip", "p_value"), np.nan),
            "test": "",
        }
    )
    for pattern in np.unique(present, axis=0):
        rows = (present == pattern).all(axis=1)
        if pattern.any():
            found = _statistics(differences[rows][:, pattern], confidence, resamples, generator)
            found["test"] = _test(int(pattern.sum()), len(pairs))
            found["p_value"] = found["p_t" if found["test"] == "paired t" else "p_sign_flip"]
            del found["p_t"]
            for column, value in found.items():
                table.loc[rows, column] = value
    table["p_holm"] = holm(table["p_value"])
    return table


def _test(seeds: int, pairs: int) -> str:
    if seeds < 2:
        return ""
    return "paired t" if pairs * 2.0 ** (1 - seeds) >= 0.05 else "sign flip"


def _statistics(differences: np.ndarray, confidence, resamples, generator) -> dict:
    """Mean, bootstrap interval and p-values of each row of `differences` [pairs, seeds]."""
    seeds = differences.shape[1]
    found = {"difference": differences.mean(axis=1)}
    if seeds < 2:
        return found | dict.fromkeys(("low", "high", "p_sign_flip", "p_t"), np.nan)
    weights = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    found["low"], found["high"] = np.quantile(weights @ differences.T, tails, axis=0)
    found["p_sign_flip"] = sign_flip(differences)
    found["p_t"] = _paired_t(differences, found["p_sign_flip"])
    return found


def _paired_t(differences: np.ndarray, without_spread: np.ndarray) -> np.ndarray:
    """Two-sided p-values of Student's paired t; `without_spread` where all differences are equal.

    Accuracies are multiples of 1/n, so a few equal differences are no evidence of zero variance.
    """
    seeds = differences.shape[1]
    mean, spread = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    flat = spread <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    statistic = mean / np.where(flat, 1.0, spread) * np.sqrt(seeds)
    return np.where(flat, without_spread, 2 * stdtr(seeds - 1, -np.abs(statistic)))


def sign_flip(differences: np.ndarray, resamples: int = 20_000, seed: int = 0) -> np.ndarray:
    """Two-sided sign-flip permutation p-value of a zero mean over the last axis [..., seeds].

    Exact for up to 14 seeds: the share of all sign patterns whose mean is at least as far from 0
    as the observed one. Beyond, `resamples` random patterns, the observed one counted among them.
    """
    differences = np.asarray(differences, float)
    seeds = differences.shape[-1]
    if seeds <= EXACT_SEEDS:
        # A pattern and its opposite are equally far from 0: half of the patterns are enough.
        codes = np.arange(2 ** (seeds - 1))
        signs = 1.0 - 2.0 * (codes[:, None] >> np.arange(seeds) & 1)
    else:
        generator = np.random.default_rng(seed)
        signs = generator.choice([-1.0, 1.0], size=(resamples, seeds))
        signs[0] = 1.0
    flipped = np.abs(differences @ signs.T)
    observed = np.abs(differences.sum(axis=-1))[..., None]
    rounding = 1e-12 * np.abs(differences).sum(axis=-1)[..., None]
    return (flipped >= observed - rounding).mean(axis=-1)


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm's (1979) step-down correction; NaN entries stay NaN and do not count as tests."""
    values = np.asarray(p_values, float)
    corrected = np.full(values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(values))
    order = tested[np.argsort(values[tested], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return corrected


def leaders(
    selection: pd.DataFrame, comparisons: pd.DataFrame, kind: str = "accuracy", level: float = 0.05
) -> pd.DataFrame:
    """Per group of `comparisons`: the activation best on test, and who cannot be told from it.

    Columns: the grouping ones, `activation` (highest mean test accuracy, lowest test RMSE when
    `kind` is "rmse"), `tied` and `behind` (tuples of names, best first): whose corrected p-value
    against it is at least `level`, or below; `untested` where no p-value exists (one seed).
    """
    by = list(comparisons.columns[: comparisons.columns.get_loc("activation")])
    column, ascending = f"test_{kind}", kind == "rmse"
    swapped = comparisons.rename(columns={"activation": "other", "other": "activation"})
    both_ways, rows = pd.concat([comparisons, swapped]), []
    for key, group in selection.groupby(by, observed=True):
        best, *others = group.sort_values(column, ascending=ascending)["activation"]
        found = both_ways[both_ways["activation"] == best].merge(group[by].head(1), on=by)
        p = found.set_index("other")["p_holm"].reindex(others)
        named = {"tied": p >= level, "behind": p < level, "untested": p.isna()}
        row = dict(zip(by, key, strict=True)) | {"activation": best}
        rows.append(row | {word: tuple(p.index[which]) for word, which in named.items()})
    return pd.DataFrame(rows)
