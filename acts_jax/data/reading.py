"""Reading prepared datasets: from records on disk to arrays, checked.

Imported when there are records to read: TFDS takes a second.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from acts_jax.data import builders
from acts_jax.data.splitting import Split, Stored
from acts_jax.errors import DatasetError

_ROWS_AT_ONCE = 1024


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where in a TFDS example the inputs and the label are.

    Attributes:
        inputs: path -> feature, one entry for an image.
        left_out: the inputs of a table that are text.
        image: whether the input is an image.
        label: key of the label.
        class_names: one per declared class; () for regression.
    """

    inputs: Mapping[tuple[str, ...], Any]
    left_out: tuple[str, ...]
    image: bool
    label: str
    class_names: tuple[str, ...]


def layout(name: str, info: Any) -> Layout:
    """The layout of a dataset, prepared or not, from its `tfds.core.DatasetInfo`.

    Raises:
        DatasetError: no supervised keys, inputs or labels that no network here can take, or, if it
            is prepared, no split "train".
    """
    match info.supervised_keys:
        case (input_key, str() as label_key):
            pass
        case None:
            raise DatasetError(f"dataset {name!r} has no supervised keys, so no inputs and labels")
        case keys:
            raise DatasetError(f"dataset {name!r} has supervised keys {keys}, not (inputs, label)")
    keys = set(input_key.values()) if isinstance(input_key, Mapping) else {input_key}
    keys -= {label_key}  # penguins/simple lists it among its inputs
    leaves = {path: leaf for k in sorted(keys) for path, leaf in _leaves((k,), info.features[k])}
    texts = [path for path, leaf in leaves.items() if _is_text(leaf)]
    left_out = tuple("/".join(path) for path in texts) if len(texts) < len(leaves) else ()
    leaves = {path: leaf for path, leaf in leaves.items() if "/".join(path) not in left_out}
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
    if info.splits and "train" not in info.splits:
        there = ", ".join(info.splits)
        raise DatasetError(f"dataset {name!r} has no split 'train', only {there}")
    return Layout(leaves, left_out, image, label_key, class_names)


def read(name: str, builder: Any) -> Stored:
    """Reads the splits of a prepared dataset, and checks every row.

    Raises:
        DatasetError: as `layout`; damaged files, labels out of range, images of differing sizes,
            values that are not finite, or a split without an example.
    """
    where = layout(name, builder.info)
    there = [s for s in ("train", "validation", "test") if s in builder.info.splits]
    with builders.errors_only():
        splits = {s: _read_split(name, builder, where, s) for s in there}
    return Stored(str(builder.info.version), where.class_names, where.left_out, splits)


def _read_split(name: str, builder: Any, where: Layout, split: str) -> Split:
    inputs, labels = None, []
    for start, total, rows in _batches(name, builder, split):
        batch = _images(name, rows, where) if where.image else _table(rows, where)
        if inputs is None:
            inputs = np.empty((total, *batch.shape[1:]), batch.dtype)
        if batch.shape[1:] != inputs.shape[1:]:
            raise DatasetError(_differing_sizes(name, {batch.shape[1:], inputs.shape[1:]}))
        inputs[start : start + len(rows)] = batch
        labels += [row[where.label] for row in rows]
    if inputs is None:
        raise DatasetError(f"dataset {name!r} has no example in its split {split!r}")
    _check_finite(name, split, "inputs", inputs)
    labels, classes = np.asarray(labels), len(where.class_names)
    if not classes:
        _check_finite(name, split, "labels", labels)
        return Split(inputs, labels.astype(np.float32))
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise DatasetError(
            f"dataset {name!r} has the label {wrong[0]} in its split {split!r}, outside "
            f"0..{classes - 1}"
        )
    return Split(inputs, labels.astype(np.int32))


def _batches(name: str, builder: Any, split: str) -> Iterator[tuple[int, int, list[dict]]]:
    """Yields (index of the first row, number of rows in all, some rows) until all were read."""
    try:
        source = builder.as_data_source(split)
        total = len(source)
        for start in range(0, total, _ROWS_AT_ONCE):
            rows = source.__getitems__(range(start, min(start + _ROWS_AT_ONCE, total)))
            yield start, total, rows
    except ImportError:
        raise DatasetError(
            f"dataset {name!r} holds encoded images: `pip install acts_jax[tfds]` to read them"
        ) from None
    except Exception as error:
        if "install OpenCV" in str(error):  # of deep images, which Pillow does not decode
            raise DatasetError(builders.needs_package(name, "cv2")) from None
        raise DatasetError(builders.damaged(name, builder.data_dir, error)) from error


def _images(name: str, rows: list[dict[str, Any]], where: Layout) -> np.ndarray:
    [path] = where.inputs
    images = [_at(row, path) for row in rows]
    if len(sizes := {x.shape for x in images}) > 1:
        raise DatasetError(_differing_sizes(name, sizes))
    images = np.stack(images)
    return images if images.dtype == np.uint8 else images.astype(np.float32)


def _table(rows: list[dict[str, Any]], where: Layout) -> np.ndarray:
    columns = []
    for path, feature in where.inputs.items():
        values = np.asarray([_at(row, path) for row in rows])
        if isinstance(feature, tfds.features.ClassLabel):
            values = values[:, None] == np.arange(feature.num_classes)
        columns.append(values.reshape(len(rows), -1).astype(np.float32))
    return np.concatenate(columns, axis=1)


def _at(row: dict[str, Any], path: tuple[str, ...]) -> Any:
    for key in path:
        row = row[key]
    return row


def _check_finite(name: str, split: str, what: str, values: np.ndarray) -> None:
    if values.dtype.kind == "f":
        bad = np.count_nonzero(~np.isfinite(values.reshape(len(values), -1)).all(1))
        if bad:
            raise DatasetError(
                f"dataset {name!r} has NaN or infinite {what} in {bad} of {len(values)} rows of "
                f"its split {split!r}"
            )


def _differing_sizes(name: str, sizes: set[tuple[int, ...]]) -> str:
    a, b = sorted(sizes)[:2]
    return f"dataset {name!r} has images of differing sizes, e.g. {a} and {b}: one size is needed"


def _leaves(path: tuple[str, ...], feature: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(feature, tfds.features.FeaturesDict):
        for key in sorted(feature.keys()):
            yield from _leaves((*path, key), feature[key])
    else:
        yield path, feature


def _is_image(feature: Any) -> bool:
    pixels = isinstance(feature, tfds.features.Tensor) and len(feature.shape) == 3
    return isinstance(feature, tfds.features.Image) or (pixels and feature.np_dtype == np.uint8)


def _is_text(feature: Any) -> bool:
    return isinstance(feature, tfds.features.Tensor) and np.dtype(feature.np_dtype).kind in "OSU"


def _is_numeric(feature: Any) -> bool:
    return (
        isinstance(feature, tfds.features.Tensor)
        and None not in feature.shape
        and np.dtype(feature.np_dtype).kind in "biuf"
    )
