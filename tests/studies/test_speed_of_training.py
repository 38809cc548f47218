"""Steps to a loss: on small networks, and on made-up curves whose answer can be worked out.

How fast a step is, is not tested.
"""

import numpy as np
import pandas as pd
import pytest

from acts_jax.studies import speed_of_training
from acts_jax.studies.speed_of_training import claim, measure

pytestmark = pytest.mark.slow


def curves(**cells):
    """Loss curves by "activation_rate_seed", evaluated every 10 steps, at depth 2."""
    rows = []
    for key, losses in cells.items():
        activation, rate, seed = key.split("_")
        for i, value in enumerate(losses):
            rows.append(
                {
                    "cell": key, "activation": activation, "depth": 2, "learning_rate": int(rate),
                    "seed": int(seed), "metric": "train_loss", "step": 10 * i, "value": value,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_steps_and_seconds_to_a_loss(told):
    fields = {"activation": "sigmoid,relu", "depth": "3", "width": "16", "seed": "0,1,2"}
    fields |= {"learning_rate": "0.03,0.1", "epochs": "4", "evals": "4"}
    found = told(speed_of_training.study, options={"loss": 1.0}, **fields)
    table = found.numbers["summary"].set_index("activation")
    relu, sigmoid = table.loc["relu"], table.loc["sigmoid"]
    assert relu["reached"] == 3
    assert 0 < relu["steps"] < 72
    assert relu["seconds"] == pytest.approx(relu["steps"] * relu["milliseconds"] / 1e3)
    assert sigmoid["reached"] == 0  # three layers of it are too slow for so few steps
    assert np.isnan(sigmoid["steps"])
    steps, seconds = found.checks
    assert steps.statement.startswith("depth 3, 16 units: the sigmoid takes at least 2 times")
    assert "never got there count 72 steps: 3 sigmoid)" in steps.statement
    assert steps.measured > 1
    assert steps.threshold == "at least 2 times"
    assert steps.holds is not False
    assert seconds.holds is not False


def test_steps_are_interpolated_on_the_logarithm_of_the_loss():
    table = curves(
        relu_1_0=[1.0, 1.0, 0.01, 0.5], tanh_1_0=[1, 0.5, 0.2, 0.2], elu_1_0=[0.05, 9, 9]
    )
    steps = measure.steps_to(table, 0.1).set_index("activation")["steps"]
    assert steps["relu"] == pytest.approx(15)  # halfway from 1 to 0.01 on a logarithmic scale
    assert np.isnan(steps["tanh"])
    assert steps["elu"] == 0


def test_losses_of_a_diverged_network_never_count_as_reached():
    steps = measure.steps_to(curves(relu_1_0=[1.0, np.nan, np.nan]), 0.1)
    assert steps["steps"].isna().all()


def test_the_rate_is_chosen_without_the_seed_it_is_reported_for():
    nan = np.nan
    steps = pd.DataFrame(
        [("relu", 2, rate, seed, taken) for rate, row in {
            1.0: (10, 40, 40), 2.0: (50, 20, 20), 3.0: (5, 5, nan),
        }.items() for seed, taken in enumerate(row)],
        columns=[*measure.CELL, "steps"],
    )  # fmt: skip
    best = measure.at_best_rate(steps).set_index("seed")
    # Seed 0: rate 2 (mean 20; rate 3 lost one of the others). Seed 1 and 2: by the same rule.
    assert best["learning_rate"].to_dict() == {0: 2.0, 1: 1.0, 2: 3.0}
    assert best["steps"].to_dict() == {0: 50, 1: 40, 2: pytest.approx(nan, nan_ok=True)}


def steps_of(relu, sigmoid):
    """Made-up steps of two activations, one network per seed."""
    rows = [
        (name, 2, 1.0, seed, taken)
        for name, all_taken in (("relu", relu), ("sigmoid", sigmoid))
        for seed, taken in enumerate(all_taken)
    ]
    return pd.DataFrame(rows, columns=[*measure.CELL, "steps"])


def judged(relu, sigmoid, budget=100):
    """The check "at least twice the steps" on made-up steps."""
    return claim.much_faster("statement", measure.ratios(steps_of(relu, sigmoid), 2, budget))


def checks_of(relu, sigmoid):
    seconds = {("relu", 2): 1e-3, ("sigmoid", 2): 1e-3}
    best = steps_of(relu, sigmoid)
    return list(claim.checks(claim.Measured(best, seconds, {2: "depth 2, 8 units"}, 100)))


def wrong():
    """The checks of steps in which the sigmoid is as fast as relu."""
    return checks_of(relu=[50, 51], sigmoid=[50, 50])


def test_what_is_measured_decides_every_statement():
    right = checks_of(relu=[10, 11], sigmoid=[50, 50])
    assert [check.holds for check in right] == [True, True]
    assert [check.holds for check in wrong()] == [False, False]


def test_a_network_that_never_got_there_counts_the_budget():
    nan = np.nan
    best = steps_of([10, nan, 25, nan], [40, nan, nan, 50])
    found = measure.ratios(best, 2, budget=100)
    np.testing.assert_allclose(found.log2, [2, 2, -1])
    assert (found.understated, found.overstated, found.dropped) == (1, 1, 1)
    assert found.caveat(100) == (
        " (networks that never got there count 100 steps: 1 sigmoid, 1 relu; seeds left out "
        "because both never did: 1)"
    )
    np.testing.assert_allclose(found.times(4).log2, [4, 4, 1])
    times = {("relu", 2): 1e-3, ("sigmoid", 2): 1e-3}
    table = measure.summarise(best, times, rates=(0.1, 1.0))
    assert table["edge"].tolist() == ["high", "high"]
    assert not any(measure.summarise(best, times, rates=(1.0,))["edge"])  # one rate has no edge
    sigmoid = table.set_index("activation").loc["sigmoid"]
    assert (sigmoid["reached"], sigmoid["cells"]) == (2, 4)
    assert np.isnan(sigmoid["steps"])
    told = claim.summary(table, 0.1, 100)
    assert "relu not within 100 steps in 2 of 4 networks" in told


def test_ratios_are_shown_as_such_with_their_geometric_mean():
    check = judged(relu=[10, 10, 10], sigmoid=[20, 40, 80])
    assert check.measured == pytest.approx(4)
    low, high = check.interval
    assert low * high == pytest.approx(16)
    assert check.found.startswith("4.00 times (")
    assert check.threshold == "at least 2 times"
    assert judged(relu=[10, 10], sigmoid=[30, 31]).holds is True
    assert judged(relu=[10, 10], sigmoid=[15, 15.2]).holds is False


def test_a_lost_sigmoid_cannot_make_the_claim_fail_nor_a_lost_relu_make_it_hold():
    nan = np.nan
    assert judged(relu=[10, 10, 10], sigmoid=[nan, 90, 95]).holds is True
    assert judged(relu=[70, 70, 70], sigmoid=[nan, 90, 95]).holds is None
    assert judged(relu=[70, nan, 70], sigmoid=[60, 61, 60]).holds is False
    # were the relu that is lost counted as having got there, the ratio would still be 2.4 or more
    assert judged(relu=[10, nan, 10], sigmoid=[250, 245, 250], budget=100).holds is None


def test_where_no_network_gets_there_nothing_is_decided():
    check = judged(relu=[np.nan] * 3, sigmoid=[np.nan] * 3)
    assert (check.verdict, check.found) == ("undecided", "–")
