"""What a readout says: probabilities of test examples, and heads and hidden layers compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from acts_jax.activations.readout import softmax
from acts_jax.activations.sigmoidal import sigmoid
from acts_jax.analysis import pairing, statistics
from acts_jax.data import Dataset
from acts_jax.models import probabilities
from acts_jax.report.style import FAINT, INK, PALETTE, RULE, STYLE, percent, shorten, titles
from acts_jax.studies.claims import Check, at_least, at_most
from acts_jax.suggestion import suggest
from acts_jax.sweep.config import ConfigError
from acts_jax.sweep.networks import Networks

RIGHT, OTHER, WRONG = PALETTE[0], "#b8b8b8", PALETTE[1]


class Readouts(NamedTuple):
    """Class probabilities of the examples of a split, by one network.

    Attributes:
      probabilities: float32 [n, classes].
      labels: int [n].
      runner_up: float32 [n], the second largest probability.
    """

    probabilities: np.ndarray
    labels: np.ndarray
    runner_up: np.ndarray

    def doubtful(self, count: int) -> np.ndarray:
        """The examples with the strongest runner-up, strongest first: indices [count]."""
        return np.argsort(-self.runner_up, kind="stable")[:count]

    def record(self, examples: Sequence[int]) -> pd.DataFrame:
        """Label, probabilities and runner-up of some examples."""
        examples = np.asarray(examples)
        return pd.DataFrame(
            {
                "example": examples,
                "label": self.labels[examples],
                "runner_up": self.runner_up[examples],
                "probabilities": list(self.probabilities[examples]),
            }
        )

    def confident(self, label: int | None = None) -> int:
        """The rightly read example (of a class) whose label is the most probable."""
        rows = np.arange(len(self.labels))
        own = self.probabilities[rows, self.labels]
        wanted = self.labels == label if label is not None else True
        return int(np.argmax(np.where(wanted, own, -1)))


def readouts(networks: Networks, row: int = 0, split: str = "test") -> Readouts:
    """What one of the networks makes of a split: "train", "val" or "test"."""
    examples = getattr(networks.examples, split)
    x, _ = examples.take(jnp.arange(len(examples.labels)))
    outputs = networks.model.apply({"params": networks.network(row)}, x)
    found = np.asarray(probabilities(outputs, networks.model.head))
    return Readouts(found, np.asarray(examples.labels), np.sort(found, axis=1)[:, -2])


def two_class_identity() -> dict[str, float]:
    """How far softmax([a, b])_2 is from sigmoid(b - a), over logits from -30 to 30, in float64.

    Returns:
      "value" and "gradient": the largest absolute differences; the gradients are those with
      respect to both logits.
    """
    with jax.enable_x64(True):
        grid = jnp.linspace(-30, 30, 121)
        logits = jnp.stack([a.ravel() for a in jnp.meshgrid(grid, grid)], axis=-1)
        two, one = (
            jax.device_get(jax.vmap(jax.value_and_grad(f))(logits))
            for f in (lambda z: softmax(z)[1], lambda z: sigmoid(z[1] - z[0]))
        )
    return {
        n: float(np.abs(a - b).max())
        for n, a, b in zip(("value", "gradient"), two, one, strict=True)
    }


def probability_checks(found: Sequence[Readouts], same: Mapping[str, float]) -> list[Check]:
    """Whether probabilities are what softmax promises, as far as float32 can hold it.

    Args:
      found: By each network.
      same: From `two_class_identity`.
    """
    every = np.concatenate([one.probabilities for one in found])
    off = np.abs(every.sum(axis=1, dtype=float) - 1).max()
    below = np.nextafter(np.float32(1), np.float32(0))  # the largest number below 1
    proved, identity = {"theorem": True}, "softmax of two is the sigmoid of the difference, in"
    return [
        at_least("the smallest probability, float32", "above 0", every.min(), 1e-45, **proved),
        at_most(
            "the largest probability, float32: below 1 unless it rounds to it",
            "below 1", every.max(), below, format=".8f", **proved,
        ),
        at_most("they sum to 1: largest deviation", "0", off, 1e-6, format=".1g", **proved),
        *(
            at_most(f"{identity} {what}", "equal", size, 1e-15, format=".1g", **proved)
            for what, size in same.items()
        ),
    ]  # fmt: skip


def two_classes(dataset: Dataset, first: int, second: int) -> Dataset:
    """The examples of two classes of a dataset, as classes 0 and 1."""

    def chosen(split):
        rows = np.isin(split.labels, (first, second))
        labels = (split.labels[rows] == second).astype(np.int32)
        return dataclasses.replace(split, inputs=split.inputs[rows], labels=labels)

    splits = {name: chosen(getattr(dataset, name)) for name in ("train", "validation", "test")}
    pair = (dataset.class_names[first], dataset.class_names[second])
    return dataclasses.replace(dataset, class_names=pair, **splits)


def hardest_pair(found: Readouts) -> tuple[int, int]:
    """The two classes that most share their probabilities: label a, mean probability of b."""
    count = found.probabilities.shape[1]
    confusion = np.array(
        [found.probabilities[found.labels == c].mean(axis=0) for c in range(count)]
    )
    confusion = np.triu(confusion + confusion.T, 1)
    first, second = np.unravel_index(np.argmax(confusion), confusion.shape)
    return int(first), int(second)


def classes_of(dataset: Dataset, names: Sequence[str]) -> tuple[int, int]:
    """The numbers of two classes.

    Raises:
      ConfigError: If there are not two names, or one of them is no class of the dataset.
    """
    for name in names:
        if name not in dataset.class_names:
            near = suggest(name, dataset.class_names)
            raise ConfigError(f"{dataset.name} has no class {name!r}{near}")
    if len(set(names)) != 2:
        raise ConfigError(f"give two classes to tell apart, not {','.join(names)}")
    first, second = sorted(map(dataset.class_names.index, names))
    return first, second


def accuracies(networks: Networks) -> np.ndarray:
    """Test accuracy of each seed at the best learning rate, 0 if it diverged [seeds]."""
    return statistics.scores(networks.best().results)["test_accuracy"].to_numpy()


def table(groups: dict[str, Networks]) -> pd.DataFrame:
    """One row per kind of network, at its best learning rate: test accuracy with its interval."""
    rows = []
    for name, networks in groups.items():
        selection = statistics.select(networks.results)
        chosen, (rate,) = selection.iloc[0], pairing.rates(selection)
        rows.append(
            {
                "network": name,
                "learning rate": rate,
                "test accuracy": chosen["test_accuracy"],
                "low": chosen["low"],
                "high": chosen["high"],
                "test loss, nats": chosen["test_loss"],
            }
        )
    return pd.DataFrame(rows)


def examples(dataset: Dataset, found: Readouts, doubtful: int = 6) -> list[int]:
    """A clear example, of the class "4" if there is one, and the most doubtful ones."""
    four = dataset.class_names.index("4") if "4" in dataset.class_names else None
    return [found.confident(four), *map(int, found.doubtful(doubtful))]


def looks_like(
    dataset: Dataset, found: Sequence[Readouts], name: str, others: Sequence[str]
) -> list[float]:
    """By each network, the share of a class's examples to which `others` come nearest.

    An example comes nearest to the most probable of the classes that it does not belong to.
    """
    label, *classes = map(dataset.class_names.index, (name, *others))
    shares = []
    for one in found:
        probabilities = one.probabilities[one.labels == label].copy()
        probabilities[:, label] = -1
        shares.append(float(np.isin(probabilities.argmax(axis=1), classes).mean()))
    return shares


def likeness_check(
    dataset: Dataset, found: Sequence[Readouts], name: str, others: Sequence[str]
) -> Check:
    """Whether `others` are nearest to a class more often than as many classes drawn at random."""
    chance = len(others) / (len(dataset.class_names) - 1)
    return at_least(
        f"test {name}s whose nearest other class is {' or '.join(others)}: share, against "
        f"{chance:.0%} by chance",
        "a little like them", looks_like(dataset, found, name, others), chance,
        format=".1%", bounds=(0, 1),
    )  # fmt: skip


def figure(
    dataset: Dataset, found: Readouts, chosen: Sequence[int], scores: pd.DataFrame
) -> Figure:
    """Test examples beside their probabilities, the first a clear one, and the comparisons.

    Inputs that are no images are drawn as lines.

    Args:
      dataset: What was learned.
      found: Of one network.
      chosen: Which examples, see `examples`.
      scores: From `table`.
    """
    with matplotlib.rc_context(STYLE):
        rows = -(-(len(chosen) + 1) // 4)
        picture = Figure(figsize=(10.4, 0.7 + 2.35 * rows), layout="constrained")
        columns = {"width_ratios": [1, 1.5] * 4}
        axes = picture.subplots(rows, 8, gridspec_kw=columns, squeeze=False)
        for i, example in enumerate(chosen):
            row, column = divmod(i, 4)
            title = f"2nd: {percent(found.runner_up[example])}" if i else "a clear one"
            _draw_input(axes[row, 2 * column], dataset, example, title)
            _draw_probabilities(axes[row, 2 * column + 1], dataset.class_names, found, example)
        for i in range(2 * len(chosen), axes.size):
            axes[divmod(i, 8)].remove()
        last = picture.add_subplot(axes[0, 0].get_gridspec()[-1, 2 * (len(chosen) % 4) :])
        _draw_scores(last, scores)
        titles(
            picture,
            f"Class probabilities: a clear test example, and the most doubtful ({dataset.name})",
            "Blue: the label. Orange: the answer, where it is wrong. Last panel: test accuracy of "
            "heads and hidden layers, each at its own best learning rate, with 95% intervals.",
        )
    return picture


def _draw_input(axes: Axes, dataset: Dataset, example: int, title: str) -> None:
    values = dataset.test.inputs[example]
    if values.ndim == 3:
        axes.imshow(values.squeeze() if values.shape[-1] == 1 else values, cmap="gray_r")
        axes.spines[:].set_visible(True)
        axes.spines[:].set_color(RULE)
    else:
        axes.plot(values.ravel(), color=INK, lw=1)
        axes.set_box_aspect(1)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title)


def _draw_probabilities(
    axes: Axes, class_names: Sequence[str], found: Readouts, example: int, most: int = 10
) -> None:
    values, label = found.probabilities[example], found.labels[example]
    answer = int(np.argmax(values))
    classes = np.sort(np.argsort(-values, kind="stable")[:most])
    colors = [RIGHT if c == label else WRONG if c == answer else OTHER for c in classes]
    axes.barh(range(len(classes)), values[classes], color=colors, height=0.75)
    for row, c in enumerate(classes):
        if values[c] >= 0.005:
            axes.text(values[c] + 0.03, row, f"{values[c]:.0%}", va="center", fontsize=7.5)
    axes.set_yticks(range(len(classes)), [shorten(class_names[c], 10) for c in classes])
    axes.tick_params(axis="y", length=0, labelsize=7.5)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.25)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _draw_scores(axes: Axes, scores: pd.DataFrame) -> None:
    for row, found in enumerate(scores.to_dict("records")):
        axes.hlines(row, found["low"], found["high"], color=RIGHT, lw=2)
        axes.plot(found["test accuracy"], row, "o", color=RIGHT, ms=5)
        axes.text(0, row - 0.3, found["network"], transform=axes.get_yaxis_transform(), fontsize=8)
        axes.text(
            1.02, row, percent(found["test accuracy"]), transform=axes.get_yaxis_transform(),
            va="center", fontsize=8,
        )  # fmt: skip
    axes.set_ylim(len(scores) - 0.5, -0.8)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    low = min(0.9, float(np.floor(20 * np.nanmin(scores["low"])) / 20))
    axes.set_xlim(low, 1.005)
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("test accuracy")
    axes.grid(axis="x", color=RULE, lw=0.5)
    axes.set_title("Heads and hidden layers", color=FAINT)
