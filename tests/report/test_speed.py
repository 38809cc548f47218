"""Steps to a loss, on made-up curves whose answer can be worked out."""

import numpy as np
import pandas as pd
import pytest

from acts_jax.report import speed


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


def test_steps_are_interpolated_on_the_logarithm_of_the_loss():
    table = curves(
        relu_1_0=[1.0, 1.0, 0.01, 0.5], tanh_1_0=[1, 0.5, 0.2, 0.2], elu_1_0=[0.05, 9, 9]
    )
    steps = speed.steps_to(table, 0.1).set_index("activation")["steps"]
    assert steps["relu"] == pytest.approx(15)  # halfway from 1 to 0.01 on a logarithmic scale
    assert np.isnan(steps["tanh"])
    assert steps["elu"] == 0


def test_losses_of_a_diverged_network_never_count_as_reached():
    steps = speed.steps_to(curves(relu_1_0=[1.0, np.nan, np.nan]), 0.1)
    assert steps["steps"].isna().all()


def test_the_rate_is_chosen_without_the_seed_it_is_reported_for():
    nan = np.nan
    steps = pd.DataFrame(
        [("relu", 2, rate, seed, taken) for rate, row in {
            1.0: (10, 40, 40), 2.0: (50, 20, 20), 3.0: (5, 5, nan),
        }.items() for seed, taken in enumerate(row)],
        columns=[*speed.CELL, "steps"],
    )  # fmt: skip
    best = speed.at_best_rate(steps).set_index("seed")
    # Seed 0: rate 2 (mean 20; rate 3 lost one of the others). Seed 1 and 2: by the same rule.
    assert best["learning_rate"].to_dict() == {0: 2.0, 1: 1.0, 2: 3.0}
    assert best["steps"].to_dict() == {0: 50, 1: 40, 2: pytest.approx(nan, nan_ok=True)}


def test_a_network_that_never_got_there_counts_the_budget():
    best = pd.DataFrame(
        [("relu", 2, 1.0, 0, 10.0), ("relu", 2, 1.0, 1, np.nan), ("relu", 2, 1.0, 2, 25.0),
         ("sigmoid", 2, 1.0, 0, 40.0), ("sigmoid", 2, 1.0, 1, np.nan),
         ("sigmoid", 2, 1.0, 2, np.nan)],
        columns=[*speed.CELL, "steps"],
    )  # fmt: skip
    ratios = speed.log_ratio(best, "sigmoid", "relu", 2, budget=100)
    np.testing.assert_allclose(ratios, [2, 2])
    times = {("relu", 2): 1e-3, ("sigmoid", 2): 1e-3}
    table = speed.summarise(best, times, rates=(0.1, 1.0))
    assert table["edge"].tolist() == ["high", "high"]
    sigmoid = table.set_index("activation").loc["sigmoid"]
    assert (sigmoid["reached"], sigmoid["cells"]) == (1, 3)
    assert np.isnan(sigmoid["steps"])
    told = speed.summary(table, 0.1, 100)
    assert "relu not within 100 steps in 1 of 3 networks" in told
