"""What is reported: the confirmed score where there is one, else the tuned one, and which it is."""

import numpy as np

from acts_jax.analysis import confirmed, stages, statistics
from tests.made_up import make_confirmed, make_results


def test_a_confirmed_score_takes_the_place_of_the_tuned_one(results):
    selection = statistics.select(results)
    again = make_confirmed(results)
    again = again[(again["activation"] != "relu") | (again["depth"] != 4)]
    scores = confirmed.reported(again)
    table = stages.by_stage(selection, scores).set_index(["activation", "depth"])
    assert table.loc[("relu", 4), "stage"] == stages.TUNED
    others = table.drop(("relu", 4))
    assert set(others["stage"]) == {stages.CONFIRMED} and set(others["seeds"]) == {10}
    expected = scores.set_index(["activation", "depth"])
    for column in ("score", "low", "high"):
        np.testing.assert_array_equal(others[column], expected.loc[others.index, column])
    tuned = selection.set_index(["activation", "depth"]).loc[("relu", 4)]
    assert table.loc[("relu", 4), "score"] == tuned["test_accuracy"]
    assert table.loc[("relu", 4), "seeds"] == 5


def test_without_confirmation_all_is_tuned():
    for regression, column in ((False, "test_accuracy"), (True, "test_rmse")):
        selection = statistics.select(make_results(("relu",), (2,), regression=regression))
        table = stages.by_stage(selection)
        assert set(table["stage"]) == {stages.TUNED}
        assert list(table["score"]) == list(selection[column])
