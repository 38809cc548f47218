"""Dying units on small networks: counts that theory fixes, and what must be told."""

import json

import numpy as np
import pandas as pd
import pytest

from acts_jax.studies import dying_relu as deaths
from experiments import dying_relu as script

TINY = [
    "--config.activation=relu,leaky_relu",
    "--config.depth=2",
    "--config.width=16",
    "--config.learning_rate=0.1,3",
    "--config.epochs=2",
    "--config.seed=0,1",
    "--compilation_cache=",
]


def test_relu_dies_at_a_high_rate_and_only_deeper_layers_revive(
    run_main, tmp_path, data_dir, capsys
):
    defaults = {"config": "configs/dying_relu.py", "workdir": str(tmp_path)}
    assert run_main(script, *TINY, f"--data_dir={data_dir}", **defaults) == 0
    saved = json.loads((tmp_path / "dying_relu.json").read_text())
    checks = {check["statement"]: check for check in saved["checks"]}
    assert checks["too high a rate kills 40% of relu, with momentum"]["measured"] > 0.5
    # Without momentum a unit of layer 1 that no example wakes gets no gradient: it stays dead.
    gone = checks["relu units of layer 1 that died and were seen to return, plain gradient descent"]
    assert gone["measured"] == 0
    assert gone["holds"]
    assert checks["dead at leaky_relu's worst rate"]["measured"] == 0  # f' is never 0
    units = pd.DataFrame(saved["numbers"]["units"])
    assert len(units) == 2 * 2 * 2 * 2 * 2 * units["step"].nunique()
    assert units["step"].max() == 36
    assert {p.name for p in tmp_path.glob("*.png")} == {"dying_relu.png", "dying_relu_steps.png"}
    assert "Verdict: " in capsys.readouterr().out


def test_an_axis_that_is_not_told_apart_is_refused(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/dying_relu.py", "workdir": str(tmp_path)}
    arguments = ["--config.momentum=0.5,0.9", f"--data_dir={data_dir}", "--compilation_cache="]
    assert run_main(script, *arguments, **defaults) == 2
    assert "takes one momentum, not 0.5, 0.9" in capsys.readouterr().err


def test_returns_are_counted_per_seed_and_told_together():
    counts = {"seed": [0, 0, 1], "layer": [1, 2, 2], "deaths": [0, 4, 6], "returned": [0, 1, 3]}
    back = deaths.comeback(pd.DataFrame(counts).assign(activation="relu", optimizer="sgd", step=0))
    assert list(back.loc["sgd", "deeper layers"]["share"]) == [0.25, 0.5]
    assert np.isnan(back.loc["sgd", "layer 1", 0]["share"])
    assert "4 of 10 in deeper layers (plain gradient descent)" in deaths.told(back)


def test_a_summary_without_a_rate_that_half_the_seeds_finish():
    dead = [0.0, np.nan, np.nan, np.nan, np.nan, np.nan]
    units = networks(dead).assign(step=3, layer=1)
    units.loc[units["learning_rate"] == 0.01, "dead"] = np.nan
    row = deaths.summary(units).iloc[0]
    assert row["most dead"] == row["accuracy there"] == "–"
    assert np.isnan(row["40% dead from"])
    assert (
        deaths.toll(row.to_frame().T, "sgd")
        == "half of the seeds of relu finish at no learning rate"
    )
    few = deaths.toll(deaths.summary(networks([0.1] * 6).assign(step=3, layer=1)), "sgd")
    assert few.startswith(
        "no learning rate kills 40% of relu's units; the most, 10.0%, are dead at"
    )


def networks(dead, **fields):
    rates = [0.01, 0.1, 1.0]
    frame = pd.DataFrame({"learning_rate": np.repeat(rates, 2), "seed": [0, 1] * 3, "dead": dead})
    frame = frame.assign(activation="relu", optimizer="sgd", test_accuracy=0.5, **fields)
    return frame.assign(val_accuracy=[0.8, 0.8, 0.9, 0.9, 0.95, np.nan])


def test_the_threshold_lies_where_the_mean_crosses_it():
    found = deaths.threshold(networks([0.0, 0.0, 0.1, 0.3, 0.7, 0.5]))
    assert found["relu", "sgd"] == pytest.approx(10**-0.5)  # halfway from 0.2 to 0.6
    assert np.isnan(deaths.threshold(networks([0.1] * 6))["relu", "sgd"])
    assert deaths.threshold(networks([0.5] * 6))["relu", "sgd"] == 0.01


def test_a_diverged_network_counts_as_a_failure_where_the_rate_is_chosen():
    frame = networks([0.0, 0.0, 0.1, 0.3, 0.7, np.nan])
    assert set(deaths.chosen(frame)["learning_rate"]) == {0.1}
    assert list(deaths.worst(frame)["dead"]) == [0.7]
    nearly = frame.assign(dead=[0.0, 0.0, 0.1, 0.3, np.nan, np.nan])
    assert set(deaths.worst(nearly)["learning_rate"]) == {0.1}
