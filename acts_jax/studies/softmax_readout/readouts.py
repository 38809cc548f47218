"""What a readout says: probabilities of examples, and heads and hidden layers compared."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from acts_jax import words
from acts_jax.activations.readout import softmax
from acts_jax.activations.sigmoidal import sigmoid
from acts_jax.analysis import pairing, statistics
from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.models import probabilities
from acts_jax.suggestion import suggest
from acts_jax.sweep.networks import Networks


class Readouts(NamedTuple):
    """Class probabilities of the examples of a split, by one network.

    Attributes:
        probabilities: float32 [n, classes].
        labels: int [n].
    """

    probabilities: np.ndarray
    labels: np.ndarray

    @property
    def runner_up(self) -> np.ndarray:
        """The second largest probability of every example, [n]."""
        return np.sort(self.probabilities, axis=1)[:, -2]

    def table(self, examples: Sequence[int]) -> pd.DataFrame:
        """Tabulate label, probabilities and runner-up of some examples."""
        examples = np.asarray(examples)
        return pd.DataFrame(
            {
                "example": examples,
                "label": self.labels[examples],
                "runner_up": self.runner_up[examples],
                "probabilities": list(self.probabilities[examples]),
            }
        )


def read(networks: Networks, row: int = 0, split: str = "test") -> Readouts:
    """Read the probabilities that a network gives "train", "validation" or "test"."""
    examples = getattr(networks.examples, split)
    x = examples.features(examples.inputs)
    outputs = networks.model.apply({"params": networks.network(row)}, x)
    found = np.asarray(probabilities(outputs, networks.model.head))
    return Readouts(found, np.asarray(examples.labels))


class Extremes(NamedTuple):
    """How near the probabilities of some networks come to leaving (0, 1), and their sums 1.

    Attributes:
        smallest: The smallest probability, in float64.
        rest: The least that all other classes have together, 1 minus the largest probability, in
            float64. In float32 the largest rounds to 1 where this is below 3e-8.
        off: The largest distance of a sum of the library's float32 probabilities from 1.
    """

    smallest: float
    rest: float
    off: float


def extremes(networks: Networks) -> Extremes:
    """Find the extremes of the probabilities that networks give the test split."""
    x = networks.examples.test.features(networks.examples.test.inputs)
    found = []
    for row in range(len(networks.results)):
        outputs = networks.model.apply({"params": networks.network(row)}, x)
        single = np.asarray(probabilities(outputs, networks.model.head), np.float64)
        logits = np.asarray(outputs, np.float64)
        if networks.model.head == "sigmoid":  # one logit, of the second of two classes
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        powers = np.sort(np.exp(logits - logits.max(axis=1, keepdims=True)), axis=1)
        total = powers.sum(axis=1)
        rest = powers[:, :-1].sum(axis=1) / total
        found.append((powers[:, 0] / total, rest, np.abs(single.sum(axis=1) - 1)))
    smallest, rest, off = (np.concatenate(part) for part in zip(*found, strict=True))
    return Extremes(float(smallest.min()), float(rest.min()), float(off.max()))


def softmax_minus_sigmoid() -> dict[str, float]:
    """Compare softmax([a, b])_2 with sigmoid(b - a), over logits from -30 to 30, in float64.

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
    names = ("value", "gradient")
    return {n: float(np.abs(a - b).max()) for n, a, b in zip(names, two, one, strict=True)}


def two_classes(dataset: Dataset, first: int, second: int) -> Dataset:
    """Keep the examples of two classes of a dataset, as classes 0 and 1."""

    def chosen(split):
        rows = np.isin(split.labels, (first, second))
        labels = (split.labels[rows] == second).astype(np.int32)
        return dataclasses.replace(split, inputs=split.inputs[rows], labels=labels)

    splits = {name: chosen(getattr(dataset, name)) for name in ("train", "validation", "test")}
    pair = (dataset.class_names[first], dataset.class_names[second])
    return dataclasses.replace(dataset, class_names=pair, **splits)


def hardest_pair(found: Readouts) -> tuple[int, int]:
    """Find the two classes that most share their probabilities: label a, mean probability of b."""
    count = found.probabilities.shape[1]
    confusion = np.array(
        [found.probabilities[found.labels == c].mean(axis=0) for c in range(count)]
    )
    confusion = np.triu(confusion + confusion.T, 1)
    first, second = np.unravel_index(np.argmax(confusion), confusion.shape)
    return int(first), int(second)


def classes_of(dataset: Dataset, names: Sequence[str]) -> tuple[int, int]:
    """Look up the numbers of two classes.

    Raises:
        ConfigError: If there are not two names, or one of them is no class of the dataset.
    """
    for name in names:
        if name not in dataset.class_names:
            near = suggest(name, dataset.class_names)
            raise ConfigError(f"{dataset.name} has no class {words.shown(name)}{near}")
    if len(set(names)) != 2:
        raise ConfigError(f"give two classes to tell apart, not {words.shown(','.join(names))}")
    first, second = sorted(map(dataset.class_names.index, names))
    return first, second


def accuracies(networks: Networks) -> np.ndarray:
    """Return the test accuracy of each seed at the best rate, 0 if it diverged [seeds]."""
    return statistics.scores(networks.best().results)["test_accuracy"].to_numpy()


def scores(groups: Mapping[str, Networks]) -> pd.DataFrame:
    """Tabulate kinds of networks, each at its best rate: test accuracy with its interval."""
    selections = [statistics.select(group.results) for group in groups.values()]
    selection = pd.concat(selections, ignore_index=True)
    return pd.DataFrame(
        {
            "network": list(groups),
            "learning rate": pairing.rates(selection),
            "test accuracy": selection["test_accuracy"],
            "low": selection["low"],
            "high": selection["high"],
            "test loss, nats": selection["test_loss"],
        }
    )


def shown(dataset: Dataset, found: Readouts) -> list[int]:
    """Pick a clear example, of the class "4" if there is one, and the six most doubtful ones."""
    own = found.probabilities[np.arange(len(found.labels)), found.labels]
    if "4" in dataset.class_names:
        own = np.where(found.labels == dataset.class_names.index("4"), own, -1)
    doubtful = np.argsort(-found.runner_up, kind="stable")[:6]
    return [int(np.argmax(own)), *map(int, doubtful)]


def looks_like(
    dataset: Dataset, found: Sequence[Readouts], name: str, others: Sequence[str]
) -> list[float]:
    """Measure, by each network, the share of a class's examples to which `others` come nearest.

    An example comes nearest to the most probable of the classes that it does not belong to.
    """
    label, *classes = map(dataset.class_names.index, (name, *others))
    shares = []
    for one in found:
        probabilities = one.probabilities[one.labels == label].copy()
        probabilities[:, label] = -1
        shares.append(float(np.isin(probabilities.argmax(axis=1), classes).mean()))
    return shares
