"""Learned slopes: on small networks, and on made-up ends whose summaries can be worked out."""

import pandas as pd
import pytest

from acts_jax import load_results
from acts_jax.studies import learn_prelu
from acts_jax.studies.learn_prelu import claim, measure

pytestmark = pytest.mark.slow

TINY = {
    "leaky_relu.negative_slope": "0,0.25,1",
    "prelu.slope": "0,0.25",
    "share": "layer",
    "depth": "2",
    "width": "8",
    "learning_rate": "0.1",
    "epochs": "2",
    "evals": "2",
    "seed": "0,1,2",
}


def test_where_slopes_end_and_how_accurate_they_are(told, tmp_path):
    numbers = told(learn_prelu.study, tmp_path, **TINY).numbers
    assert len(load_results(tmp_path)) == 21  # fixed slopes neither decay nor are shared
    assert list(numbers["test_accuracy_by_fixed_slope"]) == [0, 0.25, 1]
    paths = numbers["paths_per_layer"]
    first, last = (paths[paths["epoch"] == epoch] for epoch in (0, 2))
    assert (first["value"] == first[measure.LEARNED]).all()
    assert (last["value"] != last[measure.LEARNED]).all()
    assert set(paths["layer"]) == {1, 2}
    ends = numbers["ends"]["per layer"]
    assert set(ends[measure.LEARNED]) == {0.25}
    assert len(ends) == 6
    means = numbers["test_accuracy_by_variant"].mean()
    assert means.to_dict() == pytest.approx(numbers["selection"]["test_accuracy"].to_dict())


def ends_of(values, start=0.25):
    """Ends from one start, as {seed: one slope per layer}."""
    rows = [
        (seed, layer, start, value)
        for seed, layers in values.items()
        for layer, value in enumerate(layers, 1)
    ]
    return pd.DataFrame(rows, columns=["seed", "layer", measure.LEARNED, "value"])


def found(**changes):
    """A comparison in which every statement holds, but for the changes."""
    accuracy = {0.0: [0.90, 0.91], 0.25: [0.92, 0.93], 1.0: [0.60, 0.61]}
    free = ends_of({0: [0.7, 0.2, -0.3], 1: [0.8, 0.1, -0.2]})
    fields = {
        "selection": pd.DataFrame({measure.FIXED: [0.25]}, index=["fixed"]),
        "by_variant": pd.DataFrame({"fixed": [0.92, 0.93], "per layer": [0.925, 0.935]}),
        "by_slope": pd.DataFrame(accuracy),
        "worst": 0.0,
        "paths": {},
        "ends": {"per layer": free, "per layer, decays": free.assign(value=free["value"] / 2)},
        "dependence": pd.Series([0.1, 0.12]),
        "start": 0.25,
    }
    return measure.Comparison(**fields | changes)


def wrong():
    """The checks of a comparison that contradicts every statement."""
    free = ends_of({0: [1.1, 1.5, -1.3], 1: [1.2, 1.6, -1.4]})
    larger = free.assign(value=2 * free["value"])
    comparison = found(
        by_slope=pd.DataFrame({0.0: [0.6, 0.61], 0.25: [0.92, 0.93], 1.0: [0.6, 0.61]}),
        by_variant=pd.DataFrame({"fixed": [0.92, 0.93], "per layer": [0.80, 0.81]}),
        ends={
            "per layer": free.assign(value=free["value"].abs()),
            "per layer, decays": larger,
            "per channel": free,
        },
        dependence=pd.Series([1.0, 1.1]),
    )
    return list(claim.checks(comparison))


def test_a_comparison_that_contradicts_the_text_fails_every_statement():
    assert [check.statement for check in wrong() if check.holds is not False] == []
    assert len(wrong()) == 8


def judged(comparison, words):
    """The check with these words in its statement: what it measured, and whether it holds."""
    (check,) = [check for check in claim.checks(comparison) if words in check.statement]
    return check.measured, check.holds


def test_shifts_of_layers_in_opposite_directions_do_not_cancel():
    low = ends_of({0: [0.3, 0.6], 1: [0.5, 0.5]}, start=0.0)
    high = ends_of({0: [0.4, 0.4], 1: [0.5, 0.8]}, start=0.5)
    assert measure.dependence(pd.concat([low, high])).to_dict() == pytest.approx({0: 0.3, 1: 0.3})


def test_slopes_below_minus_1_are_large_too():
    shares = measure.share_above_one(ends_of({0: [-1.2, 0.5, 1.0, 1.1], 5: [0, 0, 0, -1]}))
    assert shares.to_dict() == {0: 0.5, 5: 0.0}


def test_the_first_layer_is_compared_with_the_mean_of_the_others():
    ends = ends_of({0: [0.7, 0.2, 0.4], 1: [0.1, 0.2, 0.2]})
    assert measure.first_minus_deeper(ends).to_dict() == pytest.approx({0: 0.4, 1: -0.1})


def test_the_statements_are_judged_by_their_limits():
    for words, measured, holds in (
        ("where a slope ends", 0.11, True),
        ("learning finds", 0.005, True),
        ("the first layer's", 0.8, True),
        ("one per layer, rarely", 0, True),
        ("decay pulls", 0.575 / 3, True),
        ("any constant will do: 1 costs", 0.32, False),
    ):
        assert judged(found(), words) == (pytest.approx(measured), holds)


def test_decay_that_makes_negative_slopes_larger_pulls_them_away_from_0():
    free = ends_of({0: [-0.1, -0.1], 1: [-0.1, -0.12]})
    both = {"per layer": free, "per layer, decays": free.assign(value=2 * free["value"])}
    assert judged(found(ends=both), "decay pulls") == (pytest.approx(-0.105), False)
