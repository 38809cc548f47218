"""The arrays beside the records: found again, made anew when the records are others."""

import json
import os
import shutil

import numpy as np
import pytest

from acts_jax import data


def arrays(folder):
    """The .npy files of a prepared dataset, by name: time of writing."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("acts_jax-*/*.npy")}


@pytest.fixture
def cached(tiny):
    """The folder of a dataset "numbers" that was loaded once."""
    folder = tiny.store("numbers", {"train": tiny.rows([0, 1] * 10), "test": tiny.rows([0, 1])})
    tiny.load("numbers")
    return folder


def test_the_second_start_maps_the_arrays_and_does_without_tfds(cached, tiny, python):
    code = f"""
import sys, acts_jax.data as data
data.check_name("numbers", data_dir={str(tiny.folder)!r})
d = data.load("numbers", data_dir={str(tiny.folder)!r})
assert not {{"tensorflow_datasets", "array_record", "tensorflow"}} & set(sys.modules)
mapped = d.test.inputs
while getattr(mapped, "base", None) is not None:
    mapped = mapped.base
print(type(mapped).__name__, d.test.inputs.flags.writeable, d.test.inputs.tolist())
"""
    assert python(code).communicate(timeout=60) == ("mmap False [[0.0, 0.0], [1.0, 1.0]]\n", "")


def test_the_cache_gives_what_the_records_gave(cached, tiny):
    again = tiny.load("numbers")
    shutil.rmtree(next(cached.glob("acts_jax-*")))
    first = tiny.load("numbers")
    for split in ("train", "validation", "test"):
        for part in ("inputs", "labels"):
            a, b = (getattr(getattr(d, split), part) for d in (first, again))
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    assert (first.class_names, first.version) == (again.class_names, again.version)


def test_arrays_are_kept_until_the_records_change(cached, tiny):
    before = arrays(cached)
    assert set(before) == {
        f"{split}_{part}.npy" for split in ("train", "test") for part in ("inputs", "labels")
    }
    for path in cached.glob("*.json"):
        os.utime(path)  # a copy of the folder has other times
    tiny.load("numbers")
    assert arrays(cached) == before
    shutil.rmtree(tiny.folder / "numbers")
    tiny.store("numbers", {"train": tiny.rows([1, 0] * 10), "test": tiny.rows([1])})
    assert tiny.load("numbers").test.labels.tolist() == [1]


def test_arrays_beside_records_that_changed_are_replaced(cached, tiny):
    other = tiny.store("other", {"train": tiny.rows([1, 0] * 10), "test": tiny.rows([1, 1])})
    for path in other.glob("*.array_record*"):
        path.replace(cached / path.name.replace("other", "numbers"))
    assert tiny.load("numbers").test.labels.tolist() == [1, 1]
    assert len(list(cached.glob("acts_jax-*"))) == 1
    assert tiny.load("numbers").test.labels.tolist() == [1, 1]


def truncate(cache):
    os.truncate(cache / "train_inputs.npy", 150)


def empty(cache):
    os.truncate(cache / "train_labels.npy", 0)


def remove(cache):
    (cache / "test_labels.npy").unlink()


def garble(cache):
    (cache / "contents.json").write_text("{")


def replace(cache):
    (cache / "contents.json").write_text("[]")


def nest(cache):
    (cache / "contents.json").write_text("[" * 10**6)


def stop_up(cache):
    (cache / "contents.json").unlink()
    os.mkfifo(cache / "contents.json")


@pytest.mark.parametrize("damage", [truncate, empty, remove, garble, replace, nest, stop_up])
def test_a_damaged_cache_is_made_anew(damage, cached, tiny):
    damage(next(cached.glob("acts_jax-*")))
    assert len(tiny.load("numbers").train.labels) == 18
    assert len(arrays(cached)) == 4 and len(tiny.load("numbers").train.labels) == 18


def test_a_name_is_never_guessed_to_mean_the_version_that_is_there(cached, tiny):
    contents = next(cached.glob("acts_jax-*/contents.json"))
    assert json.loads(contents.read_text())["names"] == ["numbers"]
    before = arrays(cached)
    tiny.load("numbers:1.0.0")  # TFDS is asked, and the arrays are not read again
    assert json.loads(contents.read_text())["names"] == ["numbers", "numbers:1.0.0"]
    assert arrays(cached) == before


def test_a_newer_version_of_an_embedded_dataset_is_not_hidden_by_an_older_one(tmp_path):
    data.load("wine", data_dir=tmp_path)
    (tmp_path / "wine/1.0.0").rename(tmp_path / "wine/0.9.0")
    data.load("wine", data_dir=tmp_path)
    assert (tmp_path / "wine/1.0.0").is_dir()


def test_a_disk_that_takes_no_more_is_no_error(tiny, python):
    folder = tiny.store("full", {"train": tiny.rows([0, 1] * 10)})
    code = f"""
import resource, acts_jax.data as data
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
print(len(data.load("full", data_dir={str(tiny.folder)!r}).train.labels))
"""
    assert python(code).communicate(timeout=60) == ("16\n", "")
    assert not any(path.is_dir() for path in folder.iterdir())
