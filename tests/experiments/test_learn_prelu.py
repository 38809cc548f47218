"""Learned slopes as a command: what it refuses."""

import pytest

from experiments import learn_prelu as script

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config.activation=leaky_relu", "--config.prelu.slope=1"], "prelu"),
        (["--config.depth=1,2"], "takes one depth, not 1, 2"),
        (["--config.share=network"], "needs share layer"),
        (["--config.prelu.slope=1"], "needs several prelu.slope to start at, not 1"),
    ],
)
def test_another_sweep_is_refused_in_one_line(
    run_main, tmp_path, data_dir, capsys, arguments, message
):
    defaults = {"config": "configs/learn_prelu.py", "workdir": str(tmp_path)}
    assert run_main(script, *arguments, f"--data_dir={data_dir}", **defaults) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
