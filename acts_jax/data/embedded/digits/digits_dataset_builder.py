"""TFDS builder of the 1,797 handwritten digits bundled with scikit-learn."""

import numpy as np
import tensorflow_datasets as tfds

from acts_jax.data.builders import EMBEDDED
from acts_jax.data.embedded.arrays_builder import Arrays, ArraysBuilder, divide

_DESCRIPTION = """\
1,797 handwritten digits, 8x8 pixels: the test part of the UCI set "Optical Recognition of
Handwritten Digits", as bundled with scikit-learn. NIST forms were scanned to 32x32 bitmaps and the
ink counted in blocks of 4x4, so a pixel is a count v from 0 to 16. It is stored as
round(v * 255 / 16) in uint8; round(x * 16 / 255) gives the count back.

The rows are shuffled by NumPy's RandomState(0). In that order the first 32 digits of each class
are the test split, the next 32 the validation split, and the remaining 1,157 the training split.
The source does not say who wrote which digit, so one writer's digits are spread over all three
splits, and accuracies are higher than on writers never seen.
"""

_CITATION = """\
@misc{alpaydin1998optical,
  author = {Alpaydin, E. and Kaynak, C.},
  title  = {Optical Recognition of Handwritten Digits},
  year   = {1998},
  howpublished = {UCI Machine Learning Repository},
  doi    = {10.24432/C50P49},
}
"""

_PER_CLASS = 32


def splits() -> dict[str, Arrays]:
    """Returns {"train" | "validation" | "test": (images uint8 [n, 8, 8, 1], labels int64 [n])}."""
    from sklearn.datasets import load_digits  # 1.8 s to import, and needed only once

    counts, labels = load_digits(return_X_y=True)
    images = np.round(counts * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    return divide(images, labels, groups=labels, held_out=lambda size: _PER_CLASS)


class Builder(ArraysBuilder):
    """Digits 0 to 9: image uint8 [8, 8, 1], label; 1,157 train, 320 validation, 320 test."""

    VERSION = tfds.core.Version(EMBEDDED["digits"].version)
    # A tensor, since tfds.features.Image needs TensorFlow to write PNG.
    INPUTS = ("image", tfds.features.Tensor(shape=(8, 8, 1), dtype=np.uint8))
    LABEL = ("label", tfds.features.ClassLabel(num_classes=10))
    DESCRIPTION = _DESCRIPTION
    CITATION = _CITATION
    HOMEPAGE = "https://archive.ics.uci.edu/dataset/80"
    splits = staticmethod(splits)
