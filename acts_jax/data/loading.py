"""Loading: any supervised TFDS dataset by its name, prepared on first use."""

import dataclasses
import os
from pathlib import Path

from acts_jax.data import builders, caching, preparing, splitting
from acts_jax.data.dataset import Dataset, with_source
from acts_jax.data.splitting import Stored
from acts_jax.errors import DatasetError


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
    split_seed: int = 0,
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
    A `split_seed` other than 0 deals the rows anew, see `Dataset.divided`. The same arguments
    always return the same arrays.

    Args:
        name: "digits" or another that comes along, or any TFDS name, with an optional config and
            version.
        data_dir: where prepared datasets live; default: the environment variable TFDS_DATA_DIR,
            else ~/tensorflow_datasets.
        validation_fraction: share of the training rows for each split that has to be made, in
            (0, 0.5).
        split_seed: which division into splits, from 0 to 2^32 - 1.

    Returns:
        The dataset, in host memory.

    Raises:
        DatasetError: unknown name; no supervised keys; something to install, download or place by
            hand; an unusable `data_dir`; damaged files; no split "train"; labels out of range,
            images of differing sizes, values that are not finite, a class without a training
            example, one class only, or one target only; a `split_seed` other than 0 where all
            splits are published.
    """
    if not 0 < validation_fraction < 0.5:
        raise DatasetError(f"validation_fraction must be in (0, 0.5), not {validation_fraction}")
    stored, _ = caching.fetch(name, data_dir)
    return _divide(name, stored, validation_fraction).divided(split_seed)


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


def _divide(name: str, stored: Stored, fraction: float) -> Dataset:
    """The dataset of what is stored: splits made, classes renumbered, targets standardised."""
    classes, mean, scale = stored.class_names, 0.0, 1.0
    known = builders.embedded(name)
    published = known.published if known else tuple(s for s in stored.splits if s != "train")
    source = splitting.carve(stored.splits, fraction, bool(classes), published)
    for split in ("train", "validation", "test"):
        if not len(source.splits[split].labels):
            raise DatasetError(f"dataset {name!r} has no example for its {split} split")
    if classes:
        splits, classes = splitting.drop_unused_classes(name, source.splits, classes)
        source = dataclasses.replace(source, splits=splits)
    else:
        mean, scale = splitting.target_unit(name, source.splits["train"].labels)
        splits = splitting.standardize_targets(source.splits, mean, scale)
    dataset = Dataset(
        name=name,
        version=stored.version,
        class_names=classes,
        task="classification" if classes else "regression",
        input_shape=splits["train"].inputs.shape[1:],
        target_mean=mean,
        target_scale=scale,
        left_out=stored.left_out,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
    )
    return with_source(dataset, source)
