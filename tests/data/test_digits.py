"""The digits, against the arrays of scikit-learn."""

import zlib

import numpy as np
from sklearn.datasets import load_digits

from acts_jax.data.embedded import Digits


def sorted_rows(*columns):
    rows = np.column_stack(columns)
    return rows[np.lexsort(rows.T)]


def test_every_digit_of_the_source_is_in_exactly_one_split():
    images, labels = (np.concatenate(part) for part in zip(*Digits.splits().values(), strict=True))
    assert images.shape == (1797, 8, 8, 1) and images.dtype == np.uint8
    ink = np.round(images.reshape(-1, 64) * (16 / 255))
    np.testing.assert_array_equal(
        sorted_rows(ink, labels), sorted_rows(*load_digits(return_X_y=True))
    )
    assert len(np.unique(ink, axis=0)) == 1797  # so no digit's twin is in another split


def test_validation_and_test_hold_32_digits_of_each_class():
    by_split = {name: np.bincount(labels) for name, (_, labels) in Digits.splits().items()}
    assert by_split["validation"].tolist() == by_split["test"].tolist() == [32] * 10
    assert by_split["train"].sum() == 1157


def test_the_splits_are_the_same_bytes_for_ever():
    checksums = {
        name: (zlib.crc32(images.tobytes()), zlib.crc32(labels.astype("<i4").tobytes()))
        for name, (images, labels) in Digits.splits().items()
    }
    assert checksums == {
        "train": (1298172393, 1031680048),
        "validation": (3521559694, 307524207),
        "test": (4147645296, 396271358),
    }


def test_the_dataset_says_where_it_comes_from(tmp_path):
    info = Digits(data_dir=tmp_path).info
    assert "Alpaydin" in info.citation and "Kaynak" in info.citation
    assert "round(v * 255 / 16)" in info.description
    assert info.homepage.startswith("https://archive.ics.uci.edu/")
