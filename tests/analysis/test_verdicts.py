"""Verdicts on pairs: the words, the family's error, and what more seeds would do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from acts_jax.analysis import intervals
from acts_jax.analysis.verdicts import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    VERDICTS,
    WORSE,
    compare,
    outlook,
    verdicts,
)
from tests.analysis.simulated import cells, fresh_splits, hits

FIRST, SECOND = np.triu_indices(8, 1)
MEANS = {  # of eight activations, in units of the margin
    "all null": [0] * 8,
    "half null": [0, 0, 0, 0, 3, 3, 3, 3],
    "at the margin": [0, 0, 0, 0, 1, 1, 1, 1],
    "inside the margin": [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5],
}


def families(means, seeds, of_seed, of_example, generator, times=2000, margin=0.005):
    """Estimates of 28 differences [times, pair], and which verdicts on them are wrong."""
    means = margin * np.asarray(means, float)[:, None]
    scores = means + of_seed * generator.normal(size=(times, 8, seeds))
    scores += of_example * generator.normal(size=(times, 8, 1))
    estimate = intervals.over_seeds(scores[:, FIRST] - scores[:, SECOND])
    if of_example:  # as good an estimate as 300 examples give
        variance = 2 * of_example**2 * generator.chisquare(299, (times, 28)) / 299
        examples = np.full((times, 28), 300.0)
        estimate = replace(estimate, examples=examples, example_variance=variance)
    words = verdicts(estimate, np.full((times, 28), margin))["verdict"]
    truth = (means[FIRST] - means[SECOND])[:, 0]
    wrong = (words == BETTER) & (truth <= 0) | (words == WORSE) & (truth >= 0)
    return words, wrong | (words == EQUIVALENT) & (np.abs(truth) >= margin * (1 - 1e-9))


@pytest.mark.parametrize("means", MEANS)
@pytest.mark.parametrize(("seeds", "of_example"), [(3, 0.0003), (5, 0), (10, 0.0005), (20, 0)])
def test_a_family_of_28_pairs_has_a_wrong_verdict_in_at_most_6_percent(means, seeds, of_example):
    generator = np.random.default_rng(seeds)
    of_seed = {3: 0.0006, 5: 0.0012, 10: 0.0015, 20: 0.003}[seeds]  # where all words occur
    words, wrong = families(MEANS[means], seeds, of_seed, of_example, generator)
    assert wrong.any(axis=1).mean() <= 0.06
    if means != "inside the margin":
        assert (words == EQUIVALENT).mean() > 0.01
    if means == "half null":
        assert np.isin(words, [BETTER, WORSE]).mean() > 0.1


def test_p_values_of_one_pair_are_the_paired_t_test_and_two_one_sided_tests(confirmed):
    results, _ = confirmed
    row = compare(results, against="b", margin=0.03).set_index("other").loc["a"]
    by_seed = results.pivot(index="seed", columns="activation", values="test_accuracy")
    differences = by_seed["b"] - by_seed["a"]
    assert row["difference"] == pytest.approx(differences.mean())
    assert row["covers"] == "seeds" and row["example_error"] == 0
    widened = np.sqrt(differences.var() + (1 / 400) ** 2 / 12)  # accuracies are multiples of 1/400
    t = differences.mean() / widened * np.sqrt(6)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(t), 5))
    to_margin = (0.03 - abs(differences.mean())) / widened * np.sqrt(6)
    assert row["p_equivalence"] == pytest.approx(2 * stats.t.sf(to_margin, 5))
    assert row["low"] < row["difference"] < row["high"]
    codes = np.arange(64)[:, None] >> np.arange(6) & 1
    flipped = np.abs((1 - 2 * codes) @ differences.to_numpy())
    assert row["p_sign_flip"] == np.mean(flipped >= abs(differences.sum()) - 1e-12)


@pytest.fixture(scope="module")
def confirmed():
    """Six seeds of three activations with 90, 90 and 80% on one test set of 400 examples."""
    found = hits(np.random.default_rng(1), (0.9, 0.9, 0.8), 6, 400, of_seed=0.05)[0]
    return cells(found)


def test_examples_widen_the_interval(confirmed):
    results, examples = confirmed
    seeds, both = compare(results), compare(results, examples=examples)
    assert set(both["covers"]) == {"seeds and test examples"}
    np.testing.assert_allclose(both["difference"], seeds["difference"], atol=1e-7)
    assert (both["high"] - both["low"] > seeds["high"] - seeds["low"]).all()
    assert (both["example_error"] > both["seed_error"]).any()


def test_a_pair_needs_the_same_examples(confirmed):
    results, examples = confirmed
    elsewhere = examples.assign(example=examples["example"] + (examples["cell"] < "d-2-1"))
    with pytest.raises(ValueError, match="a and b were tested on different examples"):
        compare(results, examples=elsewhere)


def test_the_words_and_their_direction(confirmed):
    table = compare(*confirmed[:1], examples=confirmed[1]).set_index(["activation", "other"])
    assert table.loc[("a", "c"), "verdict"] == BETTER
    assert table.loc[("a", "b"), "verdict"] == UNDECIDED
    against = compare(*confirmed[:1], examples=confirmed[1], against="c")
    assert against["verdict"].tolist() == [WORSE, WORSE]
    wide = compare(*confirmed[:1], examples=confirmed[1], margin=0.2)
    assert set(wide["verdict"]) == {EQUIVALENT}
    assert set(table["verdict"]) | set(wide["verdict"]) <= set(VERDICTS)


def test_the_family_is_named_and_counts_its_own_pairs(confirmed):
    results, _ = confirmed
    assert set(compare(results)["family"]) == {"3 pairs of 3 activations at depth 2 of d"}
    table = compare(results, against="b")
    assert set(table["family"]) == {"2 rivals of b at depth 2 of d"}
    assert table["activation"].tolist() == ["b", "b"] and table["other"].tolist() == ["a", "c"]
    largest = table["p_value"].min()
    assert table["p_holm"].min() == pytest.approx(2 * largest)
    assert set(compare(results, by=())["family"]) == {"3 pairs of 3 activations of d"}


@pytest.mark.parametrize("pool", [None, 900])
def test_an_activation_against_itself_is_never_better(pool):
    # All differences are exactly 0. With 300 examples an error in 1% of all would go unseen in one
    # test set of 20, so that half a point is undecided; ten splits of 900 leave less room.
    generator = np.random.default_rng(0)
    tested = 300 if pool is None else fresh_splits(generator, 10, 300, pool)
    own = hits(generator, (0.97,), 10, tested)[0]
    results, examples = cells(np.concatenate([own, own]))
    row = compare(results, examples=examples).iloc[0]
    assert row["difference"] == 0 and row["p_value"] == 1 and row["p_sign_flip"] == 1
    assert row["verdict"] == (UNDECIDED if pool is None else EQUIVALENT)
    assert compare(results, examples=examples, margin=0.02)["verdict"].item() == EQUIVALENT
    assert np.isinf(row["seeds_needed"]) == (pool is None)


def test_seeds_that_failed_are_left_out_of_their_pairs(confirmed):
    results, examples = confirmed
    lost = (results["activation"] == "a") & results["seed"].isin([100, 103])
    results = results.assign(status=results["status"].mask(lost, "diverged"))
    results.loc[lost, "test_accuracy"] = np.nan
    table = compare(results, examples=examples).set_index(["activation", "other"])
    assert table.loc[("a", "b"), ["seeds", "left_out"]].tolist() == [4, 2]
    assert table.loc[("b", "c"), ["seeds", "left_out"]].tolist() == [6, 0]
    by_seed = results.pivot(index="seed", columns="activation", values="test_accuracy")
    expected = (by_seed["a"] - by_seed["c"]).mean()
    assert table.loc[("a", "c"), "difference"] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("common", [0, 1])
def test_too_few_common_seeds_are_undecided(confirmed, common):
    results = confirmed[0].query("activation != 'c'").copy()
    results.loc[results["activation"] == "b", ["seed", "split_seed"]] += 6 - common
    row = compare(results, examples=confirmed[1]).iloc[0]
    assert row["seeds"] == common and row["verdict"] == UNDECIDED
    assert np.isnan(row[["low", "high", "p_value", "seeds_needed"]].astype(float)).all()
    assert outlook(row).startswith("Nothing can be said yet")


def test_so_many_seeds_decide_and_fewer_do_not(confirmed):
    results, examples = confirmed
    differ = compare(results, examples=examples).query("other == 'c'")  # by more than the margin
    for row in pd.concat([compare(results), differ]).itertuples():
        errors = row.seed_error * np.sqrt(row.seeds), row.example_error
        for seeds in (row.seeds_needed - 1, row.seeds_needed):
            if seeds < 2:
                continue
            quantiles = stats.t.isf(0.025 / 3, [seeds - 1, 399])  # Bonferroni's of three pairs
            half = np.hypot(*(quantiles * errors / np.sqrt([seeds, 1])))
            decided = half < max(abs(row.difference), row.margin - abs(row.difference))
            assert decided == (seeds == row.seeds_needed)


@pytest.mark.parametrize("seeds", [5, 20])
@pytest.mark.parametrize("alike", [0.0, 2.0])
def test_few_errors_do_not_make_a_difference_at_the_margin_equivalent(seeds, alike):
    # 99.5 and 98.5% of 320 examples, a point apart: with few errors seen, little variance is seen.
    generator, found = np.random.default_rng(seeds), []
    for _ in range(20):
        law = {"alike": alike, "of_seed": 0.2}
        one, other = hits(generator, (0.995, 0.985), seeds, 320, times=100, **law).swapaxes(0, 1)
        estimate = intervals.over_seeds_and_examples(one - other, hits=True)
        found.append(verdicts(estimate[:, None], np.full((100, 1), 0.01))["p_equivalence"])
    assert np.mean(np.concatenate(found) < 0.05) <= 0.04
    assert np.mean(np.concatenate(found) < 0.05 / 28) <= 0.06 / 28


def test_outlook_says_what_would_decide(confirmed):
    row = compare(confirmed[0]).iloc[0]
    assert outlook(row) == (
        f"If the difference stays so, about {row['seeds_needed']:,.0f} seeds would decide."
    )
    assert "a larger test set would" in outlook(row.copy().replace(row["seeds_needed"], np.inf))
    assert outlook(compare(confirmed[0], margin=0.5).iloc[0]) == ""


def test_a_regression_is_better_with_less_error_in_units_of_the_target():
    generator = np.random.default_rng(3)
    residuals = generator.normal(0, [[[2.0]], [[2.3]], [[2.0]]], (3, 8, 500))
    residuals[2] = residuals[0] + 1e-3
    results, examples = cells(residuals**2, error="rmse")
    table = compare(results, examples=examples).set_index(["activation", "other"])
    assert table.loc[("a", "b"), "verdict"] == BETTER
    assert table.loc[("b", "c"), "verdict"] == WORSE
    assert table.loc[("a", "c"), "verdict"] == EQUIVALENT
    assert table.loc[("a", "b"), "difference"] == pytest.approx(-0.3, abs=0.08)
    assert table.loc[("a", "b"), "margin"] == pytest.approx(0.05 * 2, rel=0.03)
    # the standard error of an RMSE of m normal residuals is sigma / sqrt(2 m)
    expected = np.hypot(2.0, 2.3) / np.sqrt(2 * 500 * 8)
    assert table.loc[("a", "b"), "seed_error"] == pytest.approx(expected, rel=0.5)


def test_datasets_are_families_of_their_own():
    generator = np.random.default_rng(4)
    digits = cells(hits(generator, (0.9, 0.8), 4, 200)[0])
    errors = cells(generator.normal(0, 1, (2, 4, 200)) ** 2, dataset="e", error="rmse")
    results, examples = (pd.concat(both) for both in zip(digits, errors, strict=True))
    table = compare(results, examples=examples)
    assert table["dataset"].tolist() == ["d", "e"] and table["margin"].iloc[0] == 0.005
    assert (table["p_holm"] == table["p_value"]).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"against": "A"}, "no confirmed results of 'A'; did you mean 'a'?"),
        ({"margin": 0}, "margin must be above 0"),
        ({"level": 5}, "level must lie between 0 and 1"),
    ],
)
def test_bad_arguments_are_refused(confirmed, arguments, sentence):
    with pytest.raises(ValueError, match=sentence.replace("?", r"\?")):
        compare(confirmed[0], **arguments)
    with pytest.raises(ValueError, match="a has nothing to be compared with"):
        compare(confirmed[0].query("activation == 'a'"))
