"""Ranking activations over several datasets, depths and models, without averaging their scores.

A stratum is one dataset, depth and model. Its runs are compared there, and only the outcomes are
averaged over strata, each with the same weight (Agarwal et al. 2021, arXiv 2108.13264).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from acts_jax.analysis import confirmed
from acts_jax.words import join


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
    replacement, the same for all activations since a seed gives them the same weights and data;
    deviations are widened by sqrt(n / (n - 1)), by which n resampled seeds vary too little. With
    several datasets these are drawn first, each with all its strata (a block): the interval then is
    about datasets like these, not these alone. A bootstrap of few datasets is too narrow (of 3 it
    covered 90% instead of 95, of 5 and 10 what it should): with 2 or 3 it merely shows whether they
    agree. No interval speaks for datasets unlike those drawn.

    Args:
        results: Confirmed cells, see `confirmed.runs`.
        strata: Columns that part the strata.
        confidence: Of the intervals.
        resamples: Number of bootstrap samples.
        seed: Of the bootstrap's draws.

    Returns:
        A row per ordered pair: `activation`, `other`, `probability`, `low`, `high`, `strata`
        (how many), `covers` ("seeds" or "seeds and datasets"). The interval is NaN where a stratum
        has a single seed.

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
            "strata": len(wins),
            "covers": _covers(blocks),
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
        `covers`.
    """
    names, wins, blocks = _wins(results, strata)
    estimate, low, high = _bootstrap(wins, blocks, _ranks, confidence, resamples, seed)
    table = pd.DataFrame(
        {
            "activation": names,
            "mean_rank": estimate,
            "low": np.clip(low, 1, len(names)),
            "high": np.clip(high, 1, len(names)),
            "strata": len(wins),
            "covers": _covers(blocks),
        }
    )
    return table.sort_values("mean_rank", kind="stable", ignore_index=True)


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


def _covers(blocks: np.ndarray) -> str:
    return "seeds and datasets" if blocks.max() else confirmed.COVERS[0]


def _mean_wins(probabilities: np.ndarray) -> np.ndarray:
    return probabilities


def _ranks(probabilities: np.ndarray) -> np.ndarray:
    """Mean ranks [..., activation] from the probabilities [..., activation, other] of winning."""
    return 0.5 + probabilities.sum(axis=-2)  # which has 1/2 for the activation itself


def _bootstrap(
    wins: list[np.ndarray], blocks: np.ndarray, statistic, confidence, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate and percentile interval of a statistic of the winning probabilities."""
    generator = np.random.default_rng(seed)
    datasets = blocks.max() + 1
    estimate = statistic(np.mean([won.mean(axis=(-1, -2)) for won in wins], axis=0))
    drawn = generator.multinomial(datasets, np.full(datasets, 1 / datasets), size=resamples)
    total = np.zeros((resamples, *wins[0].shape[:2]))
    for won, dataset in zip(wins, blocks, strict=True):
        seeds = won.shape[-1]
        weights = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds
        sampled = np.einsum("ri,abij,rj->rab", weights, won, weights, optimize=True)
        found = won.mean(axis=(-1, -2))
        widening = np.sqrt(seeds / (seeds - 1)) if seeds > 1 else np.nan
        total += drawn[:, dataset, None, None] * (found + widening * (sampled - found))
    strata = drawn[:, blocks].sum(axis=1)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(statistic(total / strata[:, None, None]), tails, axis=0)
    return estimate, low, high
