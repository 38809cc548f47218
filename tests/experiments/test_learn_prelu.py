"""Learned slopes, through their own command line."""

import json

import numpy as np
import pytest

from experiments import learn_prelu as script

TINY = [
    "--config.leaky_relu.negative_slope=0,0.25,1",
    "--config.prelu.slope=0,0.25",
    "--config.share=layer",
    "--config.depth=2",
    "--config.width=8",
    "--config.learning_rate=0.1",
    "--config.epochs=2",
    "--config.evals=2",
    "--config.seed=0,1,2",
]


@pytest.fixture
def main(run_main, data_dir):
    """The script's main with a command line: its exit status."""

    def main(*arguments):
        defaults = {"config": "configs/learn_prelu.py", "workdir": "runs/learn_prelu"}
        return run_main(script, *arguments, f"--data_dir={data_dir}", **defaults)

    return main


def test_where_slopes_end_and_how_accurate_they_are(main, tmp_path, capsys):
    assert main(*TINY, f"--workdir={tmp_path}") == 0
    printed = capsys.readouterr().out
    assert "Verdict" in printed
    assert "21 cells in 3 groups" in printed  # fixed slopes neither decay nor are shared
    assert (tmp_path / "learn_prelu.png").stat().st_size > 10_000
    numbers = json.loads((tmp_path / "learn_prelu.json").read_text())["numbers"]
    assert list(numbers["test_accuracy_by_fixed_slope"]) == ["0.0", "0.25", "1.0"]
    paths = {key: np.array(values) for key, values in numbers["paths_per_layer"].items()}
    first, last = paths["epoch"] == 0, paths["epoch"] == 2
    np.testing.assert_array_equal(paths["value"][first], paths["prelu.slope"][first])
    assert np.all(paths["value"][last] != paths["prelu.slope"][last])
    assert set(paths["layer"]) == {1, 2}
    ends = numbers["ends"]["per layer"]
    assert set(ends["prelu.slope"]) == {0.25}
    assert len(ends["value"]) == 6
    chosen = numbers["selection"]
    means = {k: np.mean(v) for k, v in numbers["test_accuracy_by_variant"].items()}
    assert means == pytest.approx(
        dict(zip(chosen["activation"], chosen["test_accuracy"], strict=True))
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config.activation=leaky_relu", "--config.prelu.slope=1"], "prelu"),
        (["--config.depth=1,2"], "takes one depth, not 1, 2"),
        (["--config.share=network"], "needs share layer"),
        (["--config.prelu.slope=1"], "needs several prelu.slope to start at, not 1"),
    ],
)
def test_another_sweep_is_refused_in_one_line(main, tmp_path, capsys, arguments, message):
    assert main(*TINY, "--config.epochs=1", *arguments, f"--workdir={tmp_path}") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
