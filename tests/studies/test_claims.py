"""Checks, verdicts, and what is published of a claim."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from acts_jax.files import as_json
from acts_jax.studies.claims import Claim, at_least, at_most, near, record


def claim(*checks, **fields):
    figure = Figure()
    figure.add_subplot().plot([0, 1])
    fields = {"figures": {"picture": figure}, "numbers": {}, "table": None} | fields
    return Claim("name", "A title", "A text.", checks, "A summary.", **fields)


@pytest.mark.parametrize(
    ("measured", "holds"),
    [
        (0.25 + 9e-7, True),
        (0.25 + 2e-6, False),
        (math.nan, None),
        (math.inf, False),
        ([0.25, 0.25, 0.25], True),
        ([0.0, 0.5], None),  # the interval reaches beyond both ends
        ([0.3, 0.3], False),
        ([0.25], None),  # no interval
        ([], None),
        ([0.25, math.nan], None),
    ],
)
def test_near_judges_a_number_or_the_interval_of_a_sample(measured, holds):
    assert near("s", "0.25", measured, 0.25, 1e-6).holds is holds


def test_bounds_are_decided_by_the_whole_interval():
    sample = [0.38, 0.40, 0.42, 0.41]
    low, high = at_most("s", "", sample, 0.5).interval
    assert low < np.mean(sample) < high
    assert at_most("s", "", sample, high + 1e-9).holds is True
    assert at_most("s", "", sample, 0.41).holds is None
    assert at_most("s", "", sample, low - 1e-9).holds is False
    assert at_least("s", "", sample, high + 1e-9).holds is False
    assert at_least("s", "", sample, 0.41).holds is None
    assert at_least("s", "", sample, low - 1e-9).holds is True
    assert at_least("s", "", 0.4, 0.4).holds is True
    assert at_most("s", "", 0.4, 0.4).holds is True


def test_a_check_says_what_would_have_made_it_fail():
    assert at_most("s", "", 0.4, 0.5).fails_if == "it is above"
    assert at_least("s", "", [0.4, 0.5], 0.5).fails_if == "the whole interval is below"
    check = near("s", "", [0.4, 0.5], 0.5, 0.1)
    assert record(claim(check))["checks"][0]["fails_if"] == "the whole interval is farther off"


def test_a_check_writes_its_numbers_as_told():
    check = at_most("s", "40%", [0.37, 0.39], 0.4, format=".1%")
    assert check.threshold == "at most 40.0%"
    assert check.found.startswith("38.0% (25.3% to 50.7%)")
    assert at_least("s", "", -12.0, 3, unit=" steps", format=".0f").found == "−12 steps"
    tiny = near("s", "", -1.5e-6, 0.0, 2e-6)
    assert (tiny.found, tiny.threshold) == ("−1.5e−6", "within 2e−6 of 0")
    assert at_most("s", "", math.nan, 1).found == "–"


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([True, True], "holds"),
        ([True, False], "holds partly"),
        ([True, None], "holds partly"),
        ([False, False], "does not hold here"),
        ([False, None], "does not hold here"),
        ([None, None], "undecided"),
    ],
)
def test_the_verdict_sums_up_the_checks(results, verdict):
    number = {True: 1.0, False: 0.0, None: math.nan}
    assert claim(*(at_least("s", "1", number[r], 1) for r in results)).verdict == verdict


@pytest.mark.parametrize(
    ("theorems", "others", "verdict"),
    [
        ([True], [False], "does not hold here"),
        ([True], [None], "undecided"),
        ([True], [True, None], "holds partly"),
        ([True], [], "holds"),
        ([False], [True], "holds partly"),  # so there is an error somewhere: it is not hidden
        ([False], [], "does not hold here"),
    ],
)
def test_a_theorem_that_holds_decides_nothing_beside_other_checks(theorems, others, verdict):
    number = {True: 1.0, False: 0.0, None: math.nan}
    checks = [at_least("s", "1", number[r], 1, theorem=True) for r in theorems]
    assert claim(*checks, *(at_least("s", "1", number[r], 1) for r in others)).verdict == verdict


def test_intervals_stay_within_the_bounds_of_a_share():
    shares = [0.99, 1.0, 0.95]
    assert at_least("s", "", shares, 0.5).interval[1] > 1
    for check in (at_least, at_most):
        assert check("s", "", shares, 0.5, bounds=(0, 1)).interval[1] == 1
    assert near("s", "", [0.0, 0.0, 0.04], 0, 0.1, bounds=(0, 1)).interval[0] == 0


def test_a_tolerance_of_percents_is_in_points():
    rules = [near("s", "", 0.0, 0.5, t, format="+.1%").threshold for t in (0.02, 0.01, 0.005)]
    assert rules == [
        f"within {points} of 50.0%" for points in ("2 points", "1 point", "0.5 points")
    ]


def test_a_claim_without_checks_is_refused():
    with pytest.raises(ValueError, match="'name' has no checks"):
        claim()


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="Figure"):
        as_json({"picture": Figure()})
