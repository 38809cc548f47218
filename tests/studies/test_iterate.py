"""Iterates, with the known numbers."""

import numpy as np
import pytest

from acts_jax.activations import get
from acts_jax.errors import ConfigError
from acts_jax.studies import iterate
from acts_jax.studies.iterate import claim as claims
from acts_jax.studies.iterate import measure

pytestmark = pytest.mark.slow


def wrong():
    """The checks of made-up iterates that grow, and grow steeper, with each application."""
    n = np.arange(11.0)[:, None]
    values, slopes = (1 + n) * measure.GRID, 2 + n + 0 * measure.GRID
    names = ("relu", "sigmoid", "tanh")
    return list(
        claims.checks([measure.Iterated(get(x), values, slopes, (0.5, 0.3)) for x in names])
    )


def test_iterates_that_grow_contradict_every_statement():
    assert [check.statement for check in wrong() if check.holds is not False] == []


def test_activations_that_no_check_is_about_are_refused_before_they_are_iterated():
    with pytest.raises(ConfigError, match="needs relu or a sigmoidal activation beside gelu, elu"):
        iterate.study([get("gelu"), get("elu")], times=10**12)


def test_relu_sigmoid_and_tanh():
    claim = iterate.study([get(name) for name in ("relu", "sigmoid", "tanh", "erf")], times=400)
    assert claim.verdict == "holds partly"
    checks = {check.statement: check for check in claim.checks}
    # At 0 the slope is f'(0)^n: 1 of tanh, (2 / sqrt(pi))^n of erf. Anywhere else it tends to 0.
    (at_zero,) = [check for check in claim.checks if check.holds is False]
    assert at_zero.statement == "sigmoidal functions, 400 times: steepest slope of any at x = 0"
    assert at_zero.measured == pytest.approx((4 / np.pi) ** 200)
    away = [check for name, check in checks.items() if "steepest slope at 0.5 ≤ |x|" in name]
    assert [check.theorem for check in away] == [False] * 3
    near_zero = (1 + 2 * 400 * 0.5**2 / 3) ** -1.5  # of x - x^3 / 3
    assert claim.numbers["tanh"]["steepest_away_from_0"] == pytest.approx(near_zero, rel=0.3)
    assert checks["tanh's slope at 0 after 400 applications: an exception"].theorem
    assert checks["sigmoid's slope at its fixed point"].theorem
    assert claim.numbers["sigmoid"]["fixed_point"] == pytest.approx(
        [0.6590461, 0.2247043], abs=5e-8
    )
    known = [0.25, 0.05875, 0.01335, 0.003008, 0.000676]
    assert claim.numbers["sigmoid"]["slope_at_0"][1:6] == pytest.approx(known, rel=1e-3)
    known = [0.07065, 0.03133, 0.01878, 0.01289, 0.00957]
    assert claim.numbers["tanh"]["slope_at_2"][1:6] == pytest.approx(known, abs=5e-6)
    assert set(claim.numbers["tanh"]["slope_at_0"]) == {1.0}
    assert claim.numbers["tanh"]["exponent"] == pytest.approx(1.5, abs=0.02)
    assert claim.numbers["erf"]["slope_at_0"][1] == pytest.approx(1.1283792)
    assert claim.numbers["relu"]["fixed_point"] == pytest.approx([float("nan")] * 2, nan_ok=True)
    assert set(claim.figures) == {"iterate", "iterate_slopes"}
