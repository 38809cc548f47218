"""The derivative at a kink, through its own command line."""

import functools
import json

import numpy as np
import pytest

from acts_jax import load_results
from acts_jax.studies.kinks import SLOPE, elu_error
from experiments import kinks as script


@pytest.fixture
def main(run_main, data_dir):
    """The script's main with a command line: its exit status."""
    defaults = {"config": "configs/kinks.py", "workdir": "runs/kinks"}
    return functools.partial(run_main, script, f"--data_dir={data_dir}", **defaults)


def test_either_derivative_at_zero_will_do_unless_layers_are_silent(main, tmp_path, capsys):
    arguments = ["--config.hidden_sizes=32,2-2-2-2", "--config.learning_rate=0.03"]
    arguments += ["--config.epochs=1", "--config.seed=0,1,2", f"--workdir={tmp_path}"]
    assert main(*arguments) == 0
    assert "Verdict" in capsys.readouterr().out
    assert (tmp_path / "kinks.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "kinks.json").read_text())
    pairs = {key: np.array(values) for key, values in record["numbers"]["pairs"].items()}
    wide = pairs["hidden_sizes"] == "32"
    assert pairs["identical"][wide].all()
    assert not pairs["identical"][~wide].all()
    assert not pairs["difference"][wide].any()
    cells = load_results(tmp_path).set_index(["hidden_sizes", "seed", SLOPE])
    for sizes, seed, same, difference in zip(
        *(pairs[key] for key in ("hidden_sizes", "seed", "identical", "difference")), strict=True
    ):
        zero, one = (cells.loc[(sizes, seed, slope)] for slope in (0.0, 1.0))
        assert same == (zero.train_loss == one.train_loss)
        assert difference == pytest.approx(one.test_accuracy - zero.test_accuracy)
    checks = {check["statement"]: check for check in record["checks"]}
    assert [check["theorem"] for check in record["checks"]] == [True] * 12 + [False] * 4
    assert checks["elu′, α 2, left of 0"]["measured"] == pytest.approx(2)
    assert checks["elu′, α 2, right of 0"]["measured"] == pytest.approx(1)
    assert all(check["verdict"] == "holds" for check in record["checks"][:-2])


def test_a_sweep_without_both_derivatives_is_refused(main, tmp_path, capsys):
    for change in ("--config.relu_at_zero.slope_at_zero=1", "--config.activation=relu"):
        assert main(change, f"--workdir={tmp_path}") == 2
        error = capsys.readouterr().err
        assert "relu_at_zero" in error
        assert error.count("\n") == 1


def test_an_axis_that_pairs_would_mix_is_refused(main, tmp_path, capsys):
    assert main("--config.momentum=0,0.9", f"--workdir={tmp_path}") == 2
    assert "takes one momentum, not 0.0, 0.9" in capsys.readouterr().err


def test_early_stopping_is_refused(main, tmp_path, capsys):
    """A study compares networks that were all trained to the end."""
    assert main("--config.patience=3", f"--workdir={tmp_path}") == 2
    assert "takes patience 0, not 3" in capsys.readouterr().err


def test_elu_is_held_to_its_formula():
    assert elu_error(2.0) <= 1e-15
