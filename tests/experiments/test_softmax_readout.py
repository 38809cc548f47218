"""The softmax readout as a command: mistakes are told in one line."""

import pytest

from experiments import softmax_readout as script

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--classes=0,ten", "has no class 'ten'"),
        ("--classes=3", "give two classes"),
        ("--config.width=4,8", "takes one depth and width"),
    ],
)
def test_mistakes_are_one_line(run_main, tmp_path, data_dir, capsys, argument, message):
    defaults = {"config": "configs/softmax_readout.py", "workdir": str(tmp_path)}
    assert run_main(script, argument, f"--data_dir={data_dir}", **defaults) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
