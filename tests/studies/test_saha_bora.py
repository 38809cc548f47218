"""SBAF and A-ReLU, with the known numbers, and on small networks."""

import pytest

from acts_jax.studies import saha_bora

pytestmark = pytest.mark.slow

TINY = {
    "activation": "sigmoid,sbaf,a_relu",
    "depth": "1",
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
    measured = {check.statement: check.measured for check in claim.checks if check.theorem}
    assert all(check.holds for check in claim.checks if check.theorem)
    assert measured["SBAF's minimum, k 0.98 and α 0.5"] == pytest.approx(0.67114094, abs=5e-9)
    assert measured["SBAF's fixed point, same k and α"] == pytest.approx(0.68767649, abs=5e-9)
    assert measured["SBAF's slopes at 0 and 1 are infinite"] == float("inf")
    assert measured["A-ReLU crosses y = x at"] == pytest.approx(7.7987, abs=5e-5)
    below = measured["A-ReLU's largest distance below the ReLU"]
    assert below == pytest.approx(0.75056, abs=5e-6)
    assert measured["A-ReLU is farthest below the ReLU at x"] == pytest.approx(3.2524, abs=5e-5)
    assert len(measured) == 9


def test_a_convex_function_is_no_sigmoid(claim):
    shares = [check for check in claim.checks if "over the target" in check.statement]
    assert len(shares) == 7
    sigmoid = [check for check in shares if "the sigmoid" in check.statement]
    assert [check.holds for check in sigmoid] == [False] * 3
    fits = claim.numbers["fits"].set_index(["function", "x"])["rms/range"].str.rstrip("%")
    line = float(fits["identity → sigmoid", "−6..6"])
    assert float(fits["sbaf → sigmoid", "−6..6 → 0..1"]) == pytest.approx(line, abs=0.5)
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
