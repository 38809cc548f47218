"""The derivative at a kink as a command: what it refuses."""

import pytest

from experiments import kinks as script

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--config.relu_at_zero.slope_at_zero=1", "relu_at_zero"),
        ("--config.activation=relu", "relu_at_zero"),
        ("--config.momentum=0,0.9", "takes one momentum, not 0.0, 0.9"),
        ("--config.patience=3", "takes patience 0, not 3"),
    ],
)
def test_what_pairs_would_mix_is_refused(run_main, tmp_path, data_dir, capsys, argument, message):
    defaults = {"config": "configs/kinks.py", "workdir": str(tmp_path)}
    assert run_main(script, argument, f"--data_dir={data_dir}", **defaults) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
