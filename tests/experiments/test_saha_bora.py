"""SBAF and A-ReLU as a command: what it refuses."""

import pytest

from experiments import saha_bora as script

pytestmark = pytest.mark.slow


def test_a_regression_is_refused(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/saha_bora.py", "workdir": str(tmp_path)}
    assert run_main(script, "--dataset=diabetes", f"--data_dir={data_dir}", **defaults) == 2
    assert "needs classes, and diabetes is a regression" in capsys.readouterr().err
