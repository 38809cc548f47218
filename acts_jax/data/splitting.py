"""What a dataset holds, and its division into train, validation and test: for good, or anew."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

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


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """The examples of a dataset as split seed 0 divides them, and where each of them comes from.

    Attributes:
        splits: with classes, or targets in their unit, as labels.
        rows: by split, int32 [n], which row of the dataset each example is: of those that are dealt
            together one number each, of a published split its place there.
        dealt: the splits that any other split seed deals anew; () where all are published.
    """

    splits: Mapping[str, Split]
    rows: Mapping[str, np.ndarray]
    dealt: tuple[str, ...]

    def deal(self, split_seed: int, by_class: bool) -> dict[str, np.ndarray]:
        """Which rows are in which split, int32 [n] by split, ascending where they are dealt anew.

        Every split gets as many examples, of every class, as it has at split seed 0.

        Args:
            split_seed: 0 to 2^32 - 1.
            by_class: whether to deal within each class; else over all rows.
        """
        if not split_seed:
            return dict(self.rows)
        owner = np.repeat(np.arange(len(self.dealt)), [len(self.rows[s]) for s in self.dealt])
        owner, every = owner[self._place], np.arange(len(owner))
        classes = self.labels(every) if by_class else np.zeros(len(owner))
        random = np.random.RandomState(split_seed)
        for c in np.unique(classes):
            owner[classes == c] = random.permutation(owner[classes == c])
        dealt = {s: np.flatnonzero(owner == i) for i, s in enumerate(self.dealt)}
        return {**self.rows, **{s: rows.astype(np.int32) for s, rows in dealt.items()}}

    def divided(self, rows: Mapping[str, np.ndarray]) -> dict[str, Split]:
        """The splits that have these rows, from `deal`."""
        inputs = [self.splits[s].inputs for s in self.dealt]
        dealt = {
            s: Split(_gather(inputs, self._place[rows[s]]), self.labels(rows[s]))
            for s in self.dealt
        }
        return {**self.splits, **dealt}

    def labels(self, rows: np.ndarray) -> np.ndarray:
        """The labels of some of the rows that are dealt."""
        return np.concatenate([self.splits[s].labels for s in self.dealt])[self._place[rows]]

    @property
    def _place(self) -> np.ndarray:
        """Where a row is when the splits that are dealt lie one behind the other."""
        return np.argsort(np.concatenate([self.rows[s] for s in self.dealt]))


def _gather(parts: Sequence[np.ndarray], index: np.ndarray) -> np.ndarray:
    """The rows at `index` of arrays one behind the other, without joining those."""
    rows, start = np.empty((len(index), *parts[0].shape[1:]), parts[0].dtype), 0
    for part in parts:
        here = (index >= start) & (index < start + len(part))
        rows[here] = part[index[here] - start]
        start += len(part)
    return rows


def carve(
    splits: Mapping[str, Split], fraction: float, by_class: bool, published: Sequence[str]
) -> Source:
    """Makes the splits "validation" and "test", if missing, of the last shuffled rows of "train".

    Args:
        splits: those there are, "train" among them; they are left as they are otherwise.
        fraction: share of the training rows for each that is missing.
        by_class: whether to take that share within each class.
        published: those of "validation" and "test" whose rows another split seed may not move.
    """
    missing = [s for s in ("validation", "test") if s not in splits]
    together = [s for s in ("test", "validation", "train") if s in splits and s not in published]
    numbers = {s: np.arange(len(splits[s].labels), dtype=np.int32) for s in splits}
    for before, s in itertools.pairwise(together):
        numbers[s] = numbers[s] + numbers[before][-1] + 1
    dealt = tuple(s for s in ("train", "validation", "test") if s in [*together, *missing])
    if not missing:
        return Source(splits, numbers, dealt if len(dealt) > 1 else ())
    train = splits["train"]
    order = shuffled(len(train.labels))
    labels = train.labels[order] if by_class else np.zeros(len(order))
    rows: dict[str, list[np.ndarray]] = {s: [] for s in ("train", *missing)}
    for c in np.unique(labels):
        group = order[labels == c]
        count = round(fraction * len(group))
        for s in missing:
            group, last = np.split(group, [len(group) - count])
            rows[s].append(last)
        rows["train"].append(group)
    taken = {s: np.sort(np.concatenate(r)) for s, r in rows.items()}
    carved = {s: Split(train.inputs[r], train.labels[r]) for s, r in taken.items()}
    places = {s: numbers["train"][r] for s, r in taken.items()}
    return Source({**splits, **carved}, {**numbers, **places}, dealt)


def drop_unused_classes(
    name: str, splits: Mapping[str, Split], class_names: tuple[str, ...]
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


def target_unit(name: str, targets: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the training targets.

    Raises:
        DatasetError: all of them are the same.
    """
    wide = targets.astype(np.float64)
    mean, scale = float(wide.mean()), float(wide.std())
    if wide.min() == wide.max():
        raise DatasetError(f"dataset {name!r} has the target {mean:g} in every training row")
    return mean, scale


def standardize_targets(splits: Mapping[str, Split], mean: float, scale: float) -> dict[str, Split]:
    """The splits with targets (t - mean) / scale, float32."""
    return {
        s: Split(split.inputs, ((split.labels - mean) / scale).astype(np.float32))
        for s, split in splits.items()
    }
