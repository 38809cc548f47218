"""mnist1d, against the generator of its package."""

import random

import numpy as np
import pytest

from acts_jax.data.embedded import Mnist1d


@pytest.fixture(scope="module")
def ours():
    return Mnist1d.splits()


def test_signals_are_those_of_the_package(ours):
    from mnist1d.data import get_dataset_args, make_dataset

    source = make_dataset(get_dataset_args())
    for name, x, y in (("train", "x", "y"), ("test", "x_test", "y_test")):
        np.testing.assert_array_equal(ours[name][0], source[x].astype(np.float32))
        np.testing.assert_array_equal(ours[name][1], source[y])


def test_signals_are_standardized_together(ours):
    signals = np.concatenate([x for x, _ in ours.values()])
    assert signals.shape == (5000, 40)
    assert abs(signals.mean()) < 1e-5 and abs(signals.std() - 1) < 1e-5


def test_generating_leaves_the_global_generators_alone():
    np.random.seed(1)
    random.seed(1)
    expected = np.random.rand(), random.random()
    np.random.seed(1)
    random.seed(1)
    Mnist1d.splits()
    assert (np.random.rand(), random.random()) == expected


def test_the_dataset_says_where_it_comes_from(tmp_path):
    info = Mnist1d(data_dir=tmp_path).info
    assert "2011.14439" in info.citation
    assert info.homepage == "https://github.com/greydanus/mnist1d"
