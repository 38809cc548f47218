"""Dying units on small networks: counts that theory fixes, and what must be told."""

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from acts_jax.studies import dying_relu
from acts_jax.studies.dying_relu import counts
from acts_jax.sweep.config import read_config
from acts_jax.sweep.options import Options

pytestmark = pytest.mark.slow

TINY = {
    "activation": "relu,leaky_relu",
    "depth": "2",
    "width": "16",
    "learning_rate": "0.1,3",
    "epochs": "2",
    "seed": "0,1",
}


def test_relu_dies_at_a_high_rate_and_only_deeper_layers_revive(tmp_path, data_dir):
    options = Options(read_config("configs/dying_relu.py"), tmp_path, data_dir)
    claim = dying_relu.study(options.with_fields(**TINY), Console(quiet=True))
    checks = {check.statement: check for check in claim.checks}
    assert checks["too high a rate kills 40% of relu, with momentum"].measured > 0.5
    # Without momentum a unit of layer 1 that no example wakes gets no gradient: it stays dead.
    gone = checks["relu units of layer 1 that died and were seen to return, plain gradient descent"]
    assert gone.measured == 0
    assert gone.holds
    assert checks["dead at leaky_relu's worst rate"].measured == 0  # f' is never 0
    units = claim.numbers["units"]
    assert len(units) == 2 * 2 * 2 * 2 * 2 * units["step"].nunique()
    assert units["step"].max() == 36
    assert set(claim.figures) == {"dying_relu", "dying_relu_steps"}


def test_deaths_and_returns_are_counted_per_unit():
    dead = np.array([[1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 0, 1]], bool)
    deaths, returned = counts.deaths_and_returns(dead)
    assert list(deaths) == [1, 2, 0, 2]
    assert list(returned) == [0, 1, 0, 1]


def test_returns_are_counted_per_seed_and_told_together():
    seen = {"seed": [0, 0, 1], "layer": [1, 2, 2], "deaths": [0, 4, 6], "returned": [0, 1, 3]}
    back = counts.comeback(pd.DataFrame(seen).assign(activation="relu", optimizer="sgd", step=0))
    assert list(back.loc["sgd", "deeper layers"]["share"]) == [0.25, 0.5]
    assert np.isnan(back.loc["sgd", "layer 1", 0]["share"])
    assert "4 of 10 in deeper layers (plain gradient descent)" in counts.comeback_in_words(back)
    other = back.rename(index={"sgd": "adam"})  # one that the text says nothing of
    assert "4 of 10 in deeper layers (adam)" in counts.comeback_in_words(other)


def test_a_table_without_a_rate_that_half_the_seeds_finish():
    row = counts.table(networks([np.nan] * 6)).iloc[0]
    assert row["most dead"] == row["accuracy there"] == "–"
    assert np.isnan(row["40% dead from"])
    told = counts.toll_in_words(row.to_frame().T, "sgd")
    assert told == "at no learning rate do half of relu's seeds finish"


def test_a_toll_below_40_percent_is_told_as_one():
    few = counts.toll_in_words(counts.table(networks([0.1] * 6)), "sgd")
    assert few.startswith(
        "no learning rate kills 40% of relu's units; the most, 10.0%, are dead at"
    )


def networks(dead):
    """One activation at three rates, with two seeds, as `counts.at_end` has them."""
    rates = [0.01, 0.1, 1.0]
    frame = pd.DataFrame({"learning_rate": np.repeat(rates, 2), "seed": [0, 1] * 3, "dead": dead})
    frame = frame.assign(activation="relu", optimizer="sgd", test_accuracy=0.5)
    return frame.assign(validation_accuracy=[0.8, 0.8, 0.9, 0.9, 0.95, np.nan])


def test_the_threshold_lies_where_the_mean_crosses_it():
    found = counts.threshold(networks([0.0, 0.0, 0.1, 0.3, 0.7, 0.5]))
    assert found["relu", "sgd"] == pytest.approx(10**-0.5)  # halfway from 0.2 to 0.6
    assert np.isnan(counts.threshold(networks([0.1] * 6))["relu", "sgd"])
    assert counts.threshold(networks([0.5] * 6))["relu", "sgd"] == 0.01


def test_a_diverged_network_counts_as_a_failure_where_the_rate_is_chosen():
    frame = networks([0.0, 0.0, 0.1, 0.3, 0.7, np.nan])
    assert set(counts.at_best_rate(frame)["learning_rate"]) == {0.1}
    assert list(counts.at_worst_rate(frame)["dead"]) == [0.7]
    nearly = frame.assign(dead=[0.0, 0.0, 0.1, 0.3, np.nan, np.nan])
    assert set(counts.at_worst_rate(nearly)["learning_rate"]) == {0.1}
