"""The captions of figures follow the results."""

from acts_jax.report.captions import captions
from tests.made_up import judged, make_curves, make_results


def test_depth_is_not_said_to_cost_what_it_gives():
    results = make_results(activations=("relu", "tanh"), depths=(2, 4), seeds=2, diverge_from=9.0)
    better = results["depth"] == 4
    results.loc[better, "test_accuracy"] = 0.99
    said = captions(results, make_curves(results, 2), judged(results)[0])
    assert "gives" in said["test_table"] and "most" not in said["test_table"]
