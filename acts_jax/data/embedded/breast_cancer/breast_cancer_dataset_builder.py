"""TFDS builder of the 569 breast tumours bundled with scikit-learn."""

import numpy as np
import tensorflow_datasets as tfds

from acts_jax.data.builders import EMBEDDED
from acts_jax.data.embedded.arrays_builder import Arrays, ArraysBuilder, divide, fifth

_DESCRIPTION = """\
Breast Cancer Wisconsin (Diagnostic): 569 tumours, 212 malignant and 357 benign, each described by
30 numbers measured on the cell nuclei in an image of a fine needle aspirate: mean, standard error
and worst value of radius, texture, perimeter, area, smoothness, compactness, concavity, concave
points, symmetry and fractal dimension, in this order and in the units of the source.

The rows are shuffled by NumPy's RandomState(0). In that order the first fifth of each class
(rounded) is the test split, 113 tumours, the next fifth the validation split, and the remaining
343 are the training split.
"""

_CITATION = """\
@misc{wolberg1993breast,
  author = {Wolberg, William and Mangasarian, Olvi and Street, Nick and Street, W.},
  title  = {Breast Cancer Wisconsin (Diagnostic)},
  year   = {1993},
  howpublished = {UCI Machine Learning Repository},
  doi    = {10.24432/C5DW2B},
}
"""


def splits() -> dict[str, Arrays]:
    """Returns {"train" | "validation" | "test": (features float32 [n, 30], labels int64 [n])}."""
    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True)
    return divide(features.astype(np.float32), labels, groups=labels, held_out=fifth)


class Builder(ArraysBuilder):
    """Two classes of tumours: features float32 [30], label; 343 train, 113 validation, 113 test."""

    VERSION = tfds.core.Version(EMBEDDED["breast_cancer"].version)
    INPUTS = ("features", tfds.features.Tensor(shape=(30,), dtype=np.float32))
    LABEL = ("label", tfds.features.ClassLabel(names=["malignant", "benign"]))
    DESCRIPTION = _DESCRIPTION
    CITATION = _CITATION
    HOMEPAGE = "https://archive.ics.uci.edu/dataset/17"
    splits = staticmethod(splits)
