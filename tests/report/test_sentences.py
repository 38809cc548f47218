"""The sentences about a sweep follow its results."""

import numpy as np

from acts_jax.analysis import comparison, statistics
from acts_jax.report import sentences as wording
from tests.made_up import make_curves, make_results


def test_headline_follows_the_data(results):
    selection, comparisons = statistics.select(results), comparison.paired(results)
    said = " ".join(wording.headline(results, selection, comparisons, 0.1))
    best = selection[selection["depth"] == 4].sort_values("test_accuracy").iloc[-1]
    assert f"Depth 4: {best['activation']} is best with {100 * best['test_accuracy']:.1f}%" in said
    assert "At chance (10.0%) even at its best setting: sigmoid (depths 4 and 8)." in said
    lost = int((results["status"] == "diverged").sum())
    assert f"{lost} of 840 cells diverged" in said
    worse = results.assign(test_accuracy=results["test_accuracy"].where(
        results["activation"] != best["activation"], 0.2
    ))  # fmt: skip
    said = wording.headline(worse, statistics.select(worse), comparison.paired(worse), None)
    assert f"Depth 4: {best['activation']}" not in " ".join(said)


def test_headline_warns_of_a_choice_at_the_edge():
    results = make_results(activations=("relu", "tanh"), depths=(2,), rates=(0.001, 0.01, 0.03))
    said = wording.headline(results, statistics.select(results), comparison.paired(results), None)
    assert any("highest of those swept" in s and "tanh (depth 2)" in s for s in said)


def test_headline_says_why_cells_failed():
    results = make_results(activations=("relu", "tanh"), depths=(2,), seeds=2, diverge_from=9.0)
    mine = results["activation"] == "relu"
    results.loc[mine, "status"] = "failed"
    results["reason"] = np.where(mine, "ValueError: no", None)
    said = wording.headline(results, statistics.select(results), comparison.paired(results), None)
    assert any("14 of 28 cells failed (50.0%)" in s and "ValueError: no" in s for s in said)
    assert not any("diverged" in s for s in said)


def test_depth_is_not_said_to_cost_what_it_gives():
    results = make_results(activations=("relu", "tanh"), depths=(2, 4), seeds=2, diverge_from=9.0)
    better = results["depth"] == 4
    results.loc[better, "test_accuracy"] = 0.99
    said = wording.captions(results, make_curves(results, 2), statistics.select(results))
    assert "gives" in said["test_table"] and "most" not in said["test_table"]


def test_headline_of_one_seed_claims_no_ties():
    results = make_results(seeds=1, depths=(2,))
    said = wording.headline(results, statistics.select(results), comparison.paired(results), None)
    assert "Too few seeds" in said[0] and "cannot be told" not in said[0]
