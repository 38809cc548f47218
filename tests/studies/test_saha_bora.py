"""SBAF and A-ReLU, with the known numbers, and on small networks."""

import pandas as pd
import pytest

from acts_jax.studies import saha_bora
from acts_jax.studies.saha_bora import claim as claims
from acts_jax.studies.saha_bora import measure
from acts_jax.theory import fitting

pytestmark = pytest.mark.slow

TINY = {
    "activation": "sigmoid,sbaf,a_relu",
    "depth": "1",
    "layer_norm": "false",
    "width": "8",
    "learning_rate": "0.1",
    "epochs": "1",
    "evals": "1",
    "seed": "0,1",
}


@pytest.fixture(scope="module")
def claim(told):
    """The claim after a tiny run."""
    return told(saha_bora.study, **TINY)


def test_the_shapes_are_those_of_the_literature(claim):
    assert all(check.holds for check in claim.checks if check.theorem)
    assert sum(check.theorem for check in claim.checks) == 9
    shapes = measure.shapes()
    assert shapes.minimum == pytest.approx(0.67114094, abs=5e-9)
    assert shapes.fixed_point == pytest.approx(0.68767649, abs=5e-9)
    assert shapes.steepness == float("inf")
    assert shapes.crossing == pytest.approx(7.7987, abs=5e-5)
    assert shapes.gap == pytest.approx(0.75056, abs=5e-6)
    assert shapes.gap_at == pytest.approx(3.2524, abs=5e-5)


def wrong():
    """The checks of made-up shapes, fits and accuracies that contradict every statement."""
    shapes = claims.Shapes(0.5, 0.6, 0.1, 1.5, 1e30, 0, 8.0, 0.7, 3.0)
    fits = dict.fromkeys(claims.TARGETS, 0.9)
    columns = [("a_relu", 1), ("sbaf", 1), ("relu", 1), ("sigmoid", 1)]
    scores = pd.DataFrame([[0.5, 0.6, 0.90, 0.91], [0.51, 0.61, 0.90, 0.91]])
    scores.columns = pd.MultiIndex.from_tuples(columns)
    return [*claims.of_shapes(shapes), *claims.of_fits(fits), *claims.of_networks(scores)]


def test_what_is_measured_decides_every_statement():
    assert [check.statement for check in wrong() if check.holds is not False] == []
    assert len(wrong()) == 9 + 6 + 3


def test_a_straight_line_is_what_a_fit_has_to_beat():
    # On [-1, 1] the best line is x / 2 + 1 / 4: off by |x| / 2 - 1 / 4, of variance 1 / 48.
    half = fitting.compare("identity", "relu", (-1.0, 1.0), scale=0.5, offset=0.25)
    assert half.rms == pytest.approx(48**-0.5, rel=1e-4)
    worse = fitting.compare("identity", "relu", (-1.0, 1.0), scale=0.0, offset=0.25)
    found = measure.over_lines({"half": half, "worse": worse})
    assert found["half"] == pytest.approx(1, rel=1e-4)
    assert found["worse"] == pytest.approx((5 / 48 * 48) ** 0.5, rel=1e-3)


def test_a_convex_function_is_no_sigmoid(claim):
    nearness = [check for check in claim.checks if "best straight line" in check.statement]
    assert len(nearness) == 6
    sigmoid = [check for check in nearness if "the sigmoid" in check.statement]
    assert [check.holds for check in sigmoid] == [False] * 3
    fits = claim.numbers["fits"].set_index(["function", "x"])["over a line's"].astype(float)
    assert fits["sbaf → sigmoid", "−6..6 → 0..1"] == pytest.approx(1, abs=0.05)
    assert fits["sbaf → relu", "−1..1 → 0..1"] < 0.5
    assert fits["sbaf → relu", "0..1"] == float("inf")  # a line itself
    assert "SBAF is convex" in claim.summary
    assert claim.verdict == "holds partly"


def test_each_alpha_is_tuned_and_judged_by_itself(claim):
    assert [check.statement for check in claim.checks if "trains like" in check.statement] == [
        f"depth 1: sbaf, alpha {alpha} (of the sigmoid of the pre-activation) trains like sigmoid, "
        "difference in test accuracy"
        for alpha in ("0", "0.5")
    ]
    chosen = claim.numbers["selection"]
    assert list(chosen["activation"]) == ["a_relu", "sbaf, alpha 0", "sbaf, alpha 0.5", "sigmoid"]
    assert (chosen["seeds"] == 2).all()
