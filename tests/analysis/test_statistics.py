"""Selection on validation and intervals: against worked examples."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from acts_jax.analysis import statistics
from tests.made_up import tiny


def test_select_picks_on_validation_not_on_test():
    rows = [(0.1, 0, 0.8, 0.99), (0.1, 1, 0.8, 0.99), (0.2, 0, 0.9, 0.5), (0.2, 1, 0.9, 0.7)]
    best = statistics.select(tiny(rows)).iloc[0]
    assert best["learning_rate"] == 0.2
    assert best["test_accuracy"] == pytest.approx(0.6)
    assert best["seeds"] == 2 and best["cells"] == 4


def test_a_diverged_seed_counts_as_zero():
    rows = [(0.1, 0, 0.6, 0.6), (0.1, 1, 0.6, 0.6), (0.2, 0, 0.99, 0.99), (0.2, 1, None, None)]
    best = statistics.select(tiny(rows)).iloc[0]
    assert best["learning_rate"] == 0.1
    assert best["diverged_share"] == 0.25
    rows[0], rows[1] = (0.1, 0, 0.1, 0.1), (0.1, 1, 0.1, 0.1)
    best = statistics.select(tiny(rows)).iloc[0]
    assert best["learning_rate"] == 0.2
    assert best["test_accuracy"] == pytest.approx(0.99 / 2)


def test_failed_cells_are_counted_apart_from_diverged_ones():
    frame = tiny(
        [(0.1, 0, 0.6, 0.6), (0.1, 1, 0.6, 0.6), (0.2, 0, None, None), (0.3, 0, None, None)]
    )
    frame.loc[3, "status"] = "failed"
    best = statistics.select(frame).iloc[0]
    assert (best["diverged_share"], best["failed_share"], best["lost_share"]) == (0.25, 0.25, 0.5)


def test_ties_go_to_the_lower_validation_loss_then_to_the_lower_rate():
    frame = tiny([(0.1, 0, 0.9, 0.9), (0.2, 0, 0.9, 0.9), (0.3, 0, 0.9, 0.9)])
    assert statistics.select(frame)["learning_rate"].item() == 0.1
    frame["validation_loss"] = [0.5, 0.4, 0.4]
    assert statistics.select(frame)["learning_rate"].item() == 0.2


def test_equal_accuracies_summed_in_another_order_stay_tied():
    correct = [341, 339, 350, 328, 338]
    rows = [(0.1, s, n / 360, 0.9) for s, n in enumerate(correct)]
    rows += [(0.2, s, n / 360, 0.9) for s, n in enumerate([328, 339, 341, 338, 350])]
    frame = tiny(rows)
    means = frame.groupby("learning_rate")["validation_accuracy"].mean()
    assert means[0.1] != means[0.2]
    for rate in (0.1, 0.2):
        frame["validation_loss"] = np.where(frame["learning_rate"] == rate, 1.0, 2.0)
        assert statistics.select(frame)["learning_rate"].item() == rate


def test_every_swept_axis_is_a_nuisance_and_parameters_of_others_do_not_split_groups():
    slow = tiny([(0.1, 0, 0.7, 0.7), (0.2, 0, 0.6, 0.6)], momentum=0.0)
    fast = tiny([(0.1, 0, 0.8, 0.8), (0.2, 0, 0.5, 0.5)], momentum=0.9)
    other = tiny([(0.1, 0, 0.4, 0.4)], activation="prelu", **{"prelu.slope": 0.25})
    frame = pd.concat([slow, fast, other], ignore_index=True)
    assert statistics.nuisances(frame, ["activation", "depth"]) == ["learning_rate", "momentum"]
    best = statistics.select(frame).set_index("activation")
    assert best.loc["relu", ["learning_rate", "momentum"]].tolist() == [0.1, 0.9]
    assert np.isnan(best.loc["relu", "prelu.slope"]) and best.loc["prelu", "prelu.slope"] == 0.25


def test_outcomes_are_no_axes(results):
    names = statistics.axes(results)
    assert {"learning_rate", "prelu.slope", "width"} <= set(names)
    assert not {"cell", "seed", "status", "final.prelu.slope", "validation_loss"} & set(names)
    assert (statistics.select(results)["seeds"] == 5).all()


def test_settings_with_fewer_seeds_do_not_compete():
    rows = [(0.1, 0, 0.8, 0.8), (0.1, 1, 0.8, 0.8), (0.2, 0, 0.95, 0.95)]
    assert statistics.select(tiny(rows))["learning_rate"].item() == 0.1


@pytest.mark.parametrize(
    ("best", "edge"), [(0.1, "low"), (0.2, ""), (0.3, "high")], ids=["low", "inside", "high"]
)
def test_at_edge(best, edge):
    rows = [(rate, 0, 0.9 if rate == best else 0.5, 0.5) for rate in (0.1, 0.2, 0.3)]
    assert statistics.select(tiny(rows))["at_edge"].item() == edge
    assert statistics.select(tiny(rows[:1]))["at_edge"].item() == ""


def test_regression_takes_the_lowest_loss_and_diverged_is_infinite():
    frame = tiny(
        [(0.1, 0, 0.3, 0.3), (0.1, 1, 0.3, 0.3), (0.2, 0, 0.99, 0.9), (0.2, 1, None, None)]
    )
    frame[["validation_accuracy", "test_accuracy"]] = np.nan
    for split in ("validation", "test"):
        frame[f"{split}_rmse"] = 3 * frame[f"{split}_loss"]
    best = statistics.select(frame).iloc[0]
    assert statistics.score_name(frame) == "rmse"
    assert best["learning_rate"] == 0.1 and best["test_loss"] == pytest.approx(0.7)
    assert best["test_rmse"] == pytest.approx(2.1)


def test_datasets_are_never_mixed():
    frame = pd.concat(
        [tiny([(0.1, 0, 0.9, 0.9)]), tiny([(0.2, 0, 0.3, 0.3)], dataset="e")], ignore_index=True
    )
    assert list(statistics.select(frame)["dataset"]) == ["d", "e"]


def test_a_regression_beside_a_classification_is_chosen_by_its_own_error():
    regression = tiny([(0.1, 0, 0.9, 0.9), (0.1, 1, 0.9, 0.9), (0.2, 0, None, None)], dataset="e")
    rmse = np.array([1.0, 3.0, np.nan])
    regression = regression.assign(validation_accuracy=np.nan, test_accuracy=np.nan)
    regression = regression.assign(validation_loss=rmse**2, validation_rmse=rmse, test_rmse=rmse)
    frame = pd.concat([tiny([(0.1, 0, 0.9, 0.9)]), regression], ignore_index=True)
    best = statistics.select(frame).set_index("dataset").loc["e"]
    assert best["learning_rate"] == 0.1
    assert best["test_rmse"] == 2.0 and best["low"] < 2.0 < best["high"]
    assert statistics.scores(frame).query("dataset == 'e'")["test_accuracy"].isna().all()


def test_no_results_is_an_error(results):
    with pytest.raises(ValueError, match="no rows"):
        statistics.select(results.iloc[:0])


def test_interval_is_students():
    values = [0.91, 0.93, 0.95, 0.9]
    expected = stats.t.interval(0.9, 3, np.mean(values), stats.sem(values))
    assert statistics.interval(values, 0.9) == pytest.approx(expected)
    # t with 4 degrees of freedom, 97.5%: 2.776445 (any printed table).
    low, high = statistics.interval([1, 2, 3, 4, 5])
    assert (high - low) / 2 == pytest.approx(2.776445 * np.sqrt(2.5 / 5), rel=1e-6)


def test_interval_ends():
    assert np.isnan(statistics.interval([0.5])).all()
    assert np.isnan(statistics.interval([0.5, np.inf])).all()
    assert statistics.interval([0.5, 0.5]) == (0.5, 0.5)
    low, high = statistics.interval([1.0, 0.5], bounds=(0, 1))
    assert (low, high) == (0, 1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        statistics.interval([1, 2], confidence=95)


def test_select_reports_the_interval_of_its_seeds(results):
    best = statistics.select(results)
    cells = statistics.chosen(results, best)
    assert len(cells) == best["seeds"].sum()
    for row in best.itertuples():
        mine = cells[(cells["activation"] == row.activation) & (cells["depth"] == row.depth)]
        expected = statistics.interval(mine["test_accuracy"], bounds=(0, 1))
        assert (row.low, row.high) == pytest.approx(expected)


def test_selection_does_not_depend_on_row_order_nor_on_categoricals(results):
    shuffled = results.sample(frac=1, random_state=0)
    for column in ("activation", "status", "dataset", "hidden_sizes"):
        shuffled[column] = shuffled[column].astype("category")
    pd.testing.assert_frame_equal(
        statistics.select(results),
        statistics.select(shuffled),
        check_dtype=False,
        check_categorical=False,
    )


def test_at_chance_finds_the_deep_sigmoids(results):
    selection = statistics.select(results)
    stuck = selection[statistics.at_chance(selection["test_accuracy"], 0.1)]
    assert list(zip(stuck["activation"], stuck["depth"], strict=True)) == [
        ("sigmoid", 4),
        ("sigmoid", 8),
    ]


def test_importing_statistics_loads_neither_matplotlib_nor_jax():
    code = (
        "import sys, acts_jax.analysis.statistics\nprint({'jax', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
