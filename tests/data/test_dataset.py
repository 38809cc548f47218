"""Datasets as arrays: splits, dtypes, preprocessing, balance, and names that are refused."""

import dataclasses

import numpy as np
import pytest

from acts_jax import data
from acts_jax.errors import DatasetError


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A data_dir with digits and mnist1d prepared."""
    folder = tmp_path_factory.mktemp("prepared")
    data.load("digits", data_dir=folder)
    data.load("mnist1d", data_dir=folder)
    return folder


def same(a, b):
    return all(
        np.array_equal(getattr(getattr(a, s), f), getattr(getattr(b, s), f))
        for s in ("train", "validation", "test")
        for f in ("inputs", "labels")
    )


def changed(dataset, split, field, change):
    part = getattr(dataset, split)
    values = getattr(part, field).copy()
    return dataclasses.replace(
        dataset, **{split: dataclasses.replace(part, **{field: change(values)})}
    )


def test_a_digest_is_of_everything_that_networks_see(prepared):
    digits = data.load(data_dir=prepared)
    assert len(digits.digest) == 64
    assert data.load(data_dir=prepared).digest == digits.digest
    again = changed(digits, "train", "inputs", np.copy)
    assert again.digest == digits.digest
    assert dataclasses.replace(digits, name="other", version="0").digest == digits.digest
    others = [
        *(data.load("mnist1d", data_dir=prepared, validation_fraction=f) for f in (0.1, 0.2)),
        changed(digits, "train", "inputs", lambda x: np.maximum(x, 1)),
        changed(digits, "test", "labels", lambda y: np.roll(y, 1)),
        changed(digits, "validation", "inputs", lambda x: x[::-1]),
        changed(digits, "train", "inputs", lambda x: x.astype(np.int16)),
        changed(digits, "train", "inputs", lambda x: x.reshape(len(x), 64)),
        changed(digits, "test", "labels", lambda y: y[:-1]),
        dataclasses.replace(digits, class_names=(*digits.class_names, "10")),
        dataclasses.replace(digits, target_scale=2.0),
    ]
    assert len({digits.digest, *(other.digest for other in others)}) == 1 + len(others)


def test_digits_is_what_load_documents(prepared):
    digits = data.load(data_dir=prepared)
    assert (digits.name, digits.version, digits.task) == ("digits", "1.0.0", "classification")
    assert digits.class_names == tuple("0123456789")
    assert digits.input_shape == (8, 8, 1)
    for split, n in ((digits.train, 1157), (digits.validation, 320), (digits.test, 320)):
        assert split.inputs.shape == (n, 8, 8, 1) and split.inputs.dtype == np.uint8
        assert split.labels.shape == (n,) and split.labels.dtype == np.int32


def test_mnist1d_gives_a_tenth_of_each_training_class_to_validation(prepared):
    mnist1d = data.load("mnist1d", data_dir=prepared)
    assert mnist1d.input_shape == (40,) and mnist1d.train.inputs.dtype == np.float32
    assert len(mnist1d.train.labels) + len(mnist1d.validation.labels) == 4000
    assert len(mnist1d.test.labels) == 1000
    kept, given = (np.bincount(s.labels) for s in (mnist1d.train, mnist1d.validation))
    np.testing.assert_array_equal(given, np.round((kept + given) * 0.1))
    inputs = np.concatenate([mnist1d.train.inputs, mnist1d.validation.inputs, mnist1d.test.inputs])
    assert len(np.unique(inputs, axis=0)) == 5000


def test_loading_twice_gives_the_same_arrays(prepared):
    for name in ("digits", "mnist1d"):
        assert same(data.load(name, data_dir=prepared), data.load(name, data_dir=prepared))


@pytest.mark.parametrize("fraction", [0, 0.5, -1, 2, float("nan")])
def test_a_fraction_that_leaves_no_split_is_refused(fraction):
    with pytest.raises(DatasetError, match="validation_fraction must be in"):
        data.load("digits", validation_fraction=fraction)


def test_the_variable_tfds_data_dir_is_read_when_loading(prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "a"))
    first = data.load()
    assert (tmp_path / "a/digits/1.0.0/dataset_info.json").exists()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "b"))
    assert same(first, data.load(data_dir=prepared))
    assert not (tmp_path / "b").exists()  # the argument comes first
    monkeypatch.delenv("TFDS_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    data.load()
    assert (tmp_path / "home/tensorflow_datasets/digits/1.0.0").is_dir()


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_a_home_folder_that_is_not_there_is_one_sentence(name, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", "~nosuchuser/datasets")
    for call in (data.load, data.prepare):
        with pytest.raises(DatasetError, match="no home folder for '~nosuchuser/datasets'"):
            call(name)


def test_preparing_says_nothing_and_importing_loads_nothing(tmp_path, python):
    code = f"""
import sys, acts_jax.data as data
data.check_name("digits"), data.check_name("mnist1d")
assert not {{"tensorflow_datasets", "sklearn", "mnist1d", "jax"}} & set(sys.modules)
data.load("digits", data_dir={str(tmp_path)!r})
assert "tensorflow" not in sys.modules
import logging
logging.warning("still heard")
"""
    process = python(code)
    assert process.communicate(timeout=60) == ("", "WARNING:root:still heard\n")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digit", "unknown dataset 'digit'; did you mean 'digits'"),
        ("minst", "unknown dataset 'minst'; did you mean 'mnist'"),
        ("emnist/lettres", "unknown config 'lettres' of dataset 'emnist'; did you mean 'letters'"),
        ("zzzzzz", "unknown dataset 'zzzzzz'; no TFDS name is near, but .*digits, mnist1d"),
        ("mnist/lettres", "dataset 'mnist' has no configs, and so no 'lettres'"),
        ("mnist:9.9.9", "dataset 'mnist' has no version '9.9.9', only 3.0.1"),
        ("wine:9.9.9", "dataset 'wine' has no version '9.9.9', only 1.0.0"),
        ("a b", "'a b' is no name of a dataset: give NAME, NAME/CONFIG"),
        ("../digits", "'../digits' is no name of a dataset"),
    ],
)
def test_an_unknown_name_gets_the_nearest_one(name, message, tmp_path):
    for check in (data.check_name, data.load):
        with pytest.raises(DatasetError, match=message) as raised:
            check(name, data_dir=tmp_path)
        assert "\n" not in str(raised.value) and "Failed to construct" not in str(raised.value)


def test_a_prepared_set_is_not_to_be_deleted_for_a_name_that_is_wrong(prepared):
    for name in ("digits:9.9.9", "digits/", "digits/x"):
        with pytest.raises(DatasetError) as raised:
            data.load(name, data_dir=prepared)
        assert "delete" not in str(raised.value)


def test_what_comes_along_can_be_asked_for_by_its_version(tmp_path):
    data.check_name("wine:1.0.0", data_dir=tmp_path)
    assert data.load("wine:1.0.0", data_dir=tmp_path).version == "1.0.0"
    assert [path.name for path in tmp_path.iterdir()] == ["wine"]


def test_names_that_come_along_pass_the_check_without_preparing(tmp_path):
    for name in ("digits", "mnist1d", "breast_cancer", "wine", "diabetes"):
        data.check_name(name, data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def apply(kind, fitted_on, inputs):
    scale, shift = data.preprocessing(kind, fitted_on)
    assert scale.dtype == shift.dtype == np.float32
    return inputs.reshape(len(inputs), -1) * scale + shift


def test_images_are_scaled_from_their_full_range():
    images = np.random.RandomState(0).randint(50, 99, (20, 3, 2, 1)).astype(np.uint8)
    flat = images.reshape(20, 6)
    np.testing.assert_allclose(apply("unit", images, images), flat / 255, atol=1e-7)
    np.testing.assert_allclose(apply("symmetric", images, images), flat / 127.5 - 1, atol=1e-7)


def test_features_are_scaled_from_their_training_range():
    x = np.random.RandomState(0).normal(3, [1, 10, 100], (50, 3)).astype(np.float32)
    for kind, low in (("unit", 0), ("symmetric", -1)):
        scaled = apply(kind, x, x)
        np.testing.assert_allclose(scaled.min(0), low, atol=1e-6)
        np.testing.assert_allclose(scaled.max(0), 1, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_standardized_features_have_mean_0_and_variance_1(dtype):
    x = np.random.RandomState(0).randint(0, 255, (500, 4, 3)).astype(dtype)
    scaled = apply("standardize", x, x)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(0), 1, atol=1e-5)


@pytest.mark.parametrize("kind", ["unit", "symmetric", "standardize"])
def test_a_constant_feature_maps_to_0_everywhere(kind):
    constant = np.full((5, 1), 0.1, np.float32)
    elsewhere = np.array([[0.1], [7.0]], np.float32)
    np.testing.assert_array_equal(apply(kind, constant, elsewhere), 0)


def test_constant_pixels_are_0_only_when_standardized():
    blank = np.full((5, 2), 51, np.uint8)
    np.testing.assert_array_equal(apply("standardize", blank, blank), 0)
    np.testing.assert_allclose(apply("unit", blank, blank), 0.2, rtol=1e-6)


def test_an_unknown_preprocessing_gets_the_nearest_one():
    with pytest.raises(ValueError, match=r"unknown preprocessing 'standardise'.*'standardize'"):
        data.preprocessing("standardise", np.zeros((2, 2), np.float32))


def test_chance_is_the_share_of_the_most_frequent_training_class_in_the_test_split():
    def split(*labels):
        return data.Split(np.zeros((len(labels), 1), np.float32), np.array(labels, np.int32))

    common = {"name": "x", "version": "1", "input_shape": (1,)}
    parts = {"train": split(0, 1, 1), "validation": split(0), "test": split(1, 0, 1, 1)}
    two = data.Dataset(**common, **parts, class_names=("a", "b"), task="classification")
    assert two.chance == 0.75
    assert np.isnan(data.Dataset(**common, **parts, class_names=(), task="regression").chance)
    assert {split: c.tolist() for split, c in two.class_counts.items()} == {
        "train": [1, 2],
        "validation": [1, 0],
        "test": [1, 3],
    }


def test_balanced_accuracy_is_the_mean_over_classes_of_the_accuracy_within_each():
    labels = np.array([0] * 90 + [1] * 10 + [3] * 20)
    always_0 = labels == 0
    assert data.balanced_accuracy(always_0, labels, 4) == pytest.approx(1 / 3)  # none of class 2
    half_of_each = np.arange(120) % 2 == 0
    assert data.balanced_accuracy(half_of_each, labels, 4) == pytest.approx(0.5)
    weights = data.class_weights(labels, 4)
    assert weights.dtype == np.float32 and weights[2] == 0
    assert weights[labels].mean() == pytest.approx(1)
