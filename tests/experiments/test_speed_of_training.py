"""The speed of training, through its own command line; how fast a step is, is not tested."""

import functools
import json

import pytest

from experiments import speed_of_training as script


@pytest.fixture
def main(run_main, data_dir):
    """The script's main with a command line: its exit status."""
    defaults = {"config": "configs/speed_of_training.py", "workdir": "runs/speed_of_training"}
    return functools.partial(run_main, script, f"--data_dir={data_dir}", **defaults)


def test_steps_and_seconds_to_a_loss(main, tmp_path, capsys):
    arguments = ["--config.activation=sigmoid,relu", "--config.depth=3", "--config.width=16"]
    arguments += ["--config.learning_rate=0.03,0.1", "--config.epochs=4", "--config.evals=4"]
    arguments += ["--config.seed=0,1,2", "--loss=1", f"--workdir={tmp_path}"]
    assert main(*arguments) == 0
    assert "Verdict" in capsys.readouterr().out
    assert (tmp_path / "speed_of_training.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "speed_of_training.json").read_text())
    table = record["numbers"]["summary"]
    relu, sigmoid = (table["activation"].index(name) for name in ("relu", "sigmoid"))
    assert table["reached"][relu] == 3
    assert 0 < table["steps"][relu] < 72
    assert table["seconds"][relu] == pytest.approx(
        table["steps"][relu] * table["milliseconds"][relu] / 1e3
    )
    assert table["reached"][sigmoid] == 0  # three layers of it are too slow for so few steps
    assert table["steps"][sigmoid] is None
    steps, seconds = record["checks"]
    assert steps["statement"].startswith("depth 3, 16 units: the sigmoid takes at least 2 times")
    assert "never got there count 72 steps: 3 sigmoid)" in steps["statement"]
    assert steps["measured"] > 1
    assert steps["threshold"] == "at least 2 times"
    assert steps["verdict"] != "does not hold here"
    assert seconds["verdict"] != "does not hold here"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config.activation=relu,tanh"], "needs activation sigmoid"),
        (["--config.width=16,32"], "takes one width, not 16, 32"),
        (["--config.layer_norm=true,false"], "takes one layer_norm, not True, False"),
        (["--config.momentum=0,0.9"], "takes one momentum"),
        (["--config.hidden_sizes=16-16,32-16"], "one shape of the hidden layers for each depth"),
        (["--config.activation=sigmoid,relu,elu", "--config.elu.alpha=1,2"], "takes one alpha"),
        (["--loss=0"], "loss"),
    ],
)
def test_another_sweep_is_refused(main, tmp_path, capsys, arguments, message):
    assert main(*arguments, f"--workdir={tmp_path}") != 0
    captured = capsys.readouterr()
    assert message in captured.err + captured.out
    assert not list(tmp_path.glob("groups/*"))
