"""The tables that come along, against the arrays of scikit-learn."""

import zlib

import numpy as np
import pytest
import sklearn.datasets

from acts_jax import data
from acts_jax.data.embedded import BUILDERS

SOURCES = {
    "breast_cancer": sklearn.datasets.load_breast_cancer,
    "wine": sklearn.datasets.load_wine,
    "diabetes": lambda: sklearn.datasets.load_diabetes(scaled=False),
}


def sorted_rows(*columns):
    rows = np.column_stack(columns)
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("name", SOURCES)
def test_every_row_of_the_source_is_in_exactly_one_split(name):
    source, ours = SOURCES[name](), BUILDERS[name].splits()
    features, labels = (np.concatenate(part) for part in zip(*ours.values(), strict=True))
    np.testing.assert_array_equal(
        sorted_rows(features, labels), sorted_rows(source.data.astype(np.float32), source.target)
    )
    assert len(np.unique(features, axis=0)) == len(source.data)  # no row's twin is elsewhere


def test_the_splits_are_the_same_bytes_for_ever():
    checksums = {
        name: [
            zlib.crc32(x.tobytes() + y.astype("<f4").tobytes())
            for x, y in BUILDERS[name].splits().values()
        ]
        for name in SOURCES
    }
    assert checksums == {
        "breast_cancer": [2455561684, 3339350586, 2198383911],
        "wine": [4152293991, 2738336871, 2606074464],
        "diabetes": [1702127056, 2586678215, 345245819],
    }


def test_breast_cancer_has_two_classes_in_every_split(data_dir):
    tumours = data.load("breast_cancer", data_dir=data_dir)
    assert tumours.class_names == ("malignant", "benign") and tumours.input_shape == (30,)
    counts = {split: c.tolist() for split, c in tumours.class_counts.items()}
    assert counts == {"train": [128, 215], "validation": [42, 71], "test": [42, 71]}
    assert tumours.chance == 71 / 113


def test_wine_has_three_classes_in_every_split(data_dir):
    wine = data.load("wine", data_dir=data_dir)
    assert wine.input_shape == (13,) and len(wine.class_names) == 3
    counts = {split: c.tolist() for split, c in wine.class_counts.items()}
    assert counts == {"train": [35, 43, 28], "validation": [12, 14, 10], "test": [12, 14, 10]}


def test_diabetes_is_a_regression_that_can_be_told_in_its_own_unit(data_dir):
    diabetes = data.load("diabetes", data_dir=data_dir)
    assert diabetes.task == "regression" and diabetes.input_shape == (10,)
    labels = np.concatenate(
        [s.labels for s in (diabetes.train, diabetes.validation, diabetes.test)]
    )
    progress = labels * diabetes.target_scale + diabetes.target_mean
    np.testing.assert_allclose(
        np.sort(progress), np.sort(sklearn.datasets.load_diabetes().target), rtol=1e-5
    )
    assert len(diabetes.train.labels) == 266
    assert abs(diabetes.train.labels.mean()) < 1e-6
    assert diabetes.train.labels.std() == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "author"),
    [("breast_cancer", "Wolberg"), ("wine", "Aeberhard"), ("diabetes", "Efron")],
)
def test_the_dataset_says_where_it_comes_from(name, author, tmp_path):
    info = BUILDERS[name](data_dir=tmp_path).info
    assert author in info.citation and "RandomState(0)" in info.description
    assert info.homepage.startswith("https://")
