"""TFDS builder of the 178 wines bundled with scikit-learn."""

import numpy as np
import tensorflow_datasets as tfds

from acts_jax.data.builders import EMBEDDED
from acts_jax.data.embedded.arrays_builder import Arrays, ArraysBuilder, divide, fifth

_DESCRIPTION = """\
Wine: 178 wines of one region of Italy, from three cultivars (59, 71 and 48 wines), each described
by 13 results of a chemical analysis: alcohol, malic acid, ash, alcalinity of ash, magnesium, total
phenols, flavanoids, nonflavanoid phenols, proanthocyanins, color intensity, hue, OD280/OD315 of
diluted wines and proline, in this order and in the units of the source.

The rows are shuffled by NumPy's RandomState(0). In that order the first fifth of each class
(rounded) is the test split, 36 wines, the next fifth the validation split, and the remaining 106
are the training split: one wine is 2.8% of the test accuracy.
"""

_CITATION = """\
@misc{aeberhard1992wine,
  author = {Aeberhard, Stefan and Forina, M.},
  title  = {Wine},
  year   = {1992},
  howpublished = {UCI Machine Learning Repository},
  doi    = {10.24432/C5PC7J},
}
"""


def splits() -> dict[str, Arrays]:
    """Returns {"train" | "validation" | "test": (features float32 [n, 13], labels int64 [n])}."""
    from sklearn.datasets import load_wine

    features, labels = load_wine(return_X_y=True)
    return divide(features.astype(np.float32), labels, groups=labels, held_out=fifth)


class Builder(ArraysBuilder):
    """Three cultivars: features float32 [13], label; 106 train, 36 validation, 36 test."""

    VERSION = tfds.core.Version(EMBEDDED["wine"].version)
    INPUTS = ("features", tfds.features.Tensor(shape=(13,), dtype=np.float32))
    LABEL = ("label", tfds.features.ClassLabel(names=["class_0", "class_1", "class_2"]))
    DESCRIPTION = _DESCRIPTION
    CITATION = _CITATION
    HOMEPAGE = "https://archive.ics.uci.edu/dataset/109"
    splits = staticmethod(splits)
