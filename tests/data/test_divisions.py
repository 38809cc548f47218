"""Split seeds: the same rows dealt anew, published splits untouched, each test row by a number."""

import dataclasses
import pickle
import zlib

import numpy as np
import pytest

from acts_jax import data
from acts_jax.errors import DatasetError

SPLITS = ("train", "validation", "test")


def rows_of(dataset, splits=SPLITS):
    """The inputs and targets of some splits together, sorted."""
    parts = [getattr(dataset, s) for s in splits]
    inputs = np.concatenate([p.inputs.reshape(len(p.labels), -1) for p in parts])
    labels = np.concatenate([p.labels for p in parts]).astype(float)
    targets = labels * dataset.target_scale + dataset.target_mean
    table = np.column_stack([inputs, targets.round(3)])
    return table[np.lexsort(table.T)]


def same(a, b):
    return all(
        np.array_equal(getattr(getattr(a, s), f), getattr(getattr(b, s), f))
        for s in SPLITS
        for f in ("inputs", "labels")
    )


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine", "diabetes"])
def test_the_same_rows_are_dealt_anew_in_the_same_numbers(name, data_dir):
    first = data.load(name, data_dir=data_dir)
    second, third = first.divided(1), first.divided(2)
    assert (second.split_seed, third.split_seed) == (1, 2)
    for dataset in (second, third):
        np.testing.assert_array_equal(rows_of(dataset), rows_of(first))
        for split, counts in first.class_counts.items():
            np.testing.assert_array_equal(dataset.class_counts[split], counts)
            assert getattr(dataset, split).inputs.shape == getattr(first, split).inputs.shape
    tests = [set(dataset.test_rows.tolist()) for dataset in (first, second, third)]
    # Of two draws of a fifth, a fifth is in both.
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert 0 < len(tests[one] & tests[other]) < 0.5 * len(tests[0])


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_a_test_row_is_the_same_example_under_every_split_seed(name, data_dir):
    first, found = data.load(name, data_dir=data_dir), {}
    for seed in range(12):
        dataset = first.divided(seed)
        assert dataset.test_rows.dtype == np.int32
        targets = dataset.test.labels * dataset.target_scale + dataset.target_mean
        for row, image, target in zip(dataset.test_rows, dataset.test.inputs, targets, strict=True):
            there, before = found.setdefault(int(row), (image, target))
            np.testing.assert_array_equal(image, there)
            assert target == pytest.approx(before, abs=1e-4)
    total = sum(len(getattr(first, s).labels) for s in SPLITS)
    assert 0.85 * total < len(found) <= total and max(found) < total
    np.testing.assert_array_equal(first.test_rows, np.arange(len(first.test.labels)))


def test_split_seed_0_is_the_documented_division_from_wherever_it_is_asked(data_dir):
    for name in ("digits", "diabetes"):
        first = data.load(name, data_dir=data_dir)
        assert first.divided(0) is first
        third = data.load(name, data_dir=data_dir, split_seed=3)
        assert same(third, first.divided(3)) and same(third, first.divided(1).divided(3))
        assert same(third.divided(0), first) and third.divided(0).digest == first.digest
        assert third.digest != first.digest


def test_divisions_are_the_same_for_ever(data_dir):
    digits = data.load("digits", data_dir=data_dir)
    checksums = [
        [zlib.crc32(getattr(digits.divided(seed), s).inputs.tobytes()) for s in SPLITS]
        for seed in (1, 2**32 - 1)
    ]
    assert checksums == [
        [1033290821, 2814284228, 1050953874],
        [1432069860, 126547637, 3105795182],
    ]


def test_a_published_test_split_stays(data_dir):
    first = data.load("mnist1d", data_dir=data_dir)
    second = first.divided(1)
    assert second.test is first.test
    np.testing.assert_array_equal(second.test_rows, np.arange(1000))
    others = ("train", "validation")
    np.testing.assert_array_equal(rows_of(first, others), rows_of(second, others))
    assert not np.array_equal(first.validation.inputs, second.validation.inputs)
    for split in others:
        np.testing.assert_array_equal(first.class_counts[split], second.class_counts[split])


def test_carved_splits_are_dealt_and_published_ones_are_not(tiny):
    train, given = tiny.rows([0, 1] * 20), tiny.rows([1, 0, 0])
    tiny.store("trained", {"train": train})
    tiny.store("tested", {"train": train, "test": given})
    tiny.store("validated", {"train": train, "validation": given})
    trained = tiny.load("trained", validation_fraction=0.2)
    for seed in range(4):  # an input is the number of its row
        divided = trained.divided(seed)
        np.testing.assert_array_equal(divided.test_rows, divided.test.inputs[:, 0])
    moved = {
        name: [
            s
            for s in SPLITS
            if not np.array_equal(getattr(one, s).inputs, getattr(one.divided(1), s).inputs)
        ]
        for name in ("trained", "tested", "validated")
        for one in [tiny.load(name, validation_fraction=0.2)]
    }
    assert moved == {
        "trained": ["train", "validation", "test"],
        "tested": ["train", "validation"],
        "validated": ["train", "test"],
    }


def test_what_cannot_be_divided_anew_says_so(tiny, digits):
    rows = tiny.rows([0, 1] * 5)
    tiny.store("published", {split: rows for split in SPLITS})
    published = tiny.load("published")
    assert published.divided(0) is published
    with pytest.raises(DatasetError) as error:
        tiny.load("published", split_seed=1)
    assert str(error.value) == (
        "dataset 'published' keeps its splits, all three of them as published: split_seed is 0, "
        "and cannot be 1"
    )
    tiny.store("priced", {split: tiny.rows([10, 20]) for split in SPLITS}, y=tiny.numbers())
    priced = tiny.load("priced")
    assert priced.target_unit(0) == (15, 5)
    assert priced.test_rows.tolist() == [0, 1]
    # Rows of one's own are not those of the division that they were made from.
    few = dataclasses.replace(digits, train=digits.validation)
    assert few.divided(0) is few
    with pytest.raises(DatasetError, match=r"'digits' keeps its splits, .*given as arrays: .* 1$"):
        few.divided(1)
    with pytest.raises(DatasetError, match=r"split_seed must be from 0 to 2\^32 - 1, not -1"):
        digits.divided(-1)


def test_targets_and_preprocessing_are_of_the_divisions_own_training_rows(data_dir):
    first = data.load("diabetes", data_dir=data_dir)
    second = first.divided(1)
    assert second.target_scale != first.target_scale
    assert (second.target_mean, second.target_scale) == first.target_unit(1)
    assert second.train.labels.mean() == pytest.approx(0, abs=1e-6)
    assert second.train.labels.std() == pytest.approx(1)
    scale, shift = data.preprocessing("standardize", second.train.inputs)
    assert (second.train.inputs * scale + shift).mean(0) == pytest.approx(0, abs=1e-3)


def test_a_dataset_travels_with_each_example_once(data_dir):
    for name in ("digits", "mnist1d"):
        dataset = data.load(name, data_dir=data_dir)
        content = sum(getattr(dataset, s).inputs.nbytes for s in SPLITS)
        sent = pickle.dumps(dataset)
        assert len(sent) < 1.2 * content
        assert same(pickle.loads(sent).divided(1), dataset.divided(1))
