"""What a dataset holds, divided: rows, classes and targets."""

import numpy as np
import pytest

from acts_jax.errors import DatasetError


def test_the_carved_rows_never_change(tiny):
    tiny.store("carved", {"train": tiny.rows([0, 1] * 10)})
    carved = tiny.load("carved", validation_fraction=0.2)
    assert carved.validation.inputs[:, 0].tolist() == [0, 3, 12, 15]
    assert carved.test.inputs[:, 0].tolist() == [7, 11, 14, 16]
    together = [s.inputs[:, 0] for s in (carved.train, carved.validation, carved.test)]
    assert sorted(np.concatenate(together)) == list(range(20))
    for split in (carved.validation, carved.test):
        assert np.bincount(split.labels).tolist() == [2, 2]
    np.testing.assert_array_equal(carved.train.labels, carved.train.inputs[:, 0] % 2)


def test_splits_that_are_there_stay_as_they_are(tiny):
    stored = {"train": tiny.rows([0, 1] * 10), "test": tiny.rows([1, 0, 0])}
    tiny.store("halved", stored)
    halved = tiny.load("halved", validation_fraction=0.2)
    assert halved.test.labels.tolist() == [1, 0, 0]
    assert len(halved.train.labels) == 16 and len(halved.validation.labels) == 4


def test_a_class_that_no_split_has_is_left_out(tiny):
    tiny.store("letters", {"train": tiny.rows([1, 3, 4] * 10)}, y=tiny.classes(5))
    letters = tiny.load("letters")
    assert letters.class_names == ("1", "3", "4")
    np.testing.assert_array_equal(letters.train.labels, letters.train.inputs[:, 0] % 3)
    assert letters.class_counts["validation"].tolist() == [1, 1, 1]


def test_a_class_that_cannot_be_learned_is_refused(tiny):
    for name, train, test, message in (
        ("untrained", [0, 0], [0, 1], "no training example of class '1'"),
        ("alone", [1, 1], [1], "class '1' only: there is nothing to tell apart"),
    ):
        splits = {"train": train, "validation": train, "test": test}
        tiny.store(name, {split: tiny.rows(labels) for split, labels in splits.items()})
        with pytest.raises(DatasetError, match=f"dataset '{name}' has .*{message}"):
            tiny.load(name)


def test_a_train_split_too_small_to_share_is_refused(tiny):
    tiny.store("small", {"train": tiny.rows([0, 1])})
    with pytest.raises(DatasetError, match="no example for its validation split"):
        tiny.load("small")


def test_targets_are_standardised_over_the_training_split_alone(tiny):
    targets = {"train": [10, 20, 30, 40], "validation": [25], "test": [1000]}
    rows = {split: tiny.rows(values) for split, values in targets.items()}
    tiny.store("prices", rows, y=tiny.numbers())
    prices = tiny.load("prices")
    assert (prices.target_mean, prices.target_scale) == (25, pytest.approx(np.sqrt(125)))
    assert prices.train.labels.mean() == pytest.approx(0, abs=1e-7)
    assert prices.train.labels.std() == pytest.approx(1)
    for split, values in targets.items():
        labels = getattr(prices, split).labels
        assert labels.dtype == np.float32
        back = labels * prices.target_scale + prices.target_mean
        np.testing.assert_allclose(back, values, rtol=1e-6)


def test_a_target_that_never_varies_is_refused(tiny):
    rows = {split: tiny.rows([7, 7]) for split in ("train", "validation", "test")}
    tiny.store("constant", rows, y=tiny.numbers())
    with pytest.raises(DatasetError, match="the target 7 in every training row"):
        tiny.load("constant")
