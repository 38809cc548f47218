"""Tiny TFDS datasets for the tests of the dataset rooms: real builders, a few rows each."""

import importlib.util
import pathlib
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

from acts_jax import data


class Tiny:
    """Prepares datasets in `folder`, to be found there by their name alone."""

    def __init__(self, folder):
        self.folder = folder

    def store(self, name, splits, x=None, y=None, keys=("x", "y")):
        """Prepares rows {"x": ..., "y": ...} by split; two numbers and two classes by default."""
        features = {"x": x or self.numbers(2), "y": y or self.classes(2)}

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
        Stored(data_dir=self.folder, file_format="array_record").download_and_prepare()
        return self.folder / name / "1.0.0"

    def load(self, name, **options):
        return data.load(name, data_dir=self.folder, **options)

    @staticmethod
    def numbers(*shape):
        return tfds.features.Tensor(shape=shape, dtype=np.float32)

    @staticmethod
    def classes(n):
        return tfds.features.ClassLabel(num_classes=n)

    @staticmethod
    def rows(labels, width=2):
        return [{"x": np.full(width, i, np.float32), "y": y} for i, y in enumerate(labels)]


@pytest.fixture
def tiny(tmp_path):
    """Tiny datasets in a folder of their own."""
    return Tiny(tmp_path)


@pytest.fixture(scope="session")
def by_hand():
    """The module of the builder "by_hand", registered with TFDS."""
    path = pathlib.Path(__file__).parent / "by_hand/by_hand.py"
    spec = importlib.util.spec_from_file_location("by_hand", path)
    module = sys.modules["by_hand"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
