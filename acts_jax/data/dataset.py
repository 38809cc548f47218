"""A dataset as arrays: its train, validation and test splits, and how they are dealt anew."""

import dataclasses
import functools
import hashlib
import math
from typing import Literal

import numpy as np

from acts_jax.data import splitting
from acts_jax.data.splitting import Source, Split
from acts_jax.errors import DatasetError
from acts_jax.suggestion import suggest


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """A supervised dataset in memory.

    Attributes:
        name: the name it was asked for by, e.g. "emnist/letters".
        version: its TFDS version, e.g. "3.1.0".
        train, validation, test: the splits; no row is in two of them.
        class_names: one per class, indexed by the labels; () for regression.
        task: "classification" or "regression".
        input_shape: shape of one input, e.g. (8, 8, 1) or (40,).
        target_mean: of a regression's training targets, in their unit.
        target_scale: their standard deviation: target = label * target_scale + target_mean, and an
            error of the labels times target_scale is one in the unit of the targets.
        left_out: inputs that are text, which no network here takes, e.g. ("cabin", "name").
        split_seed: which of the divisions into splits this is, see `divided`.
        source: what the other divisions are made of; only what `load` returns has it, and not a
            copy of that with other fields, whose rows may be others.
    """

    name: str
    version: str
    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    task: Literal["classification", "regression"]
    input_shape: tuple[int, ...]
    target_mean: float = 0.0
    target_scale: float = 1.0
    left_out: tuple[str, ...] = ()
    split_seed: int = 0
    source: Source | None = dataclasses.field(default=None, init=False, repr=False)

    def divided(self, split_seed: int) -> "Dataset":
        """The same dataset with its splits dealt anew, but for those that are as published.

        Split seed 0 is the division that `load` describes. Another one deals the same rows by
        NumPy's RandomState(split_seed), within each class for classification, so that every split
        has as many of each class as at 0. All three splits are dealt anew where the source has no
        test split of its own ("digits", "breast_cancer", "wine", "diabetes"), train and validation
        where a test split is published ("mnist1d", "fashion_mnist").

        Args:
            split_seed: from 0 to 2^32 - 1.

        Raises:
            DatasetError: as `check_split_seed`; all training targets of a regression are the same.
        """
        self.check_split_seed(split_seed)
        if split_seed == self.split_seed or self.source is None:
            return self
        splits = self.source.divided(self.source.deal(split_seed, bool(self.class_names)))
        mean, scale = self.target_unit(split_seed)
        if not self.class_names:
            splits = splitting.standardize_targets(splits, mean, scale)
        anew = dataclasses.replace(
            self,
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            split_seed=split_seed,
            target_mean=mean,
            target_scale=scale,
        )
        return with_source(anew, self.source)

    @property
    def divides_test(self) -> bool:
        """Whether other split seeds have other test splits: not where one is published."""
        return self.source is not None and "test" in self.source.dealt

    @property
    def sizes(self) -> dict[str, int]:
        """The number of examples of each split, by its name."""
        splits = {"training": self.train, "validation": self.validation, "test": self.test}
        return {name: len(split.labels) for name, split in splits.items()}

    def check_split_seed(self, split_seed: int) -> None:
        """Raises DatasetError if `divided` cannot deal the splits anew by this seed."""
        if not 0 <= split_seed < 2**32:
            raise DatasetError(f"split_seed must be from 0 to 2^32 - 1, not {split_seed}")
        if split_seed == self.split_seed:
            return
        kept = f"dataset {self.name!r} keeps its splits"
        if self.source is None:
            raise DatasetError(
                f"{kept}, which were given as arrays: split_seed is {self.split_seed}, and cannot "
                f"be {split_seed}"
            )
        if not self.source.dealt:
            raise DatasetError(
                f"{kept}, all three of them as published: split_seed is 0, and cannot be "
                f"{split_seed}"
            )

    def target_unit(self, split_seed: int) -> tuple[float, float]:
        """`target_mean` and `target_scale` under a split seed; (0.0, 1.0) for classification."""
        if self.class_names or self.source is None or split_seed == self.split_seed:
            return self.target_mean, self.target_scale
        rows = self.source.deal(split_seed, by_class=False)
        return splitting.target_unit(self.name, self.source.labels(rows["train"]))

    def test_rows_of(self, split_seed: int) -> np.ndarray:
        """`test_rows` under a split seed."""
        if self.source is None:
            return np.arange(len(self.test.labels), dtype=np.int32)
        return self.source.deal(split_seed, bool(self.class_names))["test"]

    @property
    def test_rows(self) -> np.ndarray:
        """The number of each test example, int32 [n], which is the same under every split seed.

        Where the test split is published, its row there; else its row in the whole dataset, the
        stored splits one behind the other: test, validation, train.
        """
        return self.test_rows_of(self.split_seed)

    @property
    def chance(self) -> float:
        """Test accuracy of always naming the most frequent class of the training split.

        The balanced accuracy of that is 1 / len(class_names).
        """
        if self.task == "regression":
            return math.nan
        return float(np.mean(self.test.labels == self.class_counts["train"].argmax()))

    @functools.cached_property
    def digest(self) -> str:
        """The SHA-256 of all that networks learn from and are judged by: 64 hexadecimal digits.

        Of the splits as arrays, the task, the number of classes and the unit of the targets.
        """
        facts = self.task, len(self.class_names), self.target_mean, self.target_scale
        digest = hashlib.sha256(repr(facts).encode())
        for split in (self.train, self.validation, self.test):
            for array in (split.inputs, split.labels):
                digest.update(repr((array.shape, array.dtype.str)).encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    @property
    def class_counts(self) -> dict[str, np.ndarray]:
        """Examples of each class, int64 [classes], by split; [0] for regression."""
        classes = len(self.class_names)
        return {
            split: np.bincount(getattr(self, split).labels, minlength=classes)
            if classes
            else np.zeros(0, np.int64)
            for split in ("train", "validation", "test")
        }


def with_source(dataset: Dataset, source: Source) -> Dataset:
    """The same dataset, and what its other divisions are made of."""
    # Not by `dataclasses.replace`, which must not carry it over to other arrays.
    object.__setattr__(dataset, "source", source)
    return dataset


def preprocessing(
    kind: Literal["unit", "symmetric", "standardize"], train_inputs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The affine map from stored inputs to network inputs, x = inputs.reshape(n, -1)*scale + shift.

    "unit" maps to [0, 1], "symmetric" to [-1, 1]: images from their full range 0..255 (x/255,
    x/127.5 - 1), other features from the least and greatest value each takes in `train_inputs`.
    "standardize" gives each feature of `train_inputs`, pixels too, mean 0 and variance 1. A
    feature that takes one value in `train_inputs` maps to 0, whatever it is elsewhere (except for
    images under "unit" and "symmetric").

    Args:
        kind: "unit", "symmetric" or "standardize".
        train_inputs: uint8 or float [n, ...], the inputs of the training split.

    Returns:
        (scale, shift), each float32 [features].

    Raises:
        ValueError: unknown `kind`.
    """
    kinds = ("unit", "symmetric", "standardize")
    if kind not in kinds:
        raise ValueError(f"unknown preprocessing {kind!r}{suggest(kind, kinds)}")
    x = train_inputs.reshape(len(train_inputs), -1)
    low, high = x.min(0).astype(np.float64), x.max(0).astype(np.float64)
    if x.dtype == np.uint8 and kind != "standardize":
        low, high = np.zeros_like(low), np.full_like(high, 255)
    origin, width = {
        "unit": lambda: (low, high - low),
        "symmetric": lambda: ((low + high) / 2, (high - low) / 2),
        "standardize": lambda: (x.mean(0, dtype=np.float64), x.std(0, dtype=np.float64)),
    }[kind]()
    scale = np.where(low == high, 0, 1 / np.where(low == high, 1, width))
    return scale.astype(np.float32), (-origin * scale).astype(np.float32)
