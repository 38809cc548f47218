"""Paired tests and the verdicts from them: against worked examples and enumeration."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from acts_jax.analysis import comparison, statistics
from tests.made_up import make_results, tiny


@pytest.mark.parametrize("seeds", [2, 5, 8])
def test_sign_flip_is_the_enumeration(seeds):
    differences = np.random.default_rng(seeds).normal(0.5, 1, (3, seeds))
    differences[2] = 1.0
    for row, p in zip(differences, comparison.sign_flip(differences), strict=True):
        means = [abs(np.dot(signs, row)) for signs in itertools.product([-1, 1], repeat=seeds)]
        assert p == pytest.approx(np.mean(np.array(means) >= abs(row.sum()) - 1e-9))
    assert comparison.sign_flip(differences)[2] == 2 / 2**seeds


def test_sign_flip_of_nothing_is_one():
    assert comparison.sign_flip(np.zeros((1, 5))) == 1


def test_sign_flip_by_resampling_agrees_with_the_t_test():
    differences = np.random.default_rng(0).normal(0.4, 1, (4, 40))
    expected = stats.ttest_1samp(differences, 0, axis=1).pvalue
    np.testing.assert_allclose(comparison.sign_flip(differences), expected, atol=0.01)


def test_holm_worked_example():
    # Holm (1979) on p = .01, .04, .03, .005: times 4, 3, 2, 1 in ascending order, made monotone.
    corrected = comparison.holm([0.01, 0.04, 0.03, 0.005])
    assert corrected == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert comparison.holm([0.9, 0.8]) == pytest.approx([1, 1])
    assert comparison.holm([0.02, np.nan, 0.5]) == pytest.approx([0.04, np.nan, 0.5], nan_ok=True)


def test_paired_matches_the_paired_t_test_and_finds_the_planted_difference(results):
    table = comparison.paired(results)
    assert len(table) == 3 * 28
    cells = statistics.chosen(results, statistics.select(results))
    cells = cells[cells["depth"] == 4].set_index("seed")
    relu = cells[cells["activation"] == "relu"]["test_accuracy"]
    sbaf = cells[cells["activation"] == "sbaf"]["test_accuracy"]
    row = table[
        (table["depth"] == 4) & (table["activation"] == "relu") & (table["other"] == "sbaf")
    ]
    row = row.iloc[0]
    assert row["difference"] == pytest.approx((relu - sbaf).mean())
    assert row["p_value"] == pytest.approx(
        stats.ttest_rel(relu.sort_index(), sbaf.sort_index()).pvalue
    )
    assert row["test"] == "paired t" and row["seeds"] == 5
    assert row["p_holm"] < 0.05 and 0 < row["low"] < row["difference"] < row["high"]


def test_bootstrap_interval_is_near_the_normal_one_for_many_seeds():
    generator = np.random.default_rng(1)
    frames = []
    for name, mean in (("a", 0.9), ("b", 0.8)):
        scores = generator.normal(mean, 0.02, 60)
        frames.append(tiny([(0.1, s, v, v) for s, v in enumerate(scores)], activation=name))
    row = comparison.paired(pd.concat(frames, ignore_index=True)).iloc[0]
    a, b = (frame["test_accuracy"].to_numpy() for frame in frames)
    half = 1.96 * (a - b).std(ddof=1) / np.sqrt(60)
    assert row["low"] == pytest.approx((a - b).mean() - half, abs=0.1 * half)
    assert row["high"] == pytest.approx((a - b).mean() + half, abs=0.1 * half)
    assert row["test"] == "sign flip"


def test_paired_uses_common_seeds_and_says_nothing_from_one():
    a = tiny([(0.1, s, 0.9, 0.9 + s / 100) for s in range(3)], activation="a")
    b = tiny([(0.1, s, 0.8, 0.8) for s in (1, 2, 3)], activation="b")
    row = comparison.paired(pd.concat([a, b], ignore_index=True)).iloc[0]
    assert row["seeds"] == 2 and row["difference"] == pytest.approx(0.115)
    row = comparison.paired(pd.concat([a[:1], b[:1].assign(seed=0)], ignore_index=True)).iloc[0]
    assert row["seeds"] == 1 and np.isnan(row[["low", "p_value", "p_holm"]].astype(float)).all()


def test_a_few_equal_differences_are_no_certainty():
    a = tiny([(0.1, s, 0.9, 0.9) for s in range(2)], activation="a")
    b = tiny([(0.1, s, 0.8, 0.8) for s in range(2)], activation="b")
    assert comparison.paired(pd.concat([a, b], ignore_index=True))["p_value"].item() == 0.5


def test_paired_repeats_itself(results):
    pd.testing.assert_frame_equal(comparison.paired(results), comparison.paired(results))


def test_leaders_name_the_tied_and_the_beaten(results):
    selection = statistics.select(results)
    rows = comparison.leaders(selection, comparison.paired(results)).set_index("depth")
    for depth, row in rows.iterrows():
        at_depth = selection[selection["depth"] == depth]
        assert row["activation"] == at_depth.loc[at_depth["test_accuracy"].idxmax(), "activation"]
        assert "sbaf" in row["behind"] and "sigmoid" in row["behind"]
        assert {"relu", "leaky_relu"} <= {row["activation"], *row["tied"]}
        assert len(row["tied"]) + len(row["behind"]) == 7 and not row["untested"]


def test_one_seed_leaves_everything_untested():
    results = make_results(seeds=1, depths=(2,))
    rows = comparison.leaders(statistics.select(results), comparison.paired(results))
    assert len(rows["untested"].item()) == 7
