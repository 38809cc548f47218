"""Datasets as arrays: the train, validation and test splits of any supervised TFDS dataset."""

import dataclasses
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from acts_jax.datasets import builders
from acts_jax.datasets.builders import DatasetError
from acts_jax.suggestion import suggest

_SPLIT_SEED = 0
_ROWS_AT_ONCE = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Examples as arrays: row i of `inputs` goes with element i of `labels`.

    Attributes:
        inputs: uint8 [n, height, width, channels] for images, float32 [n, features] otherwise.
        labels: int32 [n] class numbers; float32 [n] targets for regression.
    """

    inputs: np.ndarray
    labels: np.ndarray


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
    """

    name: str
    version: str
    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    task: Literal["classification", "regression"]
    input_shape: tuple[int, ...]

    @property
    def chance(self) -> float:
        """Test accuracy of always naming the most frequent class of the training split."""
        if self.task == "regression":
            return math.nan
        return float(np.mean(self.test.labels == np.bincount(self.train.labels).argmax()))


def load(
    name: str = "digits",
    *,
    data_dir: str | os.PathLike | None = None,
    validation_fraction: float = 0.1,
) -> Dataset:
    """Loads a dataset, preparing it on first use.

    "digits" and "mnist1d" are prepared without network or TensorFlow. Any other name is a TFDS
    dataset with supervised keys, e.g. "mnist" or "emnist/letters": preparing one takes the network
    and usually TensorFlow (`pip install acts_jax[tfds]`); once prepared, in the ArrayRecord format,
    it is read without either.

    Images keep their dtype (uint8) and shape. Anything else numeric becomes float32 [n, features]:
    tensors are flattened, dicts concatenated in the order of their keys, and a class label among
    the inputs becomes one column per class. A `ClassLabel` target makes a classification task, a
    number a regression. A declared class without an example in any split is left out and the
    labels renumbered (emnist/letters declares 37 classes and has 26).

    A dataset without a "validation" split gives the last `validation_fraction` of its training
    rows, after a shuffle by NumPy's RandomState(0), within each class for classification. One
    without a "test" split gives as many of the rows before those. Rows stay in their stored order.
    The same arguments always return the same arrays.

    Args:
        name: "digits", "mnist1d" or any TFDS name, with an optional config and version.
        data_dir: where prepared datasets live; default: the environment variable TFDS_DATA_DIR,
            else ~/tensorflow_datasets.
        validation_fraction: share of the training rows for each split that has to be made, in
            (0, 0.5).

    Returns:
        The dataset, in host memory.

    Raises:
        DatasetError: unknown name; no supervised keys; something to install, download or place by
            hand; an unusable `data_dir`; damaged files; labels out of range, images of differing
            sizes, values that are not finite, or a class without a training example.
    """
    if not 0 < validation_fraction < 0.5:
        raise DatasetError(f"validation_fraction must be in (0, 0.5), not {validation_fraction}")
    builder = builders.find_prepared(name, data_dir)
    spec = _spec(name, builder.info)
    stored = [s for s in ("train", "validation", "test") if s in builder.info.splits]
    if "train" not in stored:
        there = ", ".join(builder.info.splits)
        raise DatasetError(f"dataset {name!r} has no split 'train', only {there}")
    with builders.errors_only():
        splits = {s: _read(name, builder, spec, s) for s in stored}
    missing = [s for s in ("validation", "test") if s not in splits]
    splits |= _carve(splits["train"], missing, validation_fraction, bool(spec.class_names))
    class_names = spec.class_names
    if class_names:
        splits, class_names = _drop_unused_classes(name, splits, class_names)
    for s, split in splits.items():
        if not len(split.labels):
            raise DatasetError(f"dataset {name!r} has no example for its {s} split")
    return Dataset(
        name=name,
        version=str(builder.info.version),
        class_names=class_names,
        task="classification" if class_names else "regression",
        input_shape=splits["train"].inputs.shape[1:],
        **splits,
    )


def check_name(name: str, *, data_dir: str | os.PathLike | None = None) -> None:
    """Raises if `name` is no dataset that `load` could load; downloads and prepares nothing.

    Args:
        name: as for `load`.
        data_dir: as for `load`.

    Raises:
        DatasetError: unknown name, or inputs or labels that a network here cannot take.
    """
    if name in builders.EMBEDDED:
        builders.check_source(name, data_dir)  # without the second that importing TFDS takes
    else:
        _spec(name, builders.find(name, data_dir).info)


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


@dataclasses.dataclass(frozen=True)
class _Spec:
    """Where in a TFDS example the inputs and the label are."""

    inputs: Mapping[tuple[str, ...], Any]  # path -> feature, one entry for an image
    image: bool
    label: str
    class_names: tuple[str, ...]


def _spec(name: str, info: Any) -> _Spec:
    import tensorflow_datasets as tfds

    match info.supervised_keys:
        case (input_key, str() as label_key):
            pass
        case None:
            raise DatasetError(f"dataset {name!r} has no supervised keys, so no inputs and labels")
        case keys:
            raise DatasetError(f"dataset {name!r} has supervised keys {keys}, not (inputs, label)")
    keys = input_key.values() if isinstance(input_key, Mapping) else [input_key]
    leaves = {path: leaf for k in sorted(keys) for path, leaf in _leaves((k,), info.features[k])}
    image = len(leaves) == 1 and _is_image(*leaves.values())
    for path, leaf in leaves.items():
        if not image and not _is_numeric(leaf):
            raise DatasetError(
                f"dataset {name!r} has the input {'/'.join(path)!r}, a {type(leaf).__name__}: "
                "only images and numbers of a fixed shape can be fed to a network here"
            )
    label = info.features[label_key]
    if isinstance(label, tfds.features.ClassLabel):
        class_names = tuple(label.names)
    elif _is_numeric(label) and label.shape == ():
        class_names = ()
    else:
        raise DatasetError(
            f"dataset {name!r} has the label {label_key!r}, a {type(label).__name__} of shape "
            f"{label.shape}: only a class or one number can be learned here"
        )
    return _Spec(leaves, image, label_key, class_names)


def _leaves(path: tuple[str, ...], feature: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    import tensorflow_datasets as tfds

    if isinstance(feature, tfds.features.FeaturesDict):
        for key in sorted(feature.keys()):
            yield from _leaves((*path, key), feature[key])
    else:
        yield path, feature


def _is_image(feature: Any) -> bool:
    import tensorflow_datasets as tfds

    pixels = isinstance(feature, tfds.features.Tensor) and len(feature.shape) == 3
    return isinstance(feature, tfds.features.Image) or (pixels and feature.np_dtype == np.uint8)


def _is_numeric(feature: Any) -> bool:
    import tensorflow_datasets as tfds

    return (
        isinstance(feature, tfds.features.Tensor)
        and None not in feature.shape
        and np.dtype(feature.np_dtype).kind in "biuf"
    )


def _read(name: str, builder: Any, spec: _Spec, split: str) -> Split:
    """Reads one stored split, and checks it."""
    inputs, labels = [], []
    for rows in _batches(name, builder, split):
        inputs.append(_image_rows(name, rows, spec) if spec.image else _table_rows(rows, spec))
        labels.append(np.asarray([row[spec.label] for row in rows]))
    if not labels:
        raise DatasetError(f"dataset {name!r} has no example in its split {split!r}")
    if len({x.shape[1:] for x in inputs}) > 1:
        raise DatasetError(_differing_sizes(name, inputs))
    x, y = np.concatenate(inputs), np.concatenate(labels)
    if x.dtype.kind == "f" and not (finite := np.isfinite(x.reshape(len(x), -1)).all(1)).all():
        raise DatasetError(
            f"dataset {name!r} has NaN or infinite inputs in {(~finite).sum()} of {len(x)} rows "
            f"of its split {split!r}"
        )
    if not spec.class_names:
        if not np.isfinite(y).all():
            raise DatasetError(f"dataset {name!r} has NaN or infinite labels in split {split!r}")
        return Split(x, y.astype(np.float32))
    wrong = y[(y < 0) | (y >= len(spec.class_names))]
    if wrong.size:
        raise DatasetError(
            f"dataset {name!r} has the label {wrong[0]} in its split {split!r}, outside "
            f"0..{len(spec.class_names) - 1}"
        )
    return Split(x, y.astype(np.int32))


def _batches(name: str, builder: Any, split: str) -> Iterator[list[dict[str, Any]]]:
    try:
        source = builder.as_data_source(split)
        for start in range(0, len(source), _ROWS_AT_ONCE):
            yield source.__getitems__(range(start, min(start + _ROWS_AT_ONCE, len(source))))
    except ImportError:
        raise DatasetError(
            f"dataset {name!r} holds encoded images: `pip install acts_jax[tfds]` to read them"
        ) from None
    except Exception as error:
        raise DatasetError(builders.damaged(name, builder.data_dir, error)) from error


def _image_rows(name: str, rows: list[dict[str, Any]], spec: _Spec) -> np.ndarray:
    [path] = spec.inputs
    images = [_at(row, path) for row in rows]
    if len({x.shape for x in images}) > 1:
        raise DatasetError(_differing_sizes(name, [x[None] for x in images]))
    images = np.stack(images)
    return images if images.dtype == np.uint8 else images.astype(np.float32)


def _differing_sizes(name: str, batches: list[np.ndarray]) -> str:
    a, b = sorted({x.shape[1:] for x in batches})[:2]
    return f"dataset {name!r} has images of differing sizes, e.g. {a} and {b}: one size is needed"


def _table_rows(rows: list[dict[str, Any]], spec: _Spec) -> np.ndarray:
    import tensorflow_datasets as tfds

    columns = []
    for path, feature in spec.inputs.items():
        values = np.asarray([_at(row, path) for row in rows])
        if isinstance(feature, tfds.features.ClassLabel):
            values = values[:, None] == np.arange(feature.num_classes)
        columns.append(values.reshape(len(rows), -1).astype(np.float32))
    return np.concatenate(columns, axis=1)


def _at(row: dict[str, Any], path: tuple[str, ...]) -> Any:
    for key in path:
        row = row[key]
    return row


def _carve(train: Split, missing: list[str], fraction: float, by_class: bool) -> dict[str, Split]:
    """Divides `train` into itself and the `missing` splits, by a fixed shuffle."""
    # RandomState's stream is frozen for ever; default_rng's may change with NumPy's version.
    order = np.random.RandomState(_SPLIT_SEED).permutation(len(train.labels))
    labels = train.labels[order] if by_class else np.zeros(len(order))
    rows = {s: [] for s in ("train", *missing)}
    for c in np.unique(labels):
        group = order[labels == c]
        count = round(fraction * len(group))
        for s in missing:
            group, last = np.split(group, [len(group) - count])
            rows[s].append(last)
        rows["train"].append(group)
    taken = {s: np.sort(np.concatenate(r)) for s, r in rows.items()}
    return {s: Split(train.inputs[r], train.labels[r]) for s, r in taken.items()}


def _drop_unused_classes(
    name: str, splits: dict[str, Split], class_names: tuple[str, ...]
) -> tuple[dict[str, Split], tuple[str, ...]]:
    used = np.unique(np.concatenate([s.labels for s in splits.values()]))
    unlearnable = np.setdiff1d(used, splits["train"].labels)
    if unlearnable.size:
        raise DatasetError(
            f"dataset {name!r} has no training example of class {class_names[unlearnable[0]]!r}"
        )
    number = np.full(len(class_names), -1, np.int32)
    number[used] = np.arange(len(used))
    splits = {s: Split(split.inputs, number[split.labels]) for s, split in splits.items()}
    return splits, tuple(class_names[c] for c in used)
