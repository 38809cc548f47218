"""The softmax readout on small networks: probabilities, heads and hidden layers."""

import re

import numpy as np
import pytest
from rich.console import Console

from acts_jax.studies import softmax_readout
from acts_jax.studies.softmax_readout import readouts
from acts_jax.sweep.config import read_config
from acts_jax.sweep.options import Options

pytestmark = pytest.mark.slow

TINY = {"learning_rate": "0.1", "seed": "0,1", "epochs": "4", "depth": "1", "width": "16"}


@pytest.fixture(scope="module")
def study(tmp_path_factory, data_dir):
    """A function (classes) -> the claim about tiny networks."""

    def run(classes=()):
        workdir = tmp_path_factory.mktemp("softmax_readout")
        options = Options(read_config("configs/softmax_readout.py"), workdir, data_dir)
        return softmax_readout.study(
            options.with_fields(**TINY), Console(quiet=True), classes=classes
        )

    return run


def test_probabilities_heads_and_hidden_layers(study):
    claim = study()
    checks = {check.statement: check for check in claim.checks}
    assert checks["they sum to 1: largest deviation"].holds
    same = claim.numbers["two_classes"]
    assert same == pytest.approx({"value": 0, "gradient": 0}, abs=1e-15)
    assert 0 < checks["the smallest probability, float32"].measured < 0.01
    largest = checks["the largest probability, float32: below 1 unless it rounds to it"]
    assert 0.5 < largest.measured <= 1
    assert largest.holds == (largest.measured < 1)
    assert sum(check.theorem for check in claim.checks) == 5
    gained = checks["relu inside is better than softmax inside: accuracy gained"]
    assert gained.measured > 0.3
    scores = claim.numbers["scores"]
    sigmoid, softmax = scores["network"][2:]
    assert re.fullmatch(r"\d or \d: sigmoid head", sigmoid)
    assert softmax == sigmoid.replace("sigmoid", "softmax")
    assert scores["test accuracy"][2:].min() > 0.7
    clear, *doubtful = claim.numbers["examples"].to_dict("records")
    assert clear["label"] == np.argmax(clear["probabilities"]) == 4
    runners_up = [row["runner_up"] for row in doubtful]
    assert runners_up == sorted(runners_up, reverse=True)
    for row in (clear, *doubtful):
        assert len(row["probabilities"]) == 10
        assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-6)
        assert sorted(row["probabilities"])[-2] == pytest.approx(row["runner_up"])


def test_the_heads_tell_the_classes_apart_that_are_asked_for(study):
    assert list(study(["8", "3"]).numbers["scores"]["network"][2:]) == [
        "3 or 8: sigmoid head",
        "3 or 8: softmax head",
    ]


def test_two_classes_of_a_dataset(digits):
    assert readouts.classes_of(digits, ["8", "3"]) == (3, 8)
    two = readouts.two_classes(digits, 3, 8)
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
    return readouts.Readouts(probabilities, np.array(labels))


def test_the_hardest_pair_shares_most_probability_in_both_directions():
    rows = [{c: 1.0} for c in range(10)]
    rows += [{2: 0.5, 7: 0.5}, {7: 0.4, 2: 0.6}, {3: 0.2, 8: 0.8}]
    assert readouts.hardest_pair(made_up(rows, [*range(10), 2, 7, 3])) == (2, 7)
    rows[-1] = {8: 1.0}  # all of a 3's
    rows += [{3: 1.0}]  # and of an 8's
    assert readouts.hardest_pair(made_up(rows, [*range(10), 2, 7, 3, 8])) == (3, 8)


def test_a_four_looks_like_its_most_probable_other_class(digits):
    four = [{4: 0.9, 9: 0.06, 1: 0.04}, {4: 0.98, 1: 0.02}, {7: 0.8, 4: 0.2}, {4: 0.7, 2: 0.3}]
    one = made_up([*four, {9: 1.0}], [4, 4, 4, 4, 9])
    other = made_up([{4: 0.9, 1: 0.1}], [4])
    assert readouts.looks_like(digits, [one, other], "4", ("7", "9")) == [0.5, 0.0]
