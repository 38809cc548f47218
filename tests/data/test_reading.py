"""Records to arrays: dtypes and shapes, and rows and files that are refused."""

import importlib.util
import json
import os

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from acts_jax import data
from acts_jax.errors import DatasetError

SPLITS = ("train", "validation", "test")


def test_tables_are_flattened_and_classes_among_the_inputs_get_a_column_each(tiny):
    x = {"b": tiny.numbers(2), "a": tfds.features.Scalar(np.int64), "c": tiny.classes(3)}
    table = [{"x": {"b": [i, -i], "a": 7, "c": i % 3}, "y": i / 2} for i in range(10)]
    splits = {"train": table, "validation": table, "test": table[:3]}
    tiny.store("table", splits, x=x, y=tfds.features.Scalar(np.float32))
    loaded = tiny.load("table")
    assert (loaded.task, loaded.class_names, loaded.input_shape) == ("regression", (), (6,))
    np.testing.assert_array_equal(
        loaded.test.inputs, [[7, 0, 0, 1, 0, 0], [7, 1, -1, 0, 1, 0], [7, 2, -2, 0, 0, 1]]
    )
    assert loaded.test.inputs.dtype == loaded.test.labels.dtype == np.float32
    assert loaded.left_out == ()


def test_text_in_a_table_is_left_out_by_name(tiny):
    x = {"name": tfds.features.Text(), "age": tiny.numbers(), "seat": np.str_}
    people = [{"x": {"name": "Ada", "age": i, "seat": "B"}, "y": i % 2} for i in range(4)]
    tiny.store("people", dict.fromkeys(SPLITS, people), x=x)
    loaded = [tiny.load("people") for _ in range(2)]  # from records, then from the cache
    for people in loaded:
        assert people.left_out == ("x/name", "x/seat")
        assert people.train.inputs.tolist() == [[0], [1], [2], [3]]


def test_the_label_is_no_input_even_if_it_is_listed_among_them(tiny):
    keys = ({"x": "x", "y": "y"}, "y")  # as penguins/simple has them
    tiny.store("leaky", dict.fromkeys(SPLITS, tiny.rows([0, 1])), keys=keys)
    assert tiny.load("leaky").train.inputs.tolist() == [[0, 0], [1, 1]]


def pictures(sizes):
    return [{"x": Image.new("L", size, 10 * i), "y": i % 2} for i, size in enumerate(sizes)]


def test_encoded_images_keep_dtype_and_shape(tiny, python):
    splits = dict.fromkeys(SPLITS, pictures([(5, 4)] * 6))
    tiny.store("pictures", splits, x=tfds.features.Image(shape=(None, None, 1)))
    code = f"import acts_jax.data as d; d.load('pictures', data_dir={str(tiny.folder)!r})"
    assert python(code).communicate(timeout=60) == ("", "")
    for _ in range(2):  # as that process has cached them
        loaded = tiny.load("pictures")
        assert loaded.train.inputs.shape == (6, 4, 5, 1) and loaded.train.inputs.dtype == np.uint8
        assert loaded.train.inputs[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40, 50]


def test_images_that_pillow_does_not_decode_name_the_package_that_does(tiny):
    if importlib.util.find_spec("cv2"):
        pytest.skip("OpenCV is installed: these images are read")
    rows = [{"x": Image.new("I;16", (5, 4)), "y": i % 2} for i in range(4)]
    images = tfds.features.Image(shape=(4, 5, 1), dtype=np.uint16)
    tiny.store("deep", dict.fromkeys(SPLITS, rows), x=images)
    with pytest.raises(DatasetError, match="`pip install opencv-python-headless`"):
        tiny.load("deep")


@pytest.mark.parametrize("sizes", [[(5, 4), (6, 4)], [(5, 4)] * 1024 + [(6, 4)]])
def test_images_of_differing_sizes_are_refused(sizes, tiny):
    images = tfds.features.Image(shape=(None, None, 1))
    tiny.store("sizes", {"train": pictures(sizes)}, x=images)
    with pytest.raises(DatasetError, match=r"differing sizes, e.g. \(4, 5, 1\) and \(4, 6, 1"):
        tiny.load("sizes")


def holes(*values):
    return [{"x": [value, 0], "y": 0} for value in values]


def test_rows_that_cannot_be_learned_from_are_refused(tiny):
    cases = {
        "unlabelled": (tiny.rows([0, 1, -1]), r"label -1 in its split 'train', outside 0..1"),
        "holes": (holes(1, np.nan, 2), "NaN or infinite inputs in 1 of 3 rows of its split"),
        "infinite": (holes(np.inf, np.nan), "NaN or infinite inputs in 2 of 2 rows of its split"),
    }
    for name, (train, message) in cases.items():
        tiny.store(name, {"train": train, "validation": tiny.rows([0]), "test": tiny.rows([0])})
        for _ in range(2):  # the second time too: what is refused is not cached
            with pytest.raises(DatasetError, match=f"dataset '{name}' has.* {message}") as no:
                tiny.load(name)
            assert "\n" not in str(no.value)


def test_a_label_beyond_the_declared_classes_is_refused(tiny):
    folder = tiny.store("beyond", {"train": tiny.rows([0, 1, 2])}, y=tiny.classes(3))
    features = json.loads((folder / "features.json").read_text())
    features["featuresDict"]["features"]["y"]["classLabel"]["numClasses"] = "2"
    (folder / "features.json").write_text(json.dumps(features))
    (folder / "y.labels.txt").write_text("0\n1\n")
    with pytest.raises(DatasetError, match=r"label 2 in its split 'train', outside 0..1"):
        tiny.load("beyond")


def test_a_target_that_is_no_number_is_refused(tiny):
    splits = {"train": tiny.rows([1, 2]), "test": tiny.rows([1, np.nan])}
    tiny.store("unknown", splits, y=tiny.numbers())
    with pytest.raises(DatasetError, match="infinite labels in 1 of 2 rows of its split 'te"):
        tiny.load("unknown")


def test_datasets_of_another_shape_are_refused_by_both_checks(tiny):
    text, some = tfds.features.Text(), {"train": [{"x": "a", "y": "b"}]}
    tiny.store("unsupervised", some, x=text, y=text, keys=None)
    tiny.store("words", some, x=text, y=text)
    tiny.store("pairs", {"train": [{"x": [1], "y": [1, 2]}]}, x=tiny.numbers(1), y=tiny.numbers(2))
    tiny.store("whole", {"everything": tiny.rows([0, 1])})
    for name, message in {
        "unsupervised": "has no supervised keys",
        "words": "has the input 'x', a Text",
        "pairs": r"has the label 'y', a Tensor of shape \(2,\)",
        "whole": "no split 'train', only everything",
    }.items():
        for check in (data.check_name, data.load):
            with pytest.raises(DatasetError, match=message):
                check(name, data_dir=tiny.folder)


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
def test_damaged_files_are_named_though_their_arrays_are_cached(damage, tiny):
    folder = tiny.store("broken", {"train": tiny.rows([0, 1] * 100, width=40)}, x=tiny.numbers(40))
    tiny.load("broken")
    damage(folder)
    with pytest.raises(DatasetError, match="delete that folder") as raised:
        tiny.load("broken")
    assert str(folder) in str(raised.value)
