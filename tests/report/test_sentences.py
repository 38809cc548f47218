"""The sentences about a sweep follow its results."""

import numpy as np
import pandas as pd

from acts_jax.analysis import stages, statistics, verdicts
from acts_jax.report import sentences as wording
from tests.made_up import judged, make_results


def test_headline_follows_the_data(results):
    reported, comparisons = judged(results)
    said = " ".join(wording.headline(results, reported, comparisons, 0.1))
    best = reported[reported["depth"] == 4].sort_values("score").iloc[-1]
    assert f"Depth 4: {best['activation']} comes to {100 * best['score']:.1f}%" in said
    assert "At chance (10.0%) even at its best setting: sigmoid (depths 4 and 8)." in said
    lost = int((results["status"] == "diverged").sum())
    assert f"{lost} of 840 cells diverged" in said
    assert "28 pairs of 8 activations at depth 2 of digits" in said
    assert "equivalent if its interval lies within 0.5 points" in said


def test_headline_says_what_was_found_of_every_other_activation(results):
    reported, comparisons = judged(results)
    said = wording.headline(results, reported, comparisons, 0.1)
    for depth in (2, 4, 8):
        (sentence,) = [text for text in said if text.startswith(f"Depth {depth}: ")]
        best = sentence.split()[2]
        seen = wording.seen_from(best, comparisons[comparisons["depth"] == depth])
        assert set(seen["other"]) == set(results["activation"]) - {best}
        for row in seen.itertuples():
            clause = sentence[sentence.index(wording.CLAUSES[row.verdict]) :]
            assert f"{row.other} (" in clause[: clause.index(").") + 1]


def test_a_comparison_is_turned_around_with_its_sign_and_verdict():
    comparisons = pd.DataFrame(
        {
            "activation": ["relu", "relu"],
            "other": ["tanh", "silu"],
            "difference": [0.02, -0.01],
            "low": [0.01, -0.03],
            "high": [0.03, 0.01],
            "verdict": [verdicts.BETTER, verdicts.UNDECIDED],
        }
    )
    (tanh,) = wording.seen_from("tanh", comparisons).itertuples()
    assert (tanh.activation, tanh.other, tanh.verdict) == ("tanh", "relu", verdicts.WORSE)
    assert (tanh.difference, tanh.low, tanh.high) == (-0.02, -0.03, -0.01)
    (silu,) = wording.seen_from("silu", comparisons).itertuples()
    assert (silu.difference, silu.low, silu.high) == (0.01, -0.01, 0.03)
    assert list(wording.seen_from("relu", comparisons)["other"]) == ["tanh", "silu"]


def test_headline_warns_of_a_choice_at_the_edge():
    results = make_results(activations=("relu", "tanh"), depths=(2,), rates=(0.001, 0.01, 0.03))
    said = wording.headline(results, *judged(results), None)
    assert any("highest of those tried" in s and "tanh (depth 2)" in s for s in said)


def test_headline_says_why_cells_failed():
    results = make_results(activations=("relu", "tanh"), depths=(2,), seeds=2, diverge_from=9.0)
    mine = results["activation"] == "relu"
    results.loc[mine, "status"] = "failed"
    results["reason"] = np.where(mine, "ValueError: no", None)
    said = wording.headline(results, *judged(results), None)
    assert any(
        "14 of 28 cells failed while tuning (50.0%)" in s and "ValueError: no" in s for s in said
    )
    assert not any("diverged" in s for s in said)


def test_headline_without_confirmation_claims_nothing():
    results = make_results(depths=(2,))
    reported = stages.by_stage(statistics.select(results))
    said = " ".join(wording.headline(results, reported, None, None))
    assert "Nothing is confirmed" in said and ", tuned, the highest of 8." in said
    assert not any(clause in said for clause in wording.CLAUSES.values())


def test_fresh_seeds_that_all_died_confirm_nothing():
    results = make_results(activations=("relu", "tanh"), depths=(2,), seeds=2, diverge_from=9.0)
    reported, _ = judged(results)
    reported["lost_share"] = 1.0
    (said,) = [s for s in wording.headline(results, reported, None, 0.1) if "onfirmed" in s]
    assert said == "Nothing is confirmed: from fresh seeds no network was trained to its end."


def test_headline_warns_of_a_cliff():
    results = make_results(activations=("relu", "tanh"), depths=(2,), rates=(0.01, 0.1, 1.0))
    relu = results["activation"] == "relu"
    results.loc[relu & (results["learning_rate"] == 1.0), "status"] = "diverged"
    said = wording.headline(results, *judged(results), None)
    assert any("At a cliff" in s and "relu (depth 2)" in s for s in said)
