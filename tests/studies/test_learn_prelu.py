"""Learned slopes, on made-up ends whose summaries can be worked out."""

import pandas as pd
import pytest

from acts_jax.studies import learn_prelu as slopes


def ends_of(values, start=0.25):
    """Ends from one start, as {seed: one slope per layer}."""
    rows = [
        (seed, layer, start, value)
        for seed, layers in values.items()
        for layer, value in enumerate(layers, 1)
    ]
    return pd.DataFrame(rows, columns=["seed", "layer", slopes.LEARNED, "value"])


def found(**changes):
    """A comparison in which every statement holds, but for the changes."""
    accuracy = {0.0: [0.90, 0.91], 0.25: [0.92, 0.93], 1.0: [0.60, 0.61]}
    free = ends_of({0: [0.7, 0.2, -0.3], 1: [0.8, 0.1, -0.2]})
    fields = {
        "selection": pd.DataFrame({slopes.FIXED: [0.25]}, index=["fixed"]),
        "by_variant": pd.DataFrame({"fixed": [0.92, 0.93], "per layer": [0.925, 0.935]}),
        "by_slope": pd.DataFrame(accuracy),
        "worst": 0.0,
        "paths": {},
        "ends": {"per layer": free, "per layer, decays": free.assign(value=free["value"] / 2)},
        "dependence": pd.Series([0.1, 0.12]),
        "start": 0.25,
    }
    return slopes.Comparison(**fields | changes)


def judged(comparison):
    """Statement (its first two words) -> (measured, holds)."""
    made = slopes.checks(comparison, cost=0.01, drift=0.25, rare=0.05)
    return {" ".join(c.statement.split()[:2]): (pytest.approx(c.measured), c.holds) for c in made}


def test_shifts_of_layers_in_opposite_directions_do_not_cancel():
    low = ends_of({0: [0.3, 0.6], 1: [0.5, 0.5]}, start=0.0)
    high = ends_of({0: [0.4, 0.4], 1: [0.5, 0.8]}, start=0.5)
    assert slopes.dependence(pd.concat([low, high])).to_dict() == pytest.approx({0: 0.3, 1: 0.3})


def test_slopes_below_minus_1_are_large_too():
    shares = slopes.share_above_one(ends_of({0: [-1.2, 0.5, 1.0, 1.1], 5: [0, 0, 0, -1]}))
    assert shares.to_dict() == {0: 0.5, 5: 0.0}


def test_the_first_layer_is_compared_with_the_mean_of_the_others():
    ends = ends_of({0: [0.7, 0.2, 0.4], 1: [0.1, 0.2, 0.2]})
    assert slopes.first_minus_deeper(ends).to_dict() == pytest.approx({0: 0.4, 1: -0.1})


def test_the_statements_are_judged_by_their_limits():
    checks = judged(found())
    assert checks["where a"] == (0.11, True)
    assert checks["learning finds"] == (0.005, True)
    assert checks["the first"] == (0.8, True)
    assert checks["learned slopes,"] == (0, True)
    assert checks["decay pulls"] == (pytest.approx(0.575 / 3), True)
    assert checks["any constant"] == (0.32, False)  # the last of the two: slope 1


def test_decay_that_makes_negative_slopes_larger_pulls_them_away_from_0():
    free = ends_of({0: [-0.1, -0.1], 1: [-0.1, -0.12]})
    both = {"per layer": free, "per layer, decays": free.assign(value=2 * free["value"])}
    assert judged(found(ends=both))["decay pulls"] == (-0.105, False)
