"""The sigmoid family as a command: what it would train, and what it refuses."""

import pytest

from experiments import sigmoid_family as script

pytestmark = pytest.mark.slow


def test_one_dataset_is_taken(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/sigmoid_family.py", "workdir": str(tmp_path)}
    arguments = ["--config.seed=0", f"--data_dir={data_dir}"]
    assert run_main(script, *arguments, "--dry_run", **defaults) == 0
    assert "40 cells in 8 groups" in capsys.readouterr().out
    assert run_main(script, *arguments, "--dataset=digits,wine", **defaults) == 2
    assert "takes one dataset, not digits, wine" in capsys.readouterr().err
