"""Linear collapse, through its own command line."""

import json

import numpy as np
import pandas as pd
import pytest

from acts_jax.studies import linear_collapse as collapse
from experiments import linear_collapse as script


def test_linear_networks_fold_and_relu_networks_do_not(run_main, tmp_path, capsys, data_dir):
    status = run_main(
        script,
        "--config.hidden_sizes=24,12-12",
        "--config.learning_rate=0.1",
        "--config.seed=0,1",
        "--config.epochs=3",
        "--lines=2",
        f"--workdir={tmp_path}",
        f"--data_dir={data_dir}",
        config="configs/linear_collapse.py",
        workdir="runs/linear_collapse",
    )
    assert status == 0
    assert "Verdict" in capsys.readouterr().out
    assert (tmp_path / "linear_collapse.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "linear_collapse.json").read_text())
    folded = record["numbers"]["folded"]
    for name, accuracy, flat, difference, error in zip(
        *(folded[c] for c in ("activation", "accuracy", "folded_accuracy", "difference", "error")),
        strict=True,
    ):
        if name == "identity":
            assert difference < 1e-5
            assert accuracy == flat
        else:
            assert error > 0.05
    # scikit-learn's logistic regression on these pixels
    assert record["numbers"]["logistic"] == pytest.approx(0.96, abs=0.015)
    assert record["checks"][0]["verdict"] == "holds"
    assert "command" in record["facts"]
    assert record["facts"]["config"]["seed"] == "0,1"
    assert min(record["numbers"]["regions"]["regions"]) > 1
    units = record["numbers"]["growth"]["units"]
    assert sorted(set(units)) == [12, 24, 48, 96]


def test_the_exponent_of_a_power_law_is_found():
    units = np.array([8, 16, 64])
    laws = {0: (3.0, 1.0), 1: (0.5, 1.7)}  # of each seed c and p, at any depth
    growth = pd.concat(
        pd.DataFrame(
            {"depth": depth, "seed": seed, "units": units, "regions": depth * c * units**p}
        )
        for seed, (c, p) in laws.items()
        for depth in (1, 4)
    )
    assert collapse.exponents(growth) == pytest.approx([1.0, 1.7], rel=1e-12)


def test_only_the_linear_and_the_relu_network_are_compared(run_main, tmp_path, capsys, data_dir):
    arguments = ["--activation=relu,gelu", f"--workdir={tmp_path}", f"--data_dir={data_dir}"]
    defaults = {"config": "configs/linear_collapse.py", "workdir": "runs/linear_collapse"}
    assert run_main(script, *arguments, **defaults) == 2
    assert "compares the activations identity and relu" in capsys.readouterr().err
