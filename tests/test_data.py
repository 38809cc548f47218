"""Datasets as arrays: splits, dtypes, preprocessing, and what is refused."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from acts_jax import data

REPO = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A data_dir with digits and mnist1d prepared."""
    folder = tmp_path_factory.mktemp("prepared")
    data.load("digits", data_dir=folder)
    data.load("mnist1d", data_dir=folder)
    return folder


def python(code, **environment):
    """Starts a fresh Python on `code`."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        cwd=REPO,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def store(folder, name, features, splits, keys=("x", "y"), file_format="array_record"):
    """Prepares a dataset in `folder`, to be found there by its name alone."""

    class Stored(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(features),
                supervised_keys=keys,
                disable_shuffling=True,
            )

        def _split_generators(self, dl_manager):
            return {s: self._generate_examples(rows) for s, rows in splits.items()}

        def _generate_examples(self, rows):
            yield from enumerate(rows)

    Stored.name = name
    Stored(data_dir=folder, file_format=file_format).download_and_prepare()


def numbers(*shape):
    return tfds.features.Tensor(shape=shape, dtype=np.float32)


def classes(n):
    return tfds.features.ClassLabel(num_classes=n)


def rows(labels, width=2):
    return [{"x": np.full(width, i, np.float32), "y": y} for i, y in enumerate(labels)]


def same(a, b):
    return all(
        np.array_equal(getattr(getattr(a, s), f), getattr(getattr(b, s), f))
        for s in ("train", "validation", "test")
        for f in ("inputs", "labels")
    )


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


def test_the_carved_rows_never_change(tmp_path):
    store(tmp_path, "carved", {"x": numbers(2), "y": classes(2)}, {"train": rows([0, 1] * 10)})
    carved = data.load("carved", data_dir=tmp_path, validation_fraction=0.2)
    assert carved.validation.inputs[:, 0].tolist() == [0, 3, 12, 15]
    assert carved.test.inputs[:, 0].tolist() == [7, 11, 14, 16]
    together = [s.inputs[:, 0] for s in (carved.train, carved.validation, carved.test)]
    assert sorted(np.concatenate(together)) == list(range(20))
    for split in (carved.validation, carved.test):
        assert np.bincount(split.labels).tolist() == [2, 2]
    np.testing.assert_array_equal(carved.train.labels, carved.train.inputs[:, 0] % 2)


@pytest.mark.parametrize("fraction", [0, 0.5, -1, 2, float("nan")])
def test_a_fraction_that_leaves_no_split_is_refused(fraction):
    with pytest.raises(data.DatasetError, match="validation_fraction must be in"):
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


def test_processes_preparing_at_once_all_get_the_data(prepared, tmp_path):
    code = f"""
import acts_jax.data, zlib
d = acts_jax.data.load(data_dir={str(tmp_path)!r})
print(zlib.crc32(b"".join(s.inputs.tobytes() for s in (d.train, d.validation, d.test))))
"""
    running = [python(code) for _ in range(2)]
    ends = [(*p.communicate(timeout=60), p.returncode) for p in running]
    assert len({out for out, _, _ in ends}) == 1
    assert all(err == "" and status == 0 for _, err, status in ends)
    assert [p.name for p in (tmp_path / "digits").iterdir()] == ["1.0.0"]
    assert same(data.load(data_dir=tmp_path), data.load(data_dir=prepared))


def test_preparing_says_nothing_and_importing_loads_nothing(tmp_path):
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


def test_tables_are_flattened_and_classes_among_the_inputs_get_a_column_each(tmp_path):
    features = {
        "x": {"b": numbers(2), "a": tfds.features.Scalar(np.int64), "c": classes(3)},
        "y": tfds.features.Scalar(np.float32),
    }
    table = [{"x": {"b": [i, -i], "a": 7, "c": i % 3}, "y": i / 2} for i in range(10)]
    store(tmp_path, "table", features, {"train": table, "validation": table, "test": table[:3]})
    loaded = data.load("table", data_dir=tmp_path)
    assert (loaded.task, loaded.class_names, loaded.input_shape) == ("regression", (), (6,))
    np.testing.assert_array_equal(
        loaded.test.inputs, [[7, 0, 0, 1, 0, 0], [7, 1, -1, 0, 1, 0], [7, 2, -2, 0, 0, 1]]
    )
    assert loaded.test.inputs.dtype == loaded.test.labels.dtype == np.float32
    assert loaded.test.labels.tolist() == [0, 0.5, 1]


def pictures(sizes):
    return [{"x": Image.new("L", size, 10 * i), "y": i % 2} for i, size in enumerate(sizes)]


def test_encoded_images_keep_dtype_and_shape(tmp_path):
    features = {"x": tfds.features.Image(shape=(None, None, 1)), "y": classes(2)}
    splits = dict.fromkeys(("train", "validation", "test"), pictures([(5, 4)] * 6))
    store(tmp_path, "pictures", features, splits)
    loaded = data.load("pictures", data_dir=tmp_path)
    assert loaded.train.inputs.shape == (6, 4, 5, 1) and loaded.train.inputs.dtype == np.uint8
    assert loaded.train.inputs[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40, 50]
    elsewhere = python(f"import acts_jax.data as d; d.load('pictures', data_dir={str(tmp_path)!r})")
    assert elsewhere.communicate(timeout=60) == ("", "")


def test_images_of_differing_sizes_are_refused(tmp_path):
    features = {"x": tfds.features.Image(shape=(None, None, 1)), "y": classes(2)}
    store(tmp_path, "sizes", features, {"train": pictures([(5, 4), (5, 4), (6, 4)])})
    with pytest.raises(data.DatasetError, match=r"differing sizes, e.g. \(4, 5, 1\) and \(4, 6, 1"):
        data.load("sizes", data_dir=tmp_path)


def test_a_class_that_no_split_has_is_left_out(tmp_path):
    store(tmp_path, "letters", {"x": numbers(2), "y": classes(5)}, {"train": rows([1, 3, 4] * 10)})
    letters = data.load("letters", data_dir=tmp_path)
    assert letters.class_names == ("1", "3", "4")
    np.testing.assert_array_equal(letters.train.labels, letters.train.inputs[:, 0] % 3)


def test_rows_that_cannot_be_learned_from_are_refused(tmp_path):
    cases = {
        "unlabelled": (rows([0, 1, -1]), rows([0]), r"label -1 in its split 'train', outside 0..1"),
        "untrained": (rows([0, 0]), rows([0, 1]), "no training example of class '1'"),
        "holes": ([*rows([0, 1]), {"x": [np.nan, 0], "y": 0}], rows([0]), "NaN.* in 1 of 3 rows"),
    }
    features = {"x": numbers(2), "y": classes(2)}
    for name, (train, test, message) in cases.items():
        store(tmp_path, name, features, {"train": train, "validation": rows([0]), "test": test})
        with pytest.raises(data.DatasetError, match=f"dataset '{name}' has.* {message}"):
            data.load(name, data_dir=tmp_path)


def test_a_train_split_too_small_to_share_is_refused(tmp_path):
    store(tmp_path, "small", {"x": numbers(2), "y": classes(2)}, {"train": rows([0, 1])})
    with pytest.raises(data.DatasetError, match="no example for its validation split"):
        data.load("small", data_dir=tmp_path)


def test_datasets_of_another_shape_are_refused_by_both_checks(tmp_path):
    text, some = tfds.features.Text(), {"train": [{"x": "a", "y": "b"}]}
    store(tmp_path, "unsupervised", {"x": text, "y": text}, some, keys=None)
    store(tmp_path, "words", {"x": text, "y": text}, some)
    pair = {"x": [1], "y": [1, 2]}
    store(tmp_path, "pairs", {"x": numbers(1), "y": numbers(2)}, {"train": [pair]})
    for name, message in {
        "unsupervised": "has no supervised keys",
        "words": "has the input 'x', a Text",
        "pairs": r"has the label 'y', a Tensor of shape \(2,\)",
    }.items():
        for check in (data.check_name, data.load):
            with pytest.raises(data.DatasetError, match=message):
                check(name, data_dir=tmp_path)
    store(tmp_path, "whole", {"x": numbers(2), "y": classes(2)}, {"everything": rows([0, 1])})
    with pytest.raises(data.DatasetError, match="no split 'train', only everything"):
        data.load("whole", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digit", "unknown dataset 'digit'; did you mean 'digits'"),
        ("minst", "unknown dataset 'minst'; did you mean 'mnist'"),
        ("emnist/lettres", "unknown config 'lettres' of dataset 'emnist'; did you mean 'letters'"),
        ("zzzzzz", "unknown dataset 'zzzzzz'; no TFDS name is near, but digits and mnist1d"),
        ("mnist:9.9.9", "only: 3.0.1"),
        ("a b", "dataset 'a b' is not available"),
    ],
)
def test_an_unknown_name_gets_the_nearest_one(name, message, tmp_path):
    for check in (data.check_name, data.load):
        with pytest.raises(data.DatasetError, match=message) as raised:
            check(name, data_dir=tmp_path)
        assert "\n" not in str(raised.value) and "Failed to construct" not in str(raised.value)


def test_known_names_pass_the_check_without_preparing(tmp_path):
    for name in ("digits", "mnist1d", "mnist", "emnist/letters"):
        data.check_name(name, data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named_with_its_extra(prepared, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mnist1d", None)
    monkeypatch.setitem(sys.modules, "mnist1d.data", None)
    for check in (data.check_name, data.load):
        with pytest.raises(data.DatasetError, match=r"`pip install acts_jax\[mnist1d\]`"):
            check("mnist1d", data_dir=tmp_path)
    data.check_name("mnist1d", data_dir=prepared)  # once prepared, the package is not needed
    data.load("mnist1d", data_dir=prepared)


def test_files_to_fetch_by_hand_are_named_with_their_folder(tmp_path):
    with pytest.raises(data.DatasetError, match=r"downloads/manual: .*ILSVRC2012_img_train.tar"):
        data.load("imagenet2012", data_dir=tmp_path)


def test_a_data_dir_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    where = f"cannot be written to {tmp_path}/file .*choose another data_dir"
    with pytest.raises(data.DatasetError, match=where):
        data.load(data_dir=tmp_path / "file")


def damage_info(folder):
    (folder / "dataset_info.json").write_text("{")


def remove_info(folder):
    (folder / "dataset_info.json").unlink()


def truncate_records(folder):
    [records] = folder.glob("*train*")
    os.truncate(records, 1000)


def overwrite_records(folder):
    [records] = folder.glob("*train*")
    content = bytearray(records.read_bytes())
    content[200:-1000] = bytes(len(content) - 1200)
    records.write_bytes(content)


def remove_records(folder):
    next(folder.glob("*train*")).unlink()


def claim_tfrecord(folder):
    info = json.loads((folder / "dataset_info.json").read_text())
    (folder / "dataset_info.json").write_text(json.dumps(info | {"fileFormat": "tfrecord"}))


@pytest.mark.parametrize(
    "damage",
    [
        damage_info,
        remove_info,
        truncate_records,
        overwrite_records,
        remove_records,
        claim_tfrecord,
    ],
)
def test_damaged_files_are_named(damage, tmp_path):
    some = {"train": rows([0, 1] * 100, width=40)}
    store(tmp_path, "broken", {"x": numbers(40), "y": classes(2)}, some)
    data.load("broken", data_dir=tmp_path)
    damage(tmp_path / "broken/1.0.0")
    with pytest.raises(data.DatasetError, match="delete that folder") as raised:
        data.load("broken", data_dir=tmp_path)
    assert str(tmp_path / "broken/1.0.0") in str(raised.value)


def test_a_folder_of_digits_without_its_info_is_named(prepared, tmp_path):
    shutil.copytree(prepared / "digits", tmp_path / "digits")
    remove_info(tmp_path / "digits/1.0.0")
    with pytest.raises(data.DatasetError, match=r"info.json is missing.*delete that folder"):
        data.load(data_dir=tmp_path)


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
