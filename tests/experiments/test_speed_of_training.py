"""The speed of training as a command: what it refuses."""

import functools

import pytest

from experiments import speed_of_training as script

pytestmark = pytest.mark.slow


@pytest.fixture
def main(run_main, data_dir):
    """The script's main with a command line: its exit status."""
    defaults = {"config": "configs/speed_of_training.py", "workdir": "runs/speed_of_training"}
    return functools.partial(run_main, script, f"--data_dir={data_dir}", **defaults)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config.activation=relu,tanh"], "needs activation sigmoid"),
        (["--config.width=16,32"], "takes one width, not 16, 32"),
        (["--config.layer_norm=true,false"], "takes one layer_norm, not True, False"),
        (["--config.momentum=0,0.9"], "takes one momentum"),
        (["--config.hidden_sizes=16-16,32-16"], "one shape of the hidden layers for each depth"),
        (
            ["--config.activation=sigmoid,relu,elu", "--config.elu.alpha=1,2"],
            "elu.alpha takes one",
        ),
        (["--loss=0"], "loss"),
    ],
)
def test_another_sweep_is_refused(main, tmp_path, capsys, arguments, message):
    assert main(*arguments, f"--workdir={tmp_path}") != 0
    captured = capsys.readouterr()
    assert message in captured.err + captured.out
    assert not list(tmp_path.glob("groups/*"))
