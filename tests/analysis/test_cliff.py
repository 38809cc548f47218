"""Which side of a chosen learning rate breaks."""

import numpy as np
import pandas as pd
import pytest

from acts_jax.analysis import statistics
from tests.made_up import tiny


def swept(below, chosen, above, **shared):
    """Two seeds at three rates; None is a seed that diverged."""
    rates = zip((0.1, 0.2, 0.3), (below, chosen, above), strict=True)
    return tiny(
        [(rate, seed, v, v) for rate, pair in rates for seed, v in enumerate(pair)], **shared
    )


@pytest.mark.parametrize(
    ("below", "above", "side"),
    [
        ((0.8, 0.8), (0.8, 0.8), ""),
        ((0.8, 0.8), (0.9, None), "high"),
        ((0.8, 0.8), (0.4, 0.4), "high"),
        ((0.8, 0.8), (0.5, 0.5), ""),
        ((0.1, 0.1), (0.8, 0.8), ""),
        ((0.9, None), (0.8, 0.8), "low"),
        ((0.3, 0.3), (0.4, 0.4), "high"),
        ((0.9, None), (0.9, None), "high"),
    ],
)
def test_a_cliff_is_a_seed_lost_at_the_next_rate_or_a_score_halved_above(below, above, side):
    best = statistics.select(swept(below, (0.9, 0.9), above)).iloc[0]
    assert best["learning_rate"] == 0.2 and best["at_cliff"] == side


def test_a_network_that_names_one_class_of_two_has_collapsed():
    frame = swept((0.8, 0.8), (0.9, 0.9), (0.5, 0.5))
    assert statistics.select(frame)["at_cliff"].item() == ""
    assert statistics.select(frame, chance={"d": 0.5})["at_cliff"].item() == "high"
    assert statistics.select(frame, chance={"e": 0.5})["at_cliff"].item() == ""
    some = swept((0.8, 0.8), (0.9, 0.9), (0.71, 0.71))
    assert statistics.select(some, chance={"d": 0.5})["at_cliff"].item() == ""


def test_a_rate_that_loses_as_many_seeds_as_the_chosen_one_is_no_cliff():
    assert statistics.select(swept((0.4, 0.4), (0.95, None), (0.7, None)))["at_cliff"].item() == ""
    frame = swept((0.4, 0.4), (0.95, None), (None, None))
    assert statistics.select(frame)["at_cliff"].item() == "high"


def test_a_neighbour_has_the_other_settings_that_were_chosen():
    good = swept((0.8, 0.8), (0.9, 0.9), (0.8, 0.8), momentum=0.9)
    bad = swept((None, None), (0.5, 0.5), (None, None), momentum=0.0)
    assert statistics.select(pd.concat([bad, good]))["at_cliff"].item() == ""
    bad = bad.assign(momentum=0.9, activation="prelu", **{"prelu.slope": 0.25})
    both = statistics.select(pd.concat([bad, good])).set_index("activation")
    assert both["at_cliff"].to_dict() == {"prelu": "high", "relu": ""}


def test_an_edge_is_no_cliff_and_a_rate_that_was_not_chosen_has_none():
    frame = tiny([(0.1, 0, 0.9, 0.9), (0.2, 0, 0.8, 0.8)])
    assert statistics.select(frame)["at_cliff"].item() == ""
    frame = tiny([(0.1, 0, 0.9, 0.9), (0.2, 0, None, None)])
    by_rate = statistics.select(frame, by=("activation", "learning_rate"))
    assert by_rate["at_cliff"].tolist() == ["", ""]


@pytest.mark.parametrize(("error", "side"), [(1.9, ""), (2.1, "high"), (None, "high")])
def test_a_regression_collapses_when_its_rmse_doubles(error, side):
    frame = swept((1.5, 1.5), (1.0, 1.0), (1.5, error))
    rmse = frame["validation_accuracy"].where(frame["learning_rate"] < 0.3, error)
    frame = frame.assign(validation_accuracy=np.nan, test_accuracy=np.nan)
    frame = frame.assign(validation_rmse=rmse, test_rmse=rmse, validation_loss=rmse**2)
    assert statistics.select(frame)["at_cliff"].item() == side
