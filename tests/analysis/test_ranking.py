"""Ranks over several datasets and depths."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from acts_jax.analysis import ranking
from acts_jax.analysis.ranking import improvement, mean_rank
from tests.analysis.simulated import cells

MEANS = np.array([0.5, 0.52, 0.55])


def strata(generator, seeds=5, datasets="d", depths=(2, 4), sd=0.04, common=0.0, shift=0.0):
    """Normal scores of three activations; all of a dataset are shifted apart by `shift`."""
    frames = []
    for dataset in datasets:
        means = MEANS + shift * generator.normal(size=3)
        for depth in depths:
            scores = means[:, None] + sd * generator.normal(size=(3, seeds))
            scores += common * generator.normal(size=(1, seeds))
            frames.append(cells(scores[..., None], dataset=dataset, depth=depth)[0])
    return pd.concat(frames, ignore_index=True)


def test_the_probability_is_that_of_mann_and_whitney():
    results = strata(np.random.default_rng(0), depths=(2,))
    table = improvement(results).set_index(["activation", "other"])
    scores = {
        name: rows["test_accuracy"].to_numpy() for name, rows in results.groupby("activation")
    }
    for (one, other), row in table.iterrows():
        wins = scores[one][:, None] > scores[other]
        assert row["probability"] == pytest.approx(wins.mean())
        mirrored = table.loc[(other, one)]
        assert row["probability"] + mirrored["probability"] == pytest.approx(1)
        assert row["low"] + mirrored["high"] == pytest.approx(1)
        assert 0 <= row["low"] <= row["probability"] <= row["high"] <= 1
    assert set(table["strata"]) == {1} and set(table["covers"]) == {"seeds"}


def test_mean_rank_follows_from_the_probabilities():
    results = strata(np.random.default_rng(1), datasets="de")
    ranks = mean_rank(results).set_index("activation")
    probabilities = improvement(results)
    beaten = 1 + probabilities.groupby("other")["probability"].sum()
    pd.testing.assert_series_equal(
        ranks["mean_rank"].sort_index(), beaten, check_names=False, check_index_type=False
    )
    assert ranks["mean_rank"].is_monotonic_increasing and ranks["mean_rank"].sum() == 6
    assert set(ranks["covers"]) == {"seeds"} and set(ranks["strata"]) == {4}
    assert set(ranks["datasets"]) == {2}


def test_ties_count_half_and_a_failed_run_loses():
    status = [["ok", "diverged"], ["ok", "ok"]]
    results = cells(np.full((2, 2, 1), 0.5), status)[0]
    table = improvement(results).set_index("activation")
    assert table.loc["a", "probability"] == 0.25 and table.loc["b", "probability"] == 0.75
    errors = cells(np.array([1.0, 4.0])[:, None, None] * np.ones((2, 3, 1)), error="rmse")[0]
    assert improvement(errors)["probability"].tolist() == [1, 0]


@pytest.mark.parametrize(("seeds", "depths"), [(3, 6), (5, 3), (10, 3)])
def test_the_interval_covers_the_true_probability(seeds, depths):
    generator, inside = np.random.default_rng(seeds), 0
    # Of n² meetings n are of the same seed, which shares a part of its score.
    apart, together = ndtr(0.5 / np.sqrt(2.5)), ndtr(0.5 / np.sqrt(2))
    truth = together / seeds + apart * (1 - 1 / seeds)
    for time in range(400):
        scores = generator.normal([[0.0], [0.5]], 1.0, (depths, 2, seeds))
        scores += 0.5 * generator.normal(size=(depths, 1, seeds))
        wins = list((scores[:, :, None, :, None] > scores[:, None, :, None, :]) * 1.0)
        _, low, high = ranking._bootstrap(
            wins, np.zeros(depths, int), ranking._mean_wins, 0.95, 400, time
        )
        inside += low[1, 0] <= truth <= high[1, 0]
    assert 0.92 <= inside / 400 <= 0.985


@pytest.mark.parametrize("datasets", [5, 8, 15])
@pytest.mark.parametrize("apart", [0.3, 1.0, 3.0])
def test_from_five_datasets_on_the_interval_covers_the_mean_over_datasets_like_these(
    datasets, apart
):
    generator, inside = np.random.default_rng(datasets), 0
    truth = ndtr(0.5 / np.sqrt(2 + apart**2))
    for time in range(400):
        means = 0.5 + apart * generator.normal(size=(datasets, 1, 1))
        first = means + generator.normal(size=(datasets, 10, 1))
        wins = list((first > generator.normal(size=(datasets, 1, 10)))[:, None, None] * 1.0)
        blocks = np.arange(datasets)
        _, low, high = ranking._bootstrap(wins, blocks, ranking._mean_wins, 0.95, 400, time)
        inside += (low <= truth <= high).item()
    assert 0.915 <= inside / 400 <= 0.975


def test_datasets_are_drawn_as_blocks_where_there_are_enough():
    # Datasets that disagree entirely: seeds say that nothing is open, the datasets that all is.
    up, down = np.array([0.4, 0.6])[:, None, None], np.array([0.6, 0.4])[:, None, None]
    noise = np.random.default_rng(0).normal(0, 1e-3, (2, 4, 1))
    frames = [cells((up, down)[i % 2] + noise, dataset=f"{i}")[0] for i in range(6)]
    row = improvement(pd.concat(frames)).iloc[0]
    assert row["low"] < 0.1 and row["probability"] == 0.5 and row["high"] > 0.9
    assert row["covers"] == "seeds and datasets"
    for few in (frames[:4], [f.assign(dataset="d", depth=i) for i, f in enumerate(frames)]):
        row = improvement(pd.concat(few)).iloc[0]
        assert (row["low"], row["high"], row["covers"]) == (0.5, 0.5, "seeds")


def test_who_did_not_run_everywhere_is_not_ranked_and_said():
    results = strata(np.random.default_rng(0), datasets="de")
    everyone = ranking.over_all(results)
    pd.testing.assert_frame_equal(everyone.drop(columns="missing"), mean_rank(results))
    assert set(everyone["missing"]) == {""}
    gone = (results["activation"] == "c") & (results["depth"] == 4)
    table = ranking.over_all(results[~gone]).set_index("activation")
    assert table.loc["c", "missing"] == "at depth 4 of d and at depth 4 of e"
    assert np.isnan(table.loc["c", "mean_rank"]) and set(table.loc[["a", "b"], "missing"]) == {""}
    assert table["mean_rank"].dropna().sum() == 3
    alone = ranking.over_all(results[~gone & (results["activation"] != "b")])
    assert "mean_rank" not in alone
    assert ranking.over_all(results.query("dataset == 'd' and depth == 2")) is None


def test_one_seed_has_no_interval_and_a_gap_is_refused():
    results = strata(np.random.default_rng(0), seeds=1)
    assert improvement(results)[["low", "high"]].isna().all(axis=None)
    with pytest.raises(ValueError, match="no run of c at depth 4 of d"):
        mean_rank(results.query("activation != 'c' or depth == 2"))
    elsewhere = results.assign(seed=results["seed"] + (results["activation"] == "a"))
    with pytest.raises(ValueError, match="have no seed in common"):
        improvement(elsewhere)
