"""The softmax readout on small networks: probabilities, heads and hidden layers."""

import re

import numpy as np
import pytest
from rich.console import Console

from acts_jax import activations
from acts_jax.studies import softmax_readout
from acts_jax.studies.softmax_readout import claim as claims
from acts_jax.studies.softmax_readout import readouts, rescaled
from acts_jax.sweep.config import read_config
from acts_jax.sweep.options import Options

pytestmark = pytest.mark.slow

TINY = {"learning_rate": "0.1", "seed": "0,1", "epochs": "4", "depth": "1", "width": "16"}


def measured(**changes):
    """Made-up measurements in which every statement holds, but for the changes."""
    fields = {
        "extremes": readouts.Extremes(smallest=1e-40, rest=1e-9, off=1e-7),
        "two_minus_one": {"value": 1e-16, "gradient": 0.0},
        "two": "3 or 8",
        "heads": (np.array([0.97, 0.98]), np.array([0.971, 0.979])),
        "inside": {"relu": np.array([0.97, 0.98]), "softmax": np.array([0.2, 0.22])},
        "likeness": [0.5, 0.52],
        "classes": 10,
    }
    return claims.Measured(**fields | changes)


def wrong():
    """The checks of measurements that contradict every statement."""
    low, high = np.array([0.50, 0.51]), np.array([0.97, 0.98])
    return list(
        claims.checks(
            measured(
                extremes=readouts.Extremes(smallest=0.0, rest=0.0, off=1e-6),
                two_minus_one={"value": 2e-15, "gradient": 2e-15},
                heads=(low, high),
                inside={"relu": high, rescaled.LABEL: high - np.array([0.001, 0.002])},
                likeness=[0.1, 0.11],
            )
        )
    )


def test_what_is_measured_decides_every_statement():
    assert {check.holds for check in claims.checks(measured())} == {True}
    assert [check.statement for check in wrong() if check.holds is not False] == []


def test_a_probability_that_rounds_to_1_in_float32_is_below_1_all_the_same():
    barely = measured(extremes=readouts.Extremes(smallest=1e-300, rest=1e-30, off=0.0))
    assert all(check.holds for check in claims.checks(barely))


def test_rescaled_softmax_has_mean_0_and_the_scale_of_a_hidden_layer():
    x = np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)
    values = np.asarray(activations.get(rescaled.NAME)(x))
    e = np.exp(x.astype(float))
    np.testing.assert_allclose(values, 64 * e / e.sum(axis=1, keepdims=True) - 1, atol=1e-5)
    assert abs(values.mean()) < 1e-6
    assert 0.5 < values.std() < 3  # softmax: 0.02


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
    assert checks["float32 sums to 1: largest deviation"].holds
    same = claim.numbers["two_classes"]
    assert same == pytest.approx({"value": 0, "gradient": 0}, abs=1e-15)
    assert 0 < checks["the smallest probability, in float64"].measured < 0.01
    rest = checks["the least that the other classes leave to 1, in float64"]
    assert 0 < rest.measured < 0.5
    assert sum(check.theorem and check.holds for check in claim.checks) == 5
    gained = checks["relu inside is better than softmax inside: accuracy gained"]
    assert gained.measured > 0.3
    rescaled_too = checks["relu inside is better than n · softmax − 1 inside: accuracy gained"]
    assert rescaled_too.measured < gained.measured
    assert "n · softmax − 1 in place of softmax, change the accuracy inside by +" in claim.summary
    scores = claim.numbers["scores"]
    sigmoid, softmax = scores["network"][3:]
    assert re.fullmatch(r"\d or \d: sigmoid head", sigmoid)
    assert softmax == sigmoid.replace("sigmoid", "softmax")
    assert scores["test accuracy"][3:].min() > 0.7
    clear, *doubtful = claim.numbers["examples"].to_dict("records")
    assert clear["label"] == np.argmax(clear["probabilities"]) == 4
    runners_up = [row["runner_up"] for row in doubtful]
    assert runners_up == sorted(runners_up, reverse=True)
    for row in (clear, *doubtful):
        assert len(row["probabilities"]) == 10
        assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-6)
        assert sorted(row["probabilities"])[-2] == pytest.approx(row["runner_up"])


def test_the_heads_tell_the_classes_apart_that_are_asked_for(study):
    assert list(study(["8", "3"]).numbers["scores"]["network"][3:]) == [
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
