"""What the TFDS builders have in common whose data come as arrays in a Python package."""

import abc
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from acts_jax.data.splitting import shuffled

Arrays = tuple[np.ndarray, np.ndarray]


class ArraysBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A builder that writes the arrays of its module's `splits()`, row by row in their order.

    Attributes:
        INPUTS: (key, feature) of the inputs.
        LABEL: (key, feature) of the labels.
        DESCRIPTION: what the data are, and how they are divided.
        CITATION: BibTeX.
        HOMEPAGE: URL of the source.
    """

    RELEASE_NOTES: ClassVar = {"1.0.0": "Initial release."}
    INPUTS: ClassVar[tuple[str, Any]]
    LABEL: ClassVar[tuple[str, Any]]
    DESCRIPTION: ClassVar[str]
    CITATION: ClassVar[str]
    HOMEPAGE: ClassVar[str]

    @abc.abstractmethod
    def splits(self) -> dict[str, Arrays]:
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


def divide(
    inputs: np.ndarray, labels: np.ndarray, groups: np.ndarray, held_out: Callable[[int], int]
) -> dict[str, Arrays]:
    """Shuffles the rows, and divides those of each group into train, validation and test.

    Args:
        inputs: [n, ...].
        labels: [n].
        groups: int [n], the class of each row, or 0 for all.
        held_out: from the size of a group to its number of test rows, which come first, and of
            validation rows, which come next.
    """
    order = shuffled(len(labels))
    inputs, labels, groups = inputs[order], labels[order], groups[order]
    rank, held = np.empty(len(labels), int), np.empty(len(labels), int)
    for c in np.unique(groups):
        rank[groups == c] = np.arange((groups == c).sum())
        held[groups == c] = held_out((groups == c).sum())
    rows = {
        "train": rank >= 2 * held,
        "validation": (rank >= held) & (rank < 2 * held),
        "test": rank < held,
    }
    return {name: (inputs[r], labels[r]) for name, r in rows.items()}


def fifth(size: int) -> int:
    """A fifth of a group, rounded: what the small tables hold out."""
    return round(size / 5)
