"""Dying units on small networks: counts that theory fixes, and what must be told."""

import itertools

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from acts_jax.studies import dying_relu
from acts_jax.studies.dying_relu import claim as claims
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


def networks_of(dead, accuracy, diverged=(), by_seed=0.001):
    """Networks at rates 0.1 and 1 with both optimizers, as `counts.at_end` has them.

    Args:
        dead: activation -> shares at both rates.
        accuracy: activation -> accuracies at both rates.
        diverged: (activation, rate) of networks that diverge: chance is 0.1.
        by_seed: What the second seed has more.
    """
    rows = []
    for name, optimizer, place, seed in itertools.product(dead, counts.OPTIMIZERS, (0, 1), (0, 1)):
        rate = (0.1, 1.0)[place]
        lost = (name, rate) in diverged
        share = np.nan if lost else dead[name][place] + seed * by_seed
        score = 0.1 if lost else accuracy[name][place] + seed * by_seed
        rows.append((name, optimizer, rate, seed, share, score, score, lost))
    names = [*counts.NETWORK, "dead", "validation_accuracy", "test_accuracy", "diverged"]
    return pd.DataFrame(rows, columns=names)


def back_of(share):
    """Returns of two seeds, as `counts.comeback` has them, the same in all layers."""
    index = pd.MultiIndex.from_product([counts.OPTIMIZERS, counts.LAYERS, [0, 1]])
    index.names = ["optimizer", "layers", "seed"]
    return pd.DataFrame({"deaths": 100, "returned": 100 * share, "share": share}, index=index)


ALL = ("relu", *claims.SPARED)


def right():
    """Measurements that bear out the texts: a rate of use kills, another one does not."""
    dead = dict.fromkeys(ALL, (0.0, 0.0)) | {"relu": (0.6, 0.6)}
    accuracy = {"relu": (0.9, 0.3)} | dict.fromkeys(claims.SPARED, (0.9, 0.8))
    networks = networks_of(dead, accuracy, by_seed=1e-4)
    proper = networks[networks["learning_rate"] == 0.1]
    proper = proper.assign(learning_rate=0.01, dead=0.0, test_accuracy=0.93)
    both = pd.concat([networks, proper.assign(validation_accuracy=0.93)], ignore_index=True)
    return claims.Measured(both, back_of(0.0), ("leaky_relu", "prelu"), True)


def wrong():
    """The checks of measurements that contradict every statement."""
    dead = dict.fromkeys(ALL, (0.2, 0.2))
    accuracy = dict.fromkeys(ALL, (0.9, 0.2)) | {"relu": (0.9, 0.3)}
    found = claims.Measured(networks_of(dead, accuracy), back_of(0.5), (), False)
    return list(claims.checks(found))


def test_what_is_measured_decides_every_statement():
    checks = list(claims.checks(right()))
    assert {check.holds for check in checks} == {True}
    # f' of leaky_relu and prelu is never 0, and what gets no gradient does not move.
    assert [check.statement for check in checks if check.theorem] == [
        "relu units of layer 1 that died and were seen to return, plain gradient descent",
        "leaky_relu: dead units at rates too high for relu",
        "prelu: dead units at rates too high for relu",
    ]
    assert len(wrong()) == len(checks)
    assert [check.statement for check in wrong() if check.holds is not False] == []


def test_an_activation_that_diverges_where_relu_merely_dies_does_not_help():
    dead = {"relu": (0.0, 0.9), "leaky_relu": (0.0, 0.0)}
    accuracy = {"relu": (0.9, 0.3), "leaky_relu": (0.9, 0.9)}
    networks = networks_of(dead, accuracy, diverged={("leaky_relu", 1.0)})
    found = claims.Measured(networks, back_of(0.0), ("leaky_relu",), True)
    helps = [check for check in claims.checks(found) if "leaky_relu helps" in check.statement]
    assert [check.holds for check in helps] == [False, False]
    assert helps[0].measured == pytest.approx(-0.2, abs=0.001)  # from chance, 0.1
    row = counts.table(networks).set_index(["optimizer", "activation"]).loc["sgd", "leaky_relu"]
    assert (row["accuracy, too high"], row["diverged"]) == ("10.0%", "100.0%")


def test_units_that_die_where_nothing_is_learned_any_more_do_not_count():
    networks = networks_of({"relu": (0.05, 0.99)}, {"relu": (0.9, 0.1)})
    assert set(counts.at_deadliest_rate(networks)["learning_rate"]) == {0.1}
    assert set(counts.too_high(networks)["learning_rate"]) == {1.0}
    assert counts.too_high(networks.assign(validation_accuracy=0.9)).empty


def test_relu_dies_at_a_high_rate_and_only_deeper_layers_revive(tmp_path, data_dir):
    options = Options(read_config("configs/dying_relu.py"), tmp_path, data_dir)
    claim = dying_relu.study(options.with_fields(**TINY), Console(quiet=True))
    checks = {check.statement: check for check in claim.checks}
    # Without momentum a unit of layer 1 that no example wakes gets no gradient: it stays dead.
    gone = checks["relu units of layer 1 that died and were seen to return, plain gradient descent"]
    assert gone.measured == 0
    assert gone.holds
    assert gone.theorem
    spared = checks["leaky_relu: dead units at rates too high for relu"]
    assert (spared.measured, spared.theorem) == (0, True)  # f' is never 0
    units = claim.numbers["units"]
    at_3 = units[units["activation"].eq("relu") & units["learning_rate"].eq(3)]
    assert at_3.loc[at_3["step"] == 36, "dead"].mean() > 0.5
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


def test_a_table_where_every_network_diverges():
    row = counts.table(networks([np.nan] * 6)).iloc[0]
    assert row["dead"] == row["most dead, of use"] == "–"
    assert row["accuracy"] == "10.0%"
    assert np.isnan(row["40% dead from"])
    told = counts.toll_in_words(networks([np.nan] * 6), "sgd")
    assert told.endswith("at most – of its units are dead; no rate kills 40%")


def test_what_the_rates_of_use_kill_is_told_beside_what_kills_40_percent():
    few = counts.toll_in_words(networks([0.1] * 6), "sgd")
    assert few == (
        "at the rates that cost relu at most 5 points of accuracy at most 10.0% of its units are "
        "dead; no rate kills 40%"
    )
    many = counts.toll_in_words(networks([0.0, 0.0, 0.1, 0.3, 0.7, 0.5]), "sgd")
    assert "at most 20.0% of its units are dead; 40% are from a rate of 0.32 on, and at 1 " in many


def networks(dead):
    """One activation at three rates, with two seeds, as `counts.at_end` has them."""
    rates, scores = [0.01, 0.1, 1.0], np.array([0.8, 0.8, 0.9, 0.9, 0.2, 0.3])
    frame = pd.DataFrame({"learning_rate": np.repeat(rates, 2), "seed": [0, 1] * 3, "dead": dead})
    frame = frame.assign(activation="relu", optimizer="sgd", diverged=frame["dead"].isna())
    scores = np.where(frame["diverged"], 0.1, scores)
    return frame.assign(validation_accuracy=scores, test_accuracy=scores)


def test_the_threshold_lies_where_the_mean_crosses_it():
    found = counts.threshold(networks([0.0, 0.0, 0.1, 0.3, 0.7, 0.5]))
    assert found["relu", "sgd"] == pytest.approx(10**-0.5)  # halfway from 0.2 to 0.6
    assert np.isnan(counts.threshold(networks([0.1] * 6))["relu", "sgd"])
    assert counts.threshold(networks([0.5] * 6))["relu", "sgd"] == 0.01


def test_a_diverged_network_has_the_accuracy_of_chance_wherever_it_is_compared():
    last = pd.DataFrame({"dead": [0.5, np.nan], "seed": [0, 1], "step": 9, "layer": 1})
    last = last.assign(activation="relu", optimizer="sgd", learning_rate=1.0)
    last = last.assign(validation_accuracy=[0.9, np.nan], test_accuracy=[0.8, 0.7])
    ended = counts.at_end(last, chance=0.1)
    assert list(ended["validation_accuracy"]) == [0.9, 0.1]
    assert list(ended["test_accuracy"]) == [0.8, 0.1]
    assert list(ended["diverged"]) == [False, True]
