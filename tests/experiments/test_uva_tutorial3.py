"""The published study as a command: what it refuses."""

import pytest

from experiments import uva_tutorial3 as script

pytestmark = pytest.mark.slow


def test_another_set_of_activations_is_refused(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/uva_tutorial3.py", "workdir": str(tmp_path)}
    arguments = ["--activation=relu,tanh", "--dataset=digits", f"--data_dir={data_dir}"]
    assert run_main(script, *arguments, **defaults) == 2
    assert "compares the activations sigmoid and tanh and relu" in capsys.readouterr().err


def test_a_dry_run_shows_both_sweeps_and_a_mistake_in_the_second_comes_first(
    run_main, tmp_path, data_dir, capsys
):
    defaults = {"config": "configs/uva_tutorial3.py", "workdir": str(tmp_path / "run")}
    arguments = ["--dataset=digits", f"--data_dir={data_dir}", "--compilation_cache="]
    assert run_main(script, *arguments, "--dry_run", **defaults) == 0
    wide, deep = capsys.readouterr().out.splitlines()
    assert wide.startswith("30 cells in 6 groups")
    assert deep.startswith("5 cells in 1 group")
    for wrong in ("256-x", "256--128", "9" * 5000, "100000-100000"):
        assert run_main(script, *arguments, f"--deep={wrong}", **defaults) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: hidden") and error.count("\n") == 1
    assert not list(tmp_path.glob("run/*"))
