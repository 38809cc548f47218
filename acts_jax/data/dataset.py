"""Datasets as arrays: the train, validation and test splits of any supervised TFDS dataset."""

import dataclasses
import functools
import hashlib
import math
import os
from pathlib import Path
from typing import Literal

import numpy as np

from acts_jax.data import builders, caching, preparing, splitting
from acts_jax.data.splitting import Split, Stored
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


@dataclasses.dataclass(frozen=True, eq=False)
class Prepared:
    """What `prepare` has done.

    Attributes:
        dataset: as `load` returns it.
        folder: where the records are, and the arrays beside them.
        record_bytes: bytes on disk of what TFDS wrote.
        array_bytes: bytes on disk of the decoded arrays.
    """

    dataset: Dataset
    folder: Path
    record_bytes: int
    array_bytes: int


def load(
    name: str = "digits",
    *,
    data_dir: str | os.PathLike | None = None,
    validation_fraction: float = 0.1,
) -> Dataset:
    """Loads a dataset, preparing it on first use.

    "digits", "mnist1d", "breast_cancer", "wine" and "diabetes" are prepared without network or
    TensorFlow. Any other name is a TFDS dataset with supervised keys, e.g. "mnist" or
    "emnist/letters": preparing one takes TensorFlow (`pip install acts_jax[tfds]`) and the network,
    or the files that upstream publishes (see `prepare`); once prepared, in the ArrayRecord format,
    it is read without either. The decoded arrays are kept beside the records and mapped into memory
    the next time.

    Images keep their dtype (uint8) and shape. Anything else numeric becomes float32 [n, features]:
    tensors are flattened, dicts concatenated in the order of their keys, text among them left out,
    and a class label among the inputs becomes one column per class. A `ClassLabel` target makes a
    classification task, a number a regression, whose targets are standardised to mean 0 and
    variance 1 over the training split. A declared class without an example in any split is left out
    and the labels renumbered (emnist/letters declares 37 classes and has 26).

    A dataset without a "validation" split gives the last `validation_fraction` of its training
    rows, after a shuffle by NumPy's RandomState(0), within each class for classification. One
    without a "test" split gives as many of the rows before those. Rows stay in their stored order.
    The same arguments always return the same arrays.

    Args:
        name: "digits" or another that comes along, or any TFDS name, with an optional config and
            version.
        data_dir: where prepared datasets live; default: the environment variable TFDS_DATA_DIR,
            else ~/tensorflow_datasets.
        validation_fraction: share of the training rows for each split that has to be made, in
            (0, 0.5).

    Returns:
        The dataset, in host memory.

    Raises:
        DatasetError: unknown name; no supervised keys; something to install, download or place by
            hand; an unusable `data_dir`; damaged files; no split "train"; labels out of range,
            images of differing sizes, values that are not finite, a class without a training
            example, one class only, or one target only.
    """
    if not 0 < validation_fraction < 0.5:
        raise DatasetError(f"validation_fraction must be in (0, 0.5), not {validation_fraction}")
    stored, _ = caching.fetch(name, data_dir)
    return _divide(name, stored, validation_fraction)


def prepare(
    name: str,
    *,
    data_dir: str | os.PathLike | None = None,
    manual_dir: str | os.PathLike | None = None,
) -> Prepared:
    """Prepares a dataset for `load`, unless it is prepared: records, and the arrays beside them.

    Args:
        name: as for `load`.
        data_dir: as for `load`.
        manual_dir: folder with the files exactly as upstream publishes them. With it nothing is
            downloaded: a file that is missing is named with its URL, size and SHA-256, and one with
            another SHA-256 is refused.

    Raises:
        DatasetError: as `load`; a file in `manual_dir` is missing or is another.
    """
    stored, folder = caching.fetch(name, data_dir, manual_dir)
    return Prepared(_divide(name, stored, 0.1), folder, *caching.bytes_on_disk(folder))


def check_name(name: str, *, data_dir: str | os.PathLike | None = None) -> None:
    """Raises if `name` is no dataset that `load` could load; downloads and prepares nothing.

    Args:
        name: as for `load`.
        data_dir: as for `load`.

    Raises:
        DatasetError: unknown name; inputs or labels that a network here cannot take; not prepared,
            and TensorFlow or the network missing to do it.
    """
    if builders.embedded(name):
        builders.check_source(name, data_dir)  # without the second that importing TFDS takes
    elif not caching.is_cached(name, data_dir):
        builder = builders.find(name, data_dir)
        from acts_jax.data import reading

        reading.layout(name, builder.info)
        if not preparing.is_prepared(builder):
            preparing.check_preparable(name, builder)


def class_weights(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Weights under which every class counts alike.

    The mean over the examples of hit * weight[label] is the balanced accuracy: the mean of the
    accuracies within each class (Brodersen et al. 2010). Classes without an example have weight 0,
    and the mean is over the others.

    Args:
        labels: int [n].
        num_classes: number of classes.

    Returns:
        float32 [num_classes].
    """
    counts = np.bincount(labels, minlength=num_classes)
    there = counts > 0
    return (len(labels) / np.where(there, counts * there.sum(), np.inf)).astype(np.float32)


def balanced_accuracy(hits: np.ndarray, labels: np.ndarray, num_classes: int) -> float:
    """The mean over classes of the accuracy within each.

    Args:
        hits: [n], 1 where the most probable class is the label, else 0.
        labels: int [n].
        num_classes: number of classes; those without an example do not count.

    Returns:
        A number in [0, 1].
    """
    return float(np.mean(hits * class_weights(labels, num_classes)[labels], dtype=np.float64))


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


def _divide(name: str, stored: Stored, fraction: float) -> Dataset:
    """The dataset of what is stored: splits made, classes renumbered, targets standardised."""
    classes, mean, scale = stored.class_names, 0.0, 1.0
    splits = splitting.carve(stored.splits, fraction, by_class=bool(classes))
    for split in ("train", "validation", "test"):
        if not len(splits[split].labels):
            raise DatasetError(f"dataset {name!r} has no example for its {split} split")
    if classes:
        splits, classes = splitting.drop_unused_classes(name, splits, classes)
    else:
        splits, mean, scale = splitting.standardize_targets(name, splits)
    return Dataset(
        name=name,
        version=stored.version,
        class_names=classes,
        task="classification" if classes else "regression",
        input_shape=splits["train"].inputs.shape[1:],
        target_mean=mean,
        target_scale=scale,
        left_out=stored.left_out,
        **splits,
    )
