"""Linear collapse as a command: what it publishes, and what it refuses."""

import json

import pytest

from experiments import linear_collapse as script

pytestmark = pytest.mark.slow

DEFAULTS = {"config": "configs/linear_collapse.py", "workdir": "runs/linear_collapse"}


def test_the_record_says_where_its_numbers_come_from(run_main, tmp_path, capsys, data_dir):
    arguments = [
        "--config.hidden_sizes=8,8-8",
        "--config.learning_rate=0.1",
        "--config.seed=0,1",
        "--config.epochs=1",
        "--lines=1",
        f"--workdir={tmp_path}",
        f"--data_dir={data_dir}",
    ]
    assert run_main(script, *arguments, **DEFAULTS) == 0
    assert "Verdict" in capsys.readouterr().out
    assert (tmp_path / "linear_collapse.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "linear_collapse.json").read_text())
    assert "command" in record["facts"]
    assert record["facts"]["config"]["seed"] == "0,1"
    assert set(record["numbers"]["growth"]["units"]) == {4, 8, 16, 32, 64}


def test_only_the_linear_and_the_relu_network_are_compared(run_main, tmp_path, capsys, data_dir):
    arguments = ["--activation=relu,gelu", f"--workdir={tmp_path}", f"--data_dir={data_dir}"]
    assert run_main(script, *arguments, **DEFAULTS) == 2
    assert "compares the activations identity and relu" in capsys.readouterr().err
