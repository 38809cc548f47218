"""The derivative at a kink, on networks that have silent layers and networks that have none."""

import numpy as np
import pandas as pd
import pytest

from acts_jax import load_results
from acts_jax.studies import kinks
from acts_jax.studies.kinks import claim, measure

pytestmark = pytest.mark.slow

RIGHT = measure.Formulas(
    (0.0, 0.5), 0.0, {2.0: 1e-16}, {2.0: (2 - 2e-12, 1.0)}  # elu' 1e-12 beside 0
)  # fmt: skip
WRONG = measure.Formulas((-0.01, 0.4), 0.5, {2.0: 1e-14}, {2.0: (1.0, 2.0)})


def pairs_of(difference, control=(0.0, 0.0), zeros=5, identical=False):
    """Pairs of two seeds of one shape, as `measure.pairs` has them."""
    columns = {"hidden_sizes": "4-4", "seed": [0, 1], "learning_rate": 0.1}
    columns |= {"difference": difference, "control": control}
    return pd.DataFrame(columns).assign(zeros=zeros, identical=identical)


def wrong():
    """The checks of formulas and pairs that contradict every statement."""
    never = pairs_of([0.0, 0.0], zeros=0).assign(hidden_sizes="64-64")
    pairs = pd.concat([pairs_of([0.100, 0.101]), never])
    return [*claim.of_formulas(WRONG), *claim.of_networks(pairs)]


def test_what_is_measured_decides_every_statement():
    never = pairs_of([0.0, 0.0], zeros=0, identical=True).assign(hidden_sizes="64-64")
    pairs = pd.concat([pairs_of([0.000, 0.001]), never])
    checks = [*claim.of_formulas(RIGHT), *claim.of_networks(pairs)]
    assert {check.holds for check in checks} == {True}
    # Where 0 is never met the derivative there is never asked for: the pairs say nothing.
    assert [check.theorem for check in checks] == [True] * 6 + [False] * 2 + [True]
    assert len(wrong()) == len(checks)
    assert [check.statement for check in wrong() if check.holds is not False] == []


def test_pairs_that_end_as_far_apart_as_the_control_does_are_equally_good():
    chaotic = [0.300, -0.301], [0.3005, 0.3005]
    (_, size) = claim.of_networks(pairs_of(*chaotic))
    assert size.holds is True
    assert size.measured == pytest.approx(0, abs=1e-9)


def test_the_control_differs_in_the_last_place_of_the_rate():
    assert np.float32(measure.nudged(0.1)) != np.float32(0.1)
    assert measure.nudged(0.1) == pytest.approx(0.1, rel=2e-7)


def test_either_derivative_at_zero_will_do_unless_layers_are_silent(told, tmp_path):
    fields = {"hidden_sizes": "32,2-2-2-2", "learning_rate": "0.03", "epochs": "1"}
    found = told(kinks.study, tmp_path, **fields, seed="0,1,2")
    pairs = found.numbers["pairs"].set_index("hidden_sizes")
    assert pairs.loc["32", "identical"].all()
    assert not pairs.loc["32", "zeros"].any()
    assert not pairs.loc["2-2-2-2", "identical"].all()
    assert pairs.loc["2-2-2-2", "zeros"].any()
    assert not pairs.loc["32", "difference"].any()
    cells = load_results(tmp_path).set_index(["hidden_sizes", "seed", measure.SLOPE])
    control = load_results(tmp_path / "control_0.03").set_index(["hidden_sizes", "seed"])
    assert set(control["learning_rate"]) == {measure.nudged(0.03)}
    for sizes, pair in pairs.iterrows():
        zero, one = (cells.loc[(sizes, pair.seed, slope)] for slope in (0.0, 1.0))
        assert pair.identical == (zero.train_loss == one.train_loss)
        assert pair.difference == pytest.approx(one.test_accuracy - zero.test_accuracy)
        beside = control.loc[(sizes, pair.seed)]
        assert pair.control == pytest.approx(beside.test_accuracy - zero.test_accuracy)
    theorems = [check for check in found.checks if check.theorem]
    assert all(check.holds for check in theorems)
    assert {check.statement for check in found.checks} > {"elu′, α 2, left of 0"}


def test_elu_is_held_to_its_formula():
    assert measure.elu_error(2.0) <= 1e-15
