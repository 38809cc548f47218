"""TFDS builder of the 1,797 handwritten digits bundled with scikit-learn."""

from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

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
_SEED = 0


def splits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns {"train" | "validation" | "test": (images uint8 [n, 8, 8, 1], labels int64 [n])}."""
    from sklearn.datasets import load_digits  # 1.8 s to import, and needed only once

    counts, labels = load_digits(return_X_y=True)
    images = np.round(counts * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    # RandomState's stream is frozen for ever; default_rng's may change with NumPy's version.
    order = np.random.RandomState(_SEED).permutation(len(labels))
    images, labels = images[order], labels[order]
    rank = np.empty(len(labels), int)  # of each digit among those of its class
    for c in range(10):
        rank[labels == c] = np.arange((labels == c).sum())
    rows = {
        "train": rank >= 2 * _PER_CLASS,
        "validation": (rank >= _PER_CLASS) & (rank < 2 * _PER_CLASS),
        "test": rank < _PER_CLASS,
    }
    return {name: (images[r], labels[r]) for name, r in rows.items()}


class Builder(tfds.core.GeneratorBasedBuilder):
    """Digits 0 to 9: image uint8 [8, 8, 1], label; 1,157 train, 320 validation, 320 test."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "Initial release."}

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            # A tensor, since tfds.features.Image needs TensorFlow to write PNG.
            "image": tfds.features.Tensor(shape=(8, 8, 1), dtype=np.uint8),
            "label": tfds.features.ClassLabel(num_classes=10),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=_DESCRIPTION,
            citation=_CITATION,
            homepage="https://archive.ics.uci.edu/dataset/80",
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {name: self._generate_examples(*rows) for name, rows in splits().items()}

    def _generate_examples(self, images, labels):
        for i, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield i, {"image": image, "label": label}
