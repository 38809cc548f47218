"""Iterates as a command."""

import json

import pytest

from experiments import iterate as script

pytestmark = pytest.mark.slow


def test_activations_and_applications_are_those_asked_for(run_main, tmp_path, capsys):
    arguments = ["--activation=relu,selu", "--times=20", f"--workdir={tmp_path}"]
    assert run_main(script, *arguments, workdir="runs/iterate", uses=("activation",)) == 0
    assert "relu applied 2 to 20 times is relu" in capsys.readouterr().out
    numbers = json.loads((tmp_path / "iterate.json").read_text())["numbers"]
    assert list(numbers) == ["relu", "selu"]
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".json"}


def test_activations_that_no_check_is_about_are_refused(run_main, tmp_path, capsys):
    arguments = ["--activation=gelu", f"--workdir={tmp_path}"]
    assert run_main(script, *arguments, workdir="runs/iterate", uses=("activation",)) == 2
    error = capsys.readouterr().err
    assert error == "error: this experiment needs relu or a sigmoidal activation beside gelu\n"
    assert not any(tmp_path.iterdir())
