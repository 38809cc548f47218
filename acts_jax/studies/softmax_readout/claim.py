"""The claims about softmax, checked statement by statement."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from rich.console import Console

from acts_jax.analysis.pairing import edge_note
from acts_jax.data import Dataset
from acts_jax.studies import requirements
from acts_jax.studies.claims import SHARE, Check, Claim, at_least, at_most, near
from acts_jax.studies.softmax_readout import figures, readouts
from acts_jax.studies.softmax_readout.readouts import Readouts
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.options import Options

BELOW_1 = np.nextafter(np.float32(1), np.float32(0))  # the largest float32 that is
THEOREM = {"theorem": True, "format": ".1g"}


def study(options: Options, console: Console, *, classes: Sequence[str] = ()) -> Claim:
    """Look at probabilities, and compare heads and hidden layers.

    The heads are to tell two `classes` apart: those most confused on validation if none are named.
    """
    options = options.with_fields(record="parameters")
    trained = trainer.train(options, console, functools.partial(check, classes=classes))
    first, *others = networks.load(trained)

    best, activation = first.best(), first.model.activation
    found = [readouts.read(best, row) for row in range(len(best.results))]
    checks = _check_probabilities(found)

    two_minus_one = readouts.softmax_minus_sigmoid()
    for what, size in two_minus_one.items():
        identity = f"softmax of two is the sigmoid of the difference, in {what}"
        checks.append(at_most(identity, "equal", size, 1e-15, **THEOREM))

    (dataset,) = trained.datasets.values()
    confused = readouts.hardest_pair(readouts.read(best, split="validation"))
    pair = readouts.classes_of(dataset, classes) if classes else confused
    two = readouts.two_classes(dataset, *pair)
    folder = f"classes_{pair[0]}_{pair[1]}"  # what is stored there depends on them
    fields = {"activation": activation, "head": "sigmoid,softmax"}
    pairs = options.in_folder(folder).with_fields(**fields)
    heads = networks.load(trainer.train(pairs, console, datasets={two.name: two}))
    told = " or ".join(two.class_names)
    one_output, two_outputs = map(readouts.accuracies, heads)
    same = f"{told}: accuracy of the softmax head minus that of the sigmoid head"
    checks.append(near(same, "0", two_outputs - one_output, 0, 0.02, format="+.1%"))

    for other in others:
        than = f"than {other.model.activation} inside: accuracy gained"
        gained = readouts.accuracies(first) - readouts.accuracies(other)
        better = f"{activation} inside is better {than}"
        checks.append(at_least(better, "a mistake", gained, 0.05, format=".1%"))

    checks += _check_likeness(dataset, found)

    inside = {f"{group.model.activation} inside": group for group in (first, *others)}
    scores = readouts.scores(inside | {f"{told}: {head.model.head} head": head for head in heads})
    reached = "; ".join(
        f"{name} {share:.1%}"
        for name, share in zip(scores["network"], scores["test accuracy"], strict=True)
    )
    examples = readouts.shown(dataset, found[0])
    return Claim(
        name="softmax_readout",
        title="Softmax on the readout",
        text="Softmax gives a categorical distribution: values in (0, 1) that sum to 1; a 4 may "
        "look a little like a 7 and a 9. Two classes take one sigmoid output, more take a softmax. "
        "Softmax belongs on the readout, ReLU on the hidden layers.",
        checks=tuple(checks),
        summary=f"The strongest runner-up of a test example has {found[0].runner_up.max():.0%}. "
        f"On test: {reached}.{edge_note(scores['learning rate'])}",
        figures={"softmax_readout": figures.draw(dataset, found[0], examples, scores)},
        numbers={
            "scores": scores,
            "examples": found[0].table(examples),
            "two_classes": two_minus_one,
        },
        table=scores,
    )


def check(plan: Plan, datasets: Mapping[str, Dataset], classes: Sequence[str]) -> None:
    """Refuse a sweep of several shapes or without classes, and classes that the dataset lacks."""
    requirements.check(plan, datasets, one_shape=True, fixed_parameters=True)
    (dataset,) = datasets.values()
    if classes:
        readouts.classes_of(dataset, classes)


def _check_probabilities(found: Sequence[Readouts]) -> list[Check]:
    """Check that probabilities are what softmax promises, as far as float32 can hold it."""
    every = np.concatenate([one.probabilities for one in found])
    rounds = "the largest probability, float32: below 1 unless it rounds to it"
    off = np.abs(every.sum(axis=1, dtype=float) - 1).max()
    return [
        at_least("the smallest probability, float32", "above 0", every.min(), 1e-45, theorem=True),
        at_most(rounds, "below 1", every.max(), BELOW_1, format=".8f", theorem=True),
        at_most("they sum to 1: largest deviation", "0", off, 1e-6, **THEOREM),
    ]


def _check_likeness(dataset: Dataset, found: Sequence[Readouts]) -> list[Check]:
    """Check that a 4 looks like a 7 or a 9 more often than chance has it, where there are such."""
    if not {"4", "7", "9"} <= set(dataset.class_names):
        return []
    chance = 2 / (len(dataset.class_names) - 1)
    like = f"test 4s whose nearest other class is 7 or 9: share, against {chance:.0%} by chance"
    shares = readouts.looks_like(dataset, found, "4", ("7", "9"))
    return [at_least(like, "a little like them", shares, chance, **SHARE)]
