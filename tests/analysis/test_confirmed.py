"""The reported table of confirmed scores."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from acts_jax.analysis import intervals
from acts_jax.analysis.confirmed import reported
from tests.analysis.simulated import cells, fresh_splits, hits


@pytest.fixture(scope="module")
def found():
    """Hits of two activations, 90 and 80%, ten seeds, 300 examples."""
    return hits(np.random.default_rng(0), (0.9, 0.8), 10, 300)[0]


def test_a_row_per_activation_says_what_its_interval_covers(found):
    results, examples = cells(found)
    seeds, both = reported(results), reported(results, examples=examples)
    assert seeds["activation"].tolist() == ["a", "b"] and seeds["depth"].tolist() == [2, 2]
    assert set(seeds["covers"]) == {"seeds"} and set(both["covers"]) == {"seeds and test examples"}
    np.testing.assert_allclose(both["score"], found.mean(axis=(1, 2)), atol=1e-7)
    assert (both["high"] - both["low"] > 1.2 * (seeds["high"] - seeds["low"])).all()
    low, high = intervals.over_seeds_and_examples(found, hits=True).between_0_and_1()
    np.testing.assert_allclose(both[["low", "high"]], np.transpose([low, high]))
    assert (both["score_all"] == both["score"]).all() and (both["seeds"] == 10).all()


def test_fresh_splits_are_of_one_pool(found):
    tested = fresh_splits(np.random.default_rng(1), 10, 100, 300)
    split = np.where(tested, found, np.nan)
    row = reported(*cells(split)[:1], examples=cells(split)[1]).iloc[0]
    low, high = intervals.over_seeds_and_examples(split[0], hits=True).between_0_and_1()
    assert (row["low"], row["high"]) == pytest.approx((low, high))


def test_failed_seeds_are_reported_apart_and_do_not_enter_the_score(found):
    status = [["ok"] * 7 + ["diverged", "failed", "diverged"], ["ok"] * 10]
    results, examples = cells(found, status)
    a, b = reported(results, examples=examples, chance={"d": 0.1}).to_dict("records")
    assert a["score"] == pytest.approx(found[0, :7].mean())
    assert (a["seeds"], a["failed"], a["failed_share"]) == (7, 3, pytest.approx(0.3))
    # Clopper and Pearson's interval of 3 of 10 (any table): 6.67 to 65.25%.
    assert (a["failed_low"], a["failed_high"]) == pytest.approx((0.0667, 0.6525), abs=1e-4)
    assert a["score_all"] == pytest.approx((7 * a["score"] + 3 * 0.1) / 10)
    assert reported(results)["score_all"][0] == pytest.approx(0.7 * a["score"])
    assert (b["failed_low"], b["failed_high"]) == pytest.approx((0, 0.3085), abs=1e-4)


def test_the_failed_share_covers_what_it_should():
    low, high = np.empty((2, 10))
    for failed in range(10):
        status = [["failed"] * failed + ["ok"] * (10 - failed)]
        row = reported(cells(np.ones((1, 10, 2)), status)[0]).iloc[0]
        low[failed], high[failed] = row["failed_low"], row["failed_high"]
    for share in (0.1, 0.2, 0.3):
        inside = np.flatnonzero((low <= share) & (share <= high))
        assert stats.binom.pmf(inside, 10, share).sum() >= 0.95


def test_without_a_seed_that_trained_there_is_no_score(found):
    status = [["diverged"] * 10, ["ok"] + ["failed"] * 9]
    results, examples = cells(found, status)
    a, b = reported(results, examples=examples, chance={"d": 0.1}).to_dict("records")
    assert np.isnan([a["score"], a["low"], a["high"]]).all() and a["score_all"] == 0.1
    assert a["seeds"] == 0 and a["failed_share"] == 1
    assert b["score"] == pytest.approx(found[1, 0].mean()) and np.isnan([b["low"], b["high"]]).all()


def test_a_regression_is_reported_in_the_unit_of_its_target():
    # The RMSE of m normal residuals has the standard error sigma / sqrt(2 m).
    residuals = np.random.default_rng(2).normal(0, 3, (1, 10, 400))
    results, examples = cells(residuals**2, error="rmse")
    row = reported(results, examples=examples).iloc[0]
    per_seed = np.sqrt((residuals[0] ** 2).mean(axis=1))
    assert row["score"] == pytest.approx(per_seed.mean())
    assert (row["high"] - row["low"]) / 2 == pytest.approx(
        stats.t.ppf(0.975, 9) * 3 / np.sqrt(2 * 4000), rel=0.4
    )
    # The same examples are hard under every seed: ten seeds are no more than one.
    results, examples = cells(np.tile(residuals[:, :1] ** 2, (1, 10, 1)), error="rmse")
    row = reported(results, examples=examples).iloc[0]
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.96 * 3 / np.sqrt(800), rel=0.1)


def test_a_regression_without_a_seed_that_trained_is_still_one():
    squares = np.random.default_rng(2).normal(0, 3, (2, 3, 50)) ** 2
    good, _ = cells(squares, error="rmse")
    bad = good.assign(depth=8, status="diverged", test_rmse=np.nan, validation_loss=np.nan)
    table = reported(pd.concat([good, bad]))
    assert np.isinf(table.query("depth == 8")["score_all"]).all()


def test_groups_datasets_and_order_of_rows(found):
    results, examples = cells(found)
    other, more = cells(found[:, :4], dataset="e", depth=4)
    mixed = pd.concat([results, other]).sample(frac=1, random_state=0)
    for column in ("activation", "dataset", "status", "cell"):
        mixed[column] = mixed[column].astype("category")
    scores = pd.concat([examples, more]).sample(frac=1, random_state=0)
    table = reported(mixed, examples=scores)
    assert table["dataset"].tolist() == ["d", "d", "e", "e"]
    assert table["depth"].tolist() == [2, 2, 4, 4]
    alone = reported(results, examples=examples)
    np.testing.assert_allclose(table[["low", "high"]][:2], alone[["low", "high"]])


def test_what_is_not_confirmed_is_refused(found):
    results, examples = cells(found)
    with pytest.raises(ValueError, match="a at depth 2 has 2 cells of seed 100"):
        reported(pd.concat([results, results[:1].assign(cell="again")]))
    with pytest.raises(ValueError, match="give each seed one split_seed"):
        reported(results.assign(split_seed=range(20)))
    with pytest.raises(ValueError, match="not its test accuracy"):
        reported(results, examples=examples.assign(score=1 - examples["score"]))
    with pytest.raises(ValueError, match="of other cells than the results: of again, not of d-2"):
        reported(results, examples=examples.assign(cell="again"))
    with pytest.raises(ValueError, match="no cell has finished"):
        reported(results[:0])
    with pytest.raises(ValueError, match="between 0 and 1"):
        reported(results, confidence=95)
