"""What a dataset holds, and its division into train, validation and test, for good."""

import dataclasses

import numpy as np

from acts_jax.errors import DatasetError


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Examples as arrays, which may be read-only: row i of `inputs` goes with `labels[i]`.

    Attributes:
        inputs: uint8 [n, height, width, channels] for images, float32 [n, features] otherwise.
        labels: int32 [n] class numbers; float32 [n] targets for regression.
    """

    inputs: np.ndarray
    labels: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Stored:
    """What a dataset holds on disk.

    Attributes:
        version: its TFDS version.
        class_names: one per declared class; () for regression.
        left_out: the inputs that are text, e.g. "home.dest".
        splits: those of "train", "validation" and "test" that there are.
    """

    version: str
    class_names: tuple[str, ...]
    left_out: tuple[str, ...]
    splits: dict[str, Split]


def shuffled(rows: int) -> np.ndarray:
    """A permutation of 0..rows-1, int64 [rows], the same for ever."""
    # RandomState's stream is frozen; default_rng's may change with NumPy's version.
    return np.random.RandomState(0).permutation(rows)


def carve(splits: dict[str, Split], fraction: float, by_class: bool) -> dict[str, Split]:
    """Makes the splits "validation" and "test" out of the last shuffled rows of "train".

    Args:
        splits: those there are, "train" among them; the others are left as they are.
        fraction: share of the training rows for each that is missing.
        by_class: whether to take that share within each class.
    """
    missing = [s for s in ("validation", "test") if s not in splits]
    if not missing:
        return splits
    train = splits["train"]
    order = shuffled(len(train.labels))
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
    return splits | {s: Split(train.inputs[r], train.labels[r]) for s, r in taken.items()}


def drop_unused_classes(
    name: str, splits: dict[str, Split], class_names: tuple[str, ...]
) -> tuple[dict[str, Split], tuple[str, ...]]:
    """Leaves out declared classes without an example in any split, and renumbers the labels.

    Raises:
        DatasetError: a class without a training example, or one class only.
    """
    used = np.unique(np.concatenate([s.labels for s in splits.values()]))
    unlearnable = np.setdiff1d(used, splits["train"].labels)
    if unlearnable.size:
        raise DatasetError(
            f"dataset {name!r} has no training example of class {class_names[unlearnable[0]]!r}"
        )
    if len(used) == 1:
        raise DatasetError(
            f"dataset {name!r} has examples of class {class_names[used[0]]!r} only: there is "
            "nothing to tell apart"
        )
    number = np.full(len(class_names), -1, np.int32)
    number[used] = np.arange(len(used))
    splits = {s: Split(split.inputs, number[split.labels]) for s, split in splits.items()}
    return splits, tuple(class_names[c] for c in used)


def standardize_targets(
    name: str, splits: dict[str, Split]
) -> tuple[dict[str, Split], float, float]:
    """Gives the targets mean 0 and variance 1 over the training split.

    Returns:
        The splits with targets (t - mean) / scale, float32; mean and scale, in the units of t.

    Raises:
        DatasetError: all training targets are the same.
    """
    targets = splits["train"].labels.astype(np.float64)
    mean, scale = float(targets.mean()), float(targets.std())
    if targets.min() == targets.max():
        raise DatasetError(f"dataset {name!r} has the target {mean:g} in every training row")
    standard = {
        s: Split(split.inputs, ((split.labels - mean) / scale).astype(np.float32))
        for s, split in splits.items()
    }
    return standard, mean, scale
