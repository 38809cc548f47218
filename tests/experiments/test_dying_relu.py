"""Dying units on small networks: counts that theory fixes, and what must be told."""

import json

import numpy as np
import pandas as pd
import pytest

from acts_jax.report import deaths
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
    gone = checks["relu units of layer 1 that died and then returned, plain gradient descent"]
    assert gone["measured"] == 0
    assert gone["holds"]
    assert checks["dead at leaky_relu's worst rate"]["measured"] == 0  # f' is never 0
    units = pd.DataFrame(saved["numbers"]["units"])
    assert len(units) == 2 * 2 * 2 * 2 * 2 * units["step"].nunique()
    assert units["step"].max() == 36
    assert {p.name for p in tmp_path.glob("*.png")} == {"dying_relu.png", "dying_relu_steps.png"}
    assert "Verdict: " in capsys.readouterr().out


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
