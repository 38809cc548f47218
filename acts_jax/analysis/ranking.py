"""Ranking activations over several datasets, depths and models, without averaging their scores.

A stratum is one dataset, depth and model. Its runs are compared there, and only the outcomes are
averaged over strata, each with the same weight (Agarwal et al. 2021, arXiv 2108.13264).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from acts_jax.analysis import confirmed, statistics
from acts_jax.words import join

LEAST_DATASETS = 5
"""From so many datasets on an interval speaks for datasets like these, not for these alone."""


def improvement(
    results: pd.DataFrame,
    strata: Sequence[str] = ("dataset", "depth"),
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Probability that a run of one activation beats a run of another, averaged over the strata.

    A tie counts half; a run that failed loses to each that trained. All runs of a stratum meet, of
    the same seed or not, as in Agarwal et al. (2021).

    The interval is that of a stratified bootstrap: within each stratum seeds are drawn with
    replacement, the same for all activations since a seed gives them the same weights and data. It
    is about these very datasets. With `LEAST_DATASETS` or more these are drawn instead, each with
    all its strata and seeds (a block), and the interval is about datasets like these. Of few
    datasets that would be none of 95%: of 2, 3, 4 and 5 that disagree strongly, datasets and seeds
    drawn alike covered 64, 79, 84 and 89% (98 to 99% of those that agree, whose seeds vary twice).

    What n draws vary too little is made good (Hesterberg 2015, The American Statistician 69:371):
    deviations are widened by sqrt(n / (n - 1)), of datasets also by Student's quantile over the
    normal one. That covers 93 to 96% at 5 to 20 datasets. No interval speaks for datasets unlike
    those drawn.

    Args:
        results: Confirmed cells, see `confirmed.runs`.
        strata: Columns that part the strata.
        confidence: Of the intervals.
        resamples: Number of bootstrap samples.
        seed: Of the bootstrap's draws.

    Returns:
        A row per ordered pair: `activation`, `other`, `probability`, `low`, `high`, `strata`
        and `datasets` (how many), `covers` ("seeds" or "seeds and datasets"). The interval is NaN
        where it covers seeds and a stratum has a single one.

    Raises:
        ValueError: See `confirmed.runs`; an activation that has no run in some stratum, or no seed
            in common with the others there.
    """
    names, wins, blocks = _wins(results, strata)
    estimate, low, high = _bootstrap(wins, blocks, _mean_wins, confidence, resamples, seed)
    first, second = np.nonzero(~np.eye(len(names), dtype=bool))
    return pd.DataFrame(
        {
            "activation": np.array(names, object)[first],
            "other": np.array(names, object)[second],
            "probability": estimate[first, second],
            "low": np.clip(low[first, second], 0, 1),
            "high": np.clip(high[first, second], 0, 1),
            **_grounds(wins, blocks),
        }
    )


def mean_rank(
    results: pd.DataFrame,
    strata: Sequence[str] = ("dataset", "depth"),
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Mean rank of a run of each activation among one run of each other; 1 is best.

    It is 1 plus the probabilities that each of the others beats it (see `improvement`, also for the
    arguments, the interval and what is raised).

    Returns:
        A row per activation, the best first: `activation`, `mean_rank`, `low`, `high`, `strata`,
        `datasets`, `covers`.
    """
    names, wins, blocks = _wins(results, strata)
    estimate, low, high = _bootstrap(wins, blocks, _ranks, confidence, resamples, seed)
    table = pd.DataFrame(
        {
            "activation": names,
            "mean_rank": estimate,
            "low": np.clip(low, 1, len(names)),
            "high": np.clip(high, 1, len(names)),
            **_grounds(wins, blocks),
        }
    )
    return table.sort_values("mean_rank", kind="stable", ignore_index=True)


def over_all(results: pd.DataFrame) -> pd.DataFrame | None:
    """The mean ranks over datasets and depths of those that ran everywhere, then who did not.

    Args:
        results: Confirmed cells, see `confirmed.runs`; none of an activation that could not be
            trained at a depth of a dataset.

    Returns:
        `mean_rank`, with a column `missing`: empty, or where an activation has no run and is not
        ranked for it ("at depth 8 of digits"). None if there is one dataset and depth, or one
        activation.
    """
    by = statistics.groups(results, ["dataset", "depth"])
    strata = results.groupby(by, observed=True)["activation"]
    ran = {place: set(names.astype(str)) for place, names in strata}
    if len(ran) < 2 or results["activation"].nunique() < 2:
        return None
    missing = {
        name: join(
            confirmed.place(dict(zip(by, place, strict=True))).strip()
            for place, there in ran.items()
            if name not in there
        )
        for name in sorted(set.union(*ran.values()))
    }
    everywhere = [name for name, places in missing.items() if not places]
    others = [name for name in missing if name not in everywhere]
    tables = [pd.DataFrame({"activation": others})] if others else []
    if len(everywhere) > 1:
        tables.insert(0, mean_rank(results[results["activation"].isin(everywhere)]))
    table = pd.concat(tables, ignore_index=True)
    return table.assign(missing=table["activation"].map(missing))


def _wins(results: pd.DataFrame, strata) -> tuple[list[str], list[np.ndarray], np.ndarray]:
    """Names; wins [activation, other, seed, seed] of each stratum; the number of its dataset."""
    wins, datasets, names = [], [], sorted(set(results["activation"].astype(str)))
    for named, group in confirmed.runs(results, strata):
        missing = sorted(set(names) - set(group.activations))
        if missing:
            raise ValueError(
                f"no run of {join(missing)}{confirmed.place(named)}: a ranking needs every "
                "activation in every stratum"
            )
        common = group.ran.all(axis=0)
        if not common.any():
            raise ValueError(f"the activations{confirmed.place(named)} have no seed in common")
        sign = 1.0 if group.kind == "accuracy" else -1.0
        scores = np.where(np.isfinite(group.scores), sign * group.scores, -np.inf)[:, common]
        one, other = scores[:, None, :, None], scores[None, :, None, :]
        wins.append((one > other) + 0.5 * (one == other))
        datasets.append(named.get("dataset", ""))
    return names, wins, np.unique(datasets, return_inverse=True)[1]


def _grounds(wins: list[np.ndarray], blocks: np.ndarray) -> dict[str, object]:
    """What the intervals are from, and about."""
    datasets = int(blocks.max()) + 1
    covers = "seeds and datasets" if datasets >= LEAST_DATASETS else confirmed.COVERS[0]
    return {"strata": len(wins), "datasets": datasets, "covers": covers}


def _mean_wins(probabilities: np.ndarray) -> np.ndarray:
    return probabilities


def _ranks(probabilities: np.ndarray) -> np.ndarray:
    """Mean ranks [..., activation] from the probabilities [..., activation, other] of winning."""
    return 0.5 + probabilities.sum(axis=-2)  # which has 1/2 for the activation itself


def _bootstrap(
    wins: list[np.ndarray], blocks: np.ndarray, statistic, confidence, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate and percentile interval of a statistic, affine in the winning probabilities."""
    generator = np.random.default_rng(seed)
    found = np.stack([won.mean(axis=(-1, -2)) for won in wins])
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if (datasets := blocks.max() + 1) < LEAST_DATASETS:
        deviations = np.mean([_of_seeds(won, resamples, generator) for won in wins], axis=0)
    else:
        weights = _draws(datasets, resamples, generator)[:, blocks]
        weights /= weights.sum(axis=1, keepdims=True)
        deviations = np.tensordot(weights, found - found.mean(axis=0), axes=1)
        deviations *= _widening(datasets) * stdtrit(datasets - 1, tails[1]) / ndtri(tails[1])
    low, high = np.quantile(statistic(found.mean(axis=0) + deviations), tails, axis=0)
    return statistic(found.mean(axis=0)), low, high


def _of_seeds(won: np.ndarray, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """By how much a stratum's probabilities deviate [resample, activation, other], widened."""
    weights = _draws(won.shape[-1], resamples, generator)
    sampled = np.einsum("ri,abij,rj->rab", weights, won, weights, optimize=True)
    return _widening(won.shape[-1]) * (sampled - won.mean(axis=(-1, -2)))


def _draws(count: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Shares [resample, count] of `count` draws with replacement that fall on each."""
    return generator.multinomial(count, np.full(count, 1 / count), size=resamples) / count


def _widening(count: int) -> float:
    return np.sqrt(count / (count - 1)) if count > 1 else np.nan
