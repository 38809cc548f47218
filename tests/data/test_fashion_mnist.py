"""The real Fashion-MNIST, all 70,000 images, where it is prepared; and how Debian's is restored."""

import gzip
import pathlib
import runpy
import struct
import zlib

import numpy as np
import pytest

from acts_jax import data
from acts_jax.data import builders

pytestmark = pytest.mark.slow

SCRIPT = pathlib.Path(__file__).parents[2] / ".ci/fashion_mnist_from_debian.py"


@pytest.fixture(scope="module")
def fashion_mnist():
    """The dataset, from the folder of prepared datasets that a user would have."""
    folder = pathlib.Path(builders.resolve_data_dir(None))
    if not (folder / "fashion_mnist/3.0.1/dataset_info.json").exists():
        pytest.skip(
            f"Fashion-MNIST is not prepared in {folder}: `python -m experiments.prepare "
            "--dataset=fashion_mnist` there, or set TFDS_DATA_DIR to where it is"
        )
    return data.load("fashion_mnist", data_dir=folder)


def test_it_is_the_published_set(fashion_mnist):
    assert fashion_mnist.class_names[0] == "T-shirt/top" and len(fashion_mnist.class_names) == 10
    for split, each in (("train", 5400), ("validation", 600), ("test", 1000)):
        arrays = getattr(fashion_mnist, split)
        assert arrays.inputs.shape == (10 * each, 28, 28, 1) and arrays.inputs.dtype == np.uint8
        assert fashion_mnist.class_counts[split].tolist() == [each] * 10
    published = [fashion_mnist.train.inputs, fashion_mnist.validation.inputs]
    mean = sum(x.sum(dtype=np.int64) for x in published) / (60000 * 784)
    squares = sum(np.square(x, dtype=np.uint16).sum(dtype=np.int64) for x in published)
    std = np.sqrt(squares / (60000 * 784) - mean**2)
    assert (round(mean / 255, 4), round(std / 255, 4)) == (0.2860, 0.3530)  # widely used


def test_its_rows_never_change(fashion_mnist):
    checksums = {
        split: zlib.crc32(arrays.labels, zlib.crc32(np.ascontiguousarray(arrays.inputs)))
        for split in ("train", "validation", "test")
        for arrays in [getattr(fashion_mnist, split)]
    }
    assert checksums == {"train": 3654841173, "validation": 2999058024, "test": 2767065298}


def test_images_and_labels_belong_together(fashion_mnist):
    train, test = fashion_mnist.train, fashion_mnist.test
    images = train.inputs.reshape(-1, 784)
    means = np.stack([images[train.labels == c].mean(0) for c in range(10)])
    # The nearest class mean, by |x|^2 - 2 x.m + |m|^2.
    distance = (means**2).sum(1) - 2 * test.inputs.reshape(-1, 784).astype(float) @ means.T
    assert 0.66 < np.mean(distance.argmin(1) == test.labels) < 0.69


def test_the_second_start_takes_less_than_a_second_of_the_processor(fashion_mnist, python):
    code = """
import resource, acts_jax.data as data
print(len(data.load("fashion_mnist").train.labels))
used = resource.getrusage(resource.RUSAGE_SELF)
assert used.ru_utime + used.ru_stime < 1, used
"""
    assert python(code).communicate(timeout=60) == ("54000\n", "")


def test_debian_files_are_restored_to_the_bytes_of_upstream(tmp_path):
    script = runpy.run_path(SCRIPT)
    source, target = tmp_path / "debian", tmp_path / "upstream"
    source.mkdir()
    for name in script["PACKED"]:
        content = name.encode() * 100
        (source / f"{name}.gz").write_bytes(gzip.compress(content, mtime=1591347949))
    script["main"](str(source), str(target))
    for name, seconds in script["PACKED"].items():
        packed = (target / f"{name}.gz").read_bytes()
        assert gzip.decompress(packed) == name.encode() * 100
        assert struct.unpack("<I", packed[4:8]) == (seconds,)
        assert packed[10:].startswith(name.encode() + b"\0")
    with pytest.raises(SystemExit, match="not a gzip file with a bare header"):
        script["restore"](packed, "twice", 0)
