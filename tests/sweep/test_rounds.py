"""What follows a sweep: further learning rates where the best one is, then fresh seeds."""

import math

import numpy as np
import pandas as pd
import pytest

from acts_jax.activations import catalogue
from acts_jax.sweep import grid, rounds
from acts_jax.sweep.config import make_config
from acts_jax.sweep.rounds import Rounds

BEST = {"relu": 0.05, "tanh": 3.0, "prelu": 0.02}  # learning rates at which each does best


def plan(**fields):
    fields = {"activation": "relu,tanh", "depth": "1,2", "learning_rate": "0.01,0.1,1"} | fields
    config = make_config(**{"seed": "0,1,2"} | fields)
    return grid.plan(config, catalogue.get, lambda name: None)


def results_of(plan):
    """Accuracies that fall with the distance from the best rate; seeds differ by a constant."""
    tables = []
    for group in plan.groups:
        columns = group.columns()
        distance = np.log10(group.traced["learning_rate"] / BEST[group.static.activation])
        score = 0.9 - 0.05 * distance**2 + 0.001 * group.traced["seed"]
        names = [f"{group.key}/{i}" for i in range(group.size)]
        cells = {"cell": names, "model": "mlp"} | columns
        scores = {"validation_accuracy": score, "test_accuracy": score}
        scores |= {"validation_loss": 1 - score, "test_loss": 1 - score}
        tables.append(pd.DataFrame(cells | {"status": "ok"} | scores))
    return pd.concat(tables, ignore_index=True)


def tuned(plan, how):
    asked = []

    def train(following):
        asked.append(following)
        return results_of(following)

    plans, results = how.tune(plan, results_of(plan), train)
    assert plans == [plan, *asked]
    return plans, results


def test_beyond_is_one_step_further_at_an_edge_only():
    assert rounds.beyond(1.0, [0.01, 0.1, 1.0]) == [10.0]
    assert rounds.beyond(0.01, [0.01, 0.1, 1.0]) == [0.001]
    assert rounds.beyond(0.1, [0.01, 0.1, 1.0]) == rounds.beyond(0.1, [0.1]) == []


def test_halfway_is_the_geometric_mean_with_each_neighbour():
    assert rounds.halfway(0.1, [0.001, 0.01, 0.1, 1.0]) == [0.0316228, 0.316228]
    assert rounds.halfway(1.0, [0.01, 1.0]) == [0.1]
    assert rounds.halfway(0.1, [0.1]) == rounds.halfway(0.0, [0.1]) == []


def test_every_refinement_halves_what_is_left_of_the_step():
    plans, results = tuned(plan(activation="relu", depth=1), Rounds(refine=3))
    asked = [sorted(set(p.groups[0].traced["learning_rate"])) for p in plans[1:]]
    np.testing.assert_allclose(asked[0], [10**-1.5, 10**-0.5], rtol=1e-5)
    np.testing.assert_allclose(asked[1], [10**-1.75, 10**-1.25], rtol=1e-5)
    np.testing.assert_allclose(asked[2], [10**-1.375, 10**-1.125], rtol=1e-5)
    (tried,) = rounds.chosen(plans, results)
    assert abs(math.log10(tried.rate / BEST["relu"])) < 1 / 16


def test_the_range_is_widened_where_the_best_rate_is_at_its_edge():
    plans, results = tuned(plan(depth=1), Rounds(extend=4))
    assert [g.static.activation for p in plans[1:] for g in p.groups] == ["tanh"]
    assert set(plans[1].groups[0].traced["learning_rate"]) == {10.0}
    assert set(results[results.activation == "relu"].learning_rate) == {0.01, 0.1, 1.0}
    # As often as it is allowed, where the best rate is far beyond.
    far = plan(activation="tanh", depth=1, learning_rate="0.0001,0.001")
    plans, results = tuned(far, Rounds(extend=2, refine=1))
    rates = sorted({r for p in plans for r in p.groups[0].traced["learning_rate"]})
    np.testing.assert_allclose(rates, [1e-4, 1e-3, 1e-2, 10**-1.5, 1e-1], rtol=1e-5)


def test_every_activation_depth_and_nuisance_is_tuned_where_it_is_best():
    base = plan(init="he_normal,lecun_normal", weight_decay="0,0.1")
    plans, _ = tuned(base, Rounds(refine=1))
    (_, refined) = plans
    assert len(refined.groups) == 4
    for group in refined.groups:
        assert group.size == 3 * len(set(group.traced["learning_rate"]))
        assert sorted(set(group.traced["seed"])) == [0, 1, 2]
        assert len(set(group.traced["weight_decay"])) == 1
    assert len({group.key for p in plans for group in p.groups}) == 4 + 8


def test_the_confirmation_trains_what_was_chosen_from_seeds_and_splits_of_its_own():
    base = plan(activation="relu,prelu", prelu={"slope": "0.1,0.25"}, evals=5)
    plans, results = tuned(base, Rounds(refine=1))
    confirmation = rounds.confirmation(plans, results, 4, {"digits"})
    assert len(confirmation.groups) == 4
    for group, tried in zip(confirmation.groups, rounds.chosen(plans, results), strict=True):
        assert set(group.traced["learning_rate"]) == {tried.rate}
        assert list(group.traced["seed"]) == [3, 4, 5, 6]
        assert list(group.traced["split_seed"]) == [1, 2, 3, 4]
        assert group.static.record == "examples"
        assert group.static.activation == tried.name[2]
        for values in group.parameters.values():
            assert set(values) == {0.1}
    official = rounds.confirmation(plans, results, 4, set()).groups[0]
    assert set(official.traced.get("split_seed", [0])) == {0}


def test_fresh_seeds_follow_those_that_were_used():
    assert list(rounds.unused([4, 9], 3)) == [10, 11, 12]
    last = 2**31 - 1
    assert list(rounds.unused([last - 2, 1], 2)) == [last - 1, last]
    assert list(rounds.unused([last, 1], 2)) == [0, 2]


def test_the_confirmation_runs_the_programs_of_the_sweep():
    base = plan(patience=2, evals=5)
    confirmation = rounds.confirmation([base], results_of(base), 2, set())
    assert {g.static.program for g in confirmation.groups} == {
        g.static.program for g in base.groups
    }


def test_what_no_seed_survived_is_neither_tuned_nor_confirmed():
    base = plan(depth=1)
    results = results_of(base)
    lost = results.activation == "tanh"
    results.loc[lost, "status"] = "diverged"
    results.loc[lost, [c for c in results if c.endswith(("accuracy", "loss"))]] = np.nan
    (tried,) = rounds.chosen([base], results)
    assert tried.name == ("digits", "mlp", "relu", 1)
    assert len(rounds.confirmation([base], results, 2, set()).groups) == 1


@pytest.mark.parametrize(
    ("how", "line"),
    [
        (Rounds(confirm=1), "then 4 cells from 1 fresh seed to confirm what is chosen"),
        (Rounds(refine=2, extend=1), "then at most 60 cells to tune learning rates further"),
    ],
)
def test_what_follows_is_said_beforehand(how, line):
    assert how.describe(plan()) == line
