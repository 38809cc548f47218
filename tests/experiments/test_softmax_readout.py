"""The softmax readout, through its own command line."""

import json
import re

import numpy as np
import pytest

from acts_jax.studies import softmax_readout as readout
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
    assert main() == 0
    assert (tmp_path / "softmax_readout.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "softmax_readout.json").read_text())
    checks = {check["statement"]: check for check in record["checks"]}
    assert checks["they sum to 1: largest deviation"]["holds"]
    assert record["numbers"]["two_classes"] == pytest.approx({"value": 0, "gradient": 0}, abs=1e-15)
    low, high = (check["measured"] for check in record["checks"][:2])
    assert 0 < low < 0.01
    assert 0.5 < high <= 1
    assert record["checks"][1]["holds"] == (high < 1)
    assert [check["theorem"] for check in record["checks"]] == [True] * 5 + [False] * 3
    gained = checks["relu inside is better than softmax inside: accuracy gained"]
    assert gained["measured"] > 0.3
    scores = record["numbers"]["scores"]
    sigmoid, softmax = scores["network"][2:]
    assert re.fullmatch(r"\d or \d: sigmoid head", sigmoid)
    assert softmax == sigmoid.replace("sigmoid", "softmax")
    assert min(scores["test accuracy"][2:]) > 0.7
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
    assert readout.classes_of(digits, ["8", "3"]) == (3, 8)
    two = readout.two_classes(digits, 3, 8)
    assert two.class_names == ("3", "8")
    assert set(two.train.labels) == {0, 1}
    chosen = np.isin(digits.test.labels, (3, 8))
    np.testing.assert_array_equal(two.test.inputs, digits.test.inputs[chosen])
    np.testing.assert_array_equal(two.test.labels, digits.test.labels[chosen] == 8)


def made_up(rows, labels):
    """Readouts of ten classes whose probabilities are given as {class: probability}."""
    probabilities = np.zeros((len(rows), 10), np.float32)
    for i, row in enumerate(rows):
        probabilities[i, list(row)] = list(row.values())
    return readout.Readouts(probabilities, np.array(labels), np.sort(probabilities)[:, -2])


def test_the_hardest_pair_shares_most_probability_in_both_directions():
    rows = [{c: 1.0} for c in range(10)]
    rows += [{2: 0.5, 7: 0.5}, {7: 0.4, 2: 0.6}, {3: 0.2, 8: 0.8}]
    assert readout.hardest_pair(made_up(rows, [*range(10), 2, 7, 3])) == (2, 7)
    rows[-1] = {8: 1.0}  # all of a 3's
    rows += [{3: 1.0}]  # and of an 8's
    assert readout.hardest_pair(made_up(rows, [*range(10), 2, 7, 3, 8])) == (3, 8)


def test_a_four_looks_like_its_most_probable_other_class(digits):
    four = [{4: 0.9, 9: 0.06, 1: 0.04}, {4: 0.98, 1: 0.02}, {7: 0.8, 4: 0.2}, {4: 0.7, 2: 0.3}]
    one = made_up([*four, {9: 1.0}], [4, 4, 4, 4, 9])
    assert readout.looks_like(digits, [one], "4", ("7", "9")) == [0.5]
    check = readout.likeness_check(digits, [one, one], "4", ("7", "9"))
    assert (check.measured, check.holds) == (0.5, True)
    other = made_up([{4: 0.9, 1: 0.1}], [4])
    assert readout.likeness_check(digits, [other, other], "4", ("7", "9")).holds is False
