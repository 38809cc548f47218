"""The published study as a command: what it refuses."""

import pytest

from experiments import uva_tutorial3 as script

pytestmark = pytest.mark.slow


def test_another_set_of_activations_is_refused(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/uva_tutorial3.py", "workdir": str(tmp_path)}
    arguments = ["--activation=relu,tanh", "--dataset=digits", f"--data_dir={data_dir}"]
    assert run_main(script, *arguments, **defaults) == 2
    assert "compares the activations sigmoid and tanh and relu" in capsys.readouterr().err
