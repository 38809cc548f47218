"""The softmax readout, through its own command line."""

import json

import numpy as np
import pytest

from acts_jax.report import readout
from experiments import softmax_readout as script


@pytest.fixture
def main(run_main, tmp_path, data_dir):
    """The script's main on a tiny config, with more arguments: its exit status."""

    def run(*arguments):
        return run_main(
            script,
            "--config.learning_rate=0.1",
            "--config.seed=0,1",
            "--config.epochs=4",
            "--config.depth=1",
            "--config.width=16",
            f"--workdir={tmp_path}",
            f"--data_dir={data_dir}",
            *arguments,
            config="configs/softmax_readout.py",
            workdir="runs/softmax_readout",
        )

    return run


def test_probabilities_heads_and_hidden_layers(main, tmp_path):
    assert main("--classes=0,1") == 0
    assert (tmp_path / "softmax_readout.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "softmax_readout.json").read_text())
    checks = {check["statement"]: check for check in record["checks"]}
    assert checks["they sum to 1: largest deviation"]["holds"]
    assert record["numbers"]["two_classes"] == pytest.approx({"value": 0, "gradient": 0}, abs=1e-15)
    gained = checks["relu inside is better than softmax inside: accuracy gained"]
    assert gained["measured"] > 0.3
    scores = record["numbers"]["scores"]
    assert scores["network"][2:] == ["0 or 1: sigmoid head", "0 or 1: softmax head"]
    assert min(scores["test accuracy"][2:]) > 0.95
    clear, *doubtful = zip(*record["numbers"]["examples"].values(), strict=True)
    assert clear[1] == 4
    assert np.argmax(clear[3]) == 4
    assert [row[2] for row in doubtful] == sorted((row[2] for row in doubtful), reverse=True)
    for _, _, runner_up, probabilities in (clear, *doubtful):
        assert len(probabilities) == 10
        assert sum(probabilities) == pytest.approx(1, abs=1e-6)
        assert sorted(probabilities)[-2] == pytest.approx(runner_up)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--classes=0,ten", "has no class 'ten'"),
        ("--classes=3", "give two classes"),
        ("--config.width=4,8", "takes one depth and width"),
    ],
)
def test_mistakes_are_one_line(main, capsys, argument, message):
    assert main(argument) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_two_classes_of_a_dataset(digits):
    two = readout.two_classes(digits, 3, 8)
    assert two.class_names == ("3", "8")
    assert set(two.train.labels) == {0, 1}
    chosen = np.isin(digits.test.labels, (3, 8))
    np.testing.assert_array_equal(two.test.inputs, digits.test.inputs[chosen])
    np.testing.assert_array_equal(two.test.labels, digits.test.labels[chosen] == 8)
