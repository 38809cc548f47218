"""The sigmoid family on small networks, with the known numbers."""

import math

import numpy as np
import pytest

from acts_jax.studies import sigmoid_family

pytestmark = pytest.mark.slow


def test_shapes_and_training(told):
    claim = told(
        sigmoid_family.study,
        activation="tanh,softsign,acts_jax.theory.scaled_sigmoids:logistic",
        learning_rate="0.1",
        seed="0,1",
        epochs="3",
        depth="1",
        width="16",
    )
    checks = {check.statement: check for check in claim.checks}
    assert checks["the largest slope of tanh"].measured == pytest.approx(1)
    assert checks["tanh' > 0.25 up to |x| ="].measured == pytest.approx(1.3169579, abs=5e-8)
    assert checks["tanh' at 1.31 is above 0.25"].measured == pytest.approx(0.2530, abs=1e-4)
    assert checks["2 sigmoid(2x) - 1 is tanh: largest difference"].measured < 1e-12
    left = claim.numbers["shapes"].set_index("activation")["1 − f(4)"].to_dict()
    tail = 2 / (1 + math.exp(8))
    assert left == pytest.approx({"tanh": tail, "logistic": tail, "softsign": 0.2})
    assert all(check.theorem and check.holds for check in claim.checks)
    assert claim.verdict == "holds"  # by mathematics: how they train is told, and decides nothing
    told = claim.numbers["shapes"].set_index("activation")["minus tanh"]
    assert told["tanh"] == "–"
    assert told["softsign"].count("to") == 1
    # the same function, so the same network but for rounding
    scores = claim.numbers["scores"]
    assert scores["tanh"].tolist() == pytest.approx(scores["logistic"].tolist(), abs=0.007)
    assert scores["tanh"].min() > 0.5


def wrong():
    """The checks of made-up shapes that are no sigmoids, and of another tanh."""
    wave = sigmoid_family.Curve(
        2 * np.sin(sigmoid_family.X), np.cos(sigmoid_family.X), -np.sin(sigmoid_family.X)
    )
    return list(sigmoid_family.checks(sigmoid_family.Tanh(0.9, 1.2, 0.2), {"logistic": wave}))


def test_shapes_that_are_no_sigmoids_fail_every_statement():
    assert [check.statement for check in wrong() if check.holds is not False] == []
    assert len(wrong()) == 7


def test_a_function_off_the_common_scale_is_noticed():
    assert sigmoid_family.curve("tanh").off_scale <= 1e-12
    assert sigmoid_family.curve("sigmoid").off_scale == pytest.approx(0.75)
    assert sigmoid_family.curve("arctan").off_scale == pytest.approx(math.atan(6) - 1)
