"""TFDS builders of the datasets whose data come as arrays in a Python package."""

import abc
import random
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from acts_jax.data.builders import EMBEDDED
from acts_jax.data.splitting import shuffled

Arrays = tuple[np.ndarray, np.ndarray]


class ArraysBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A builder that writes the arrays of its `splits()`, row by row in their order.

    Attributes:
        INPUTS: (key, feature) of the inputs.
        LABEL: (key, feature) of the labels.
        HOMEPAGE: URL of the source.
        DESCRIPTION: what the data are, and how they are divided.
        CITATION: BibTeX.
    """

    RELEASE_NOTES: ClassVar = {"1.0.0": "Initial release."}
    INPUTS: ClassVar[tuple[str, Any]]
    LABEL: ClassVar[tuple[str, Any]]
    HOMEPAGE: ClassVar[str]
    DESCRIPTION: ClassVar[str]
    CITATION: ClassVar[str]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.VERSION = tfds.core.Version(EMBEDDED[cls.name].version)

    @staticmethod
    @abc.abstractmethod
    def splits() -> dict[str, Arrays]:
        """Returns {"train" | "validation" | "test": (inputs [n, ...], labels [n])}."""

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.DESCRIPTION,
            citation=self.CITATION,
            homepage=self.HOMEPAGE,
            features=tfds.features.FeaturesDict(dict([self.INPUTS, self.LABEL])),
            supervised_keys=(self.INPUTS[0], self.LABEL[0]),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator]:
        return {name: self._generate_examples(*arrays) for name, arrays in self.splits().items()}

    def _generate_examples(self, inputs: np.ndarray, labels: np.ndarray) -> Iterator:
        for i, (x, y) in enumerate(zip(inputs, labels, strict=True)):
            yield i, {self.INPUTS[0]: x, self.LABEL[0]: y}


def _divide(
    inputs: np.ndarray, labels: np.ndarray, groups: np.ndarray, held_out: int | None = None
) -> dict[str, Arrays]:
    """Shuffles the rows, and divides those of each group into train, validation and test.

    Args:
        inputs: [n, ...].
        labels: [n].
        groups: int [n], the class of each row, or 0 for all.
        held_out: test rows of each group, which come first, and validation rows, which come next;
            by default a fifth of the group, rounded.
    """
    order = shuffled(len(labels))
    inputs, labels, groups = inputs[order], labels[order], groups[order]
    rank, held = np.empty(len(labels), int), np.empty(len(labels), int)
    for c in np.unique(groups):
        size = (groups == c).sum()
        rank[groups == c] = np.arange(size)
        held[groups == c] = held_out or round(size / 5)
    rows = {
        "train": rank >= 2 * held,
        "validation": (rank >= held) & (rank < 2 * held),
        "test": rank < held,
    }
    return {name: (inputs[r], labels[r]) for name, r in rows.items()}


class BreastCancer(ArraysBuilder):
    """Two classes of tumours: features float32 [30], label; 343 train, 113 validation, 113 test."""

    INPUTS = ("features", tfds.features.Tensor(shape=(30,), dtype=np.float32))
    LABEL = ("label", tfds.features.ClassLabel(names=["malignant", "benign"]))
    HOMEPAGE = "https://archive.ics.uci.edu/dataset/17"
    DESCRIPTION = """\
Breast Cancer Wisconsin (Diagnostic): 569 tumours, 212 malignant and 357 benign, each described by
30 numbers measured on the cell nuclei in an image of a fine needle aspirate: mean, standard error
and worst value of radius, texture, perimeter, area, smoothness, compactness, concavity, concave
points, symmetry and fractal dimension, in this order and in the units of the source.

The rows are shuffled by NumPy's RandomState(0). In that order the first fifth of each class
(rounded) is the test split, 113 tumours, the next fifth the validation split, and the remaining
343 are the training split.
"""
    CITATION = """\
@misc{wolberg1993breast,
  author = {Wolberg, William and Mangasarian, Olvi and Street, Nick and Street, W.},
  title  = {Breast Cancer Wisconsin (Diagnostic)},
  year   = {1993},
  howpublished = {UCI Machine Learning Repository},
  doi    = {10.24432/C5DW2B},
}
"""

    @staticmethod
    def splits() -> dict[str, Arrays]:
        """Features float32 [n, 30] and labels int64 [n]."""
        from sklearn.datasets import load_breast_cancer

        features, labels = load_breast_cancer(return_X_y=True)
        return _divide(features.astype(np.float32), labels, groups=labels)


class Diabetes(ArraysBuilder):
    """A regression: features float32 [10], target float32; 266 train, 88 validation, 88 test."""

    INPUTS = ("features", tfds.features.Tensor(shape=(10,), dtype=np.float32))
    LABEL = ("target", tfds.features.Scalar(np.float32))
    HOMEPAGE = "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html"
    DESCRIPTION = """\
Diabetes: 442 patients, each described by ten numbers, age, sex, body mass index, average blood
pressure and six measurements of blood serum, in this order and in the units of the source. The
target is a measure of the progression of the disease one year later, from 25 to 346.

The rows are shuffled by NumPy's RandomState(0). In that order the first fifth (rounded) is the test
split, 88 patients, the next fifth the validation split, and the remaining 266 are the training
split.
"""
    CITATION = """\
@article{efron2004least,
  author  = {Efron, Bradley and Hastie, Trevor and Johnstone, Iain and Tibshirani, Robert},
  title   = {Least Angle Regression},
  journal = {The Annals of Statistics},
  volume  = {32},
  number  = {2},
  pages   = {407--499},
  year    = {2004},
}
"""

    @staticmethod
    def splits() -> dict[str, Arrays]:
        """Features float32 [n, 10] and targets float32 [n]."""
        from sklearn.datasets import load_diabetes

        # Unscaled: scikit-learn's scaling would have seen the rows that are held out here.
        arrays = load_diabetes(return_X_y=True, scaled=False)
        features, targets = (array.astype(np.float32) for array in arrays)
        return _divide(features, targets, groups=np.zeros(len(targets), int))


class Digits(ArraysBuilder):
    """Digits 0 to 9: image uint8 [8, 8, 1], label; 1,157 train, 320 validation, 320 test."""

    # A tensor, since tfds.features.Image needs TensorFlow to write PNG.
    INPUTS = ("image", tfds.features.Tensor(shape=(8, 8, 1), dtype=np.uint8))
    LABEL = ("label", tfds.features.ClassLabel(num_classes=10))
    HOMEPAGE = "https://archive.ics.uci.edu/dataset/80"
    DESCRIPTION = """\
1,797 handwritten digits, 8x8 pixels: the test part of the UCI set "Optical Recognition of
Handwritten Digits", as bundled with scikit-learn. NIST forms were scanned to 32x32 bitmaps and the
ink counted in blocks of 4x4, so a pixel is a count v from 0 to 16. It is stored as
round(v * 255 / 16) in uint8; round(x * 16 / 255) gives the count back.

The rows are shuffled by NumPy's RandomState(0). In that order the first 32 digits of each class
are the test split, the next 32 the validation split, and the remaining 1,157 the training split.
The source does not say who wrote which digit, so one writer's digits are spread over all three
splits, and accuracies are higher than on writers never seen.
"""
    CITATION = """\
@misc{alpaydin1998optical,
  author = {Alpaydin, E. and Kaynak, C.},
  title  = {Optical Recognition of Handwritten Digits},
  year   = {1998},
  howpublished = {UCI Machine Learning Repository},
  doi    = {10.24432/C50P49},
}
"""

    @staticmethod
    def splits() -> dict[str, Arrays]:
        """Images uint8 [n, 8, 8, 1] and labels int64 [n]."""
        from sklearn.datasets import load_digits  # 1.8 s to import, and needed only once

        counts, labels = load_digits(return_X_y=True)
        images = np.round(counts * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
        return _divide(images, labels, groups=labels, held_out=32)


class Mnist1d(ArraysBuilder):
    """Ten classes of signals: signal float32 [40], label; 4,000 train and 1,000 test."""

    INPUTS = ("signal", tfds.features.Tensor(shape=(40,), dtype=np.float32))
    LABEL = ("label", tfds.features.ClassLabel(num_classes=10))
    HOMEPAGE = "https://github.com/greydanus/mnist1d"
    DESCRIPTION = """\
MNIST-1D: 5,000 signals of 40 numbers in ten classes. Each starts as a template of 12 points drawn
like a digit, and is padded, scaled, translated, sheared and covered with correlated and white
noise. Made by `mnist1d.make_dataset` with its default arguments (seed 42), which standardises all
values together to mean 0 and variance 1, and divides them 4,000 train to 1,000 test, as published.
"""
    CITATION = """\
@inproceedings{greydanus2024scaling,
  author    = {Greydanus, Sam and Kobak, Dmitry},
  title     = {Scaling Down Deep Learning with {MNIST}-1{D}},
  booktitle = {Proceedings of the 41st International Conference on Machine Learning},
  year      = {2024},
  note      = {arXiv:2011.14439},
}
"""

    @staticmethod
    def splits() -> dict[str, Arrays]:
        """Signals float32 [n, 40] and labels int64 [n]."""
        from mnist1d.data import make_dataset  # an extra, and it imports matplotlib

        # make_dataset seeds the global generators: hand them back as they were.
        python_state, numpy_state = random.getstate(), np.random.get_state()
        try:
            data = make_dataset()
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)
        return {
            "train": (data["x"].astype(np.float32), data["y"]),
            "test": (data["x_test"].astype(np.float32), data["y_test"]),
        }


class Wine(ArraysBuilder):
    """Three cultivars: features float32 [13], label; 106 train, 36 validation, 36 test."""

    INPUTS = ("features", tfds.features.Tensor(shape=(13,), dtype=np.float32))
    LABEL = ("label", tfds.features.ClassLabel(names=["class_0", "class_1", "class_2"]))
    HOMEPAGE = "https://archive.ics.uci.edu/dataset/109"
    DESCRIPTION = """\
Wine: 178 wines of one region of Italy, from three cultivars (59, 71 and 48 wines), each described
by 13 results of a chemical analysis: alcohol, malic acid, ash, alcalinity of ash, magnesium, total
phenols, flavanoids, nonflavanoid phenols, proanthocyanins, color intensity, hue, OD280/OD315 of
diluted wines and proline, in this order and in the units of the source.

The rows are shuffled by NumPy's RandomState(0). In that order the first fifth of each class
(rounded) is the test split, 36 wines, the next fifth the validation split, and the remaining 106
are the training split: one wine is 2.8% of the test accuracy.
"""
    CITATION = """\
@misc{aeberhard1992wine,
  author = {Aeberhard, Stefan and Forina, M.},
  title  = {Wine},
  year   = {1992},
  howpublished = {UCI Machine Learning Repository},
  doi    = {10.24432/C5PC7J},
}
"""

    @staticmethod
    def splits() -> dict[str, Arrays]:
        """Features float32 [n, 13] and labels int64 [n]."""
        from sklearn.datasets import load_wine

        features, labels = load_wine(return_X_y=True)
        return _divide(features.astype(np.float32), labels, groups=labels)


BUILDERS = {cls.name: cls for cls in (BreastCancer, Diabetes, Digits, Mnist1d, Wine)}
