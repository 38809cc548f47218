"""TFDS builder of the 442 diabetes patients bundled with scikit-learn."""

import numpy as np
import tensorflow_datasets as tfds

from acts_jax.data.builders import EMBEDDED
from acts_jax.data.embedded.arrays_builder import Arrays, ArraysBuilder, divide, fifth

_DESCRIPTION = """\
Diabetes: 442 patients, each described by ten numbers, age, sex, body mass index, average blood
pressure and six measurements of blood serum, in this order and in the units of the source. The
target is a measure of the progression of the disease one year later, from 25 to 346.

The rows are shuffled by NumPy's RandomState(0). In that order the first fifth (rounded) is the test
split, 88 patients, the next fifth the validation split, and the remaining 266 are the training
split.
"""

_CITATION = """\
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


def splits() -> dict[str, Arrays]:
    """Returns {"train" | "validation" | "test": (features float32 [n, 10], targets [n])}."""
    from sklearn.datasets import load_diabetes

    # Unscaled: scikit-learn's scaling would have seen the rows that are held out here.
    features, targets = load_diabetes(return_X_y=True, scaled=False)
    one_group = np.zeros(len(targets), int)
    return divide(
        features.astype(np.float32), targets.astype(np.float32), groups=one_group, held_out=fifth
    )


class Builder(ArraysBuilder):
    """A regression: features float32 [10], target float32; 266 train, 88 validation, 88 test."""

    VERSION = tfds.core.Version(EMBEDDED["diabetes"].version)
    INPUTS = ("features", tfds.features.Tensor(shape=(10,), dtype=np.float32))
    LABEL = ("target", tfds.features.Scalar(np.float32))
    DESCRIPTION = _DESCRIPTION
    CITATION = _CITATION
    HOMEPAGE = "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html"
    splits = staticmethod(splits)
