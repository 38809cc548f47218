"""The claims about softmax, checked statement by statement."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console

from acts_jax.analysis.pairing import edge_note
from acts_jax.data import Dataset
from acts_jax.studies import requirements
from acts_jax.studies.claims import SHARE, Check, Claim, at_least, at_most, near
from acts_jax.studies.softmax_readout import figures, readouts, rescaled
from acts_jax.studies.softmax_readout.readouts import Extremes, Readouts
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.options import Options

BETTER = 0.05  # test accuracy by which ReLU inside must lead, if something else is a mistake there
ALIKE = 0.02  # test accuracy by which the heads of two classes may differ
ACCURATE = 4  # units in the last place within which the library's probabilities are
TINY = np.nextafter(0.0, 1.0)  # the smallest number above 0
THEOREM = {"theorem": True, "format": ".1g"}


class Measured(NamedTuple):
    """What the checks are about.

    Attributes:
        extremes: Of the probabilities of the networks that come first.
        two_minus_one: From `readouts.softmax_minus_sigmoid`.
        two: The two classes that the heads tell apart: "3 or 8".
        heads: Test accuracies of the sigmoid head and of the softmax head [seeds].
        inside: What is in the hidden layers -> test accuracies [seeds]; the first is ReLU.
        likeness: From `readouts.looks_like`, a 4 beside 7 and 9; None without such classes.
        classes: Their number.
    """

    extremes: Extremes
    two_minus_one: Mapping[str, float]
    two: str
    heads: tuple[np.ndarray, np.ndarray]
    inside: Mapping[str, np.ndarray]
    likeness: Sequence[float] | None
    classes: int


def study(options: Options, console: Console, *, classes: Sequence[str] = ()) -> Claim:
    """Look at probabilities, and compare heads and hidden layers.

    The heads are to tell two `classes` apart: those most confused on validation if none are named.
    """
    options = options.with_fields(record="parameters")
    trained = trainer.train(options, console, functools.partial(check, classes=classes))
    first, *others = networks.load(trained)
    inside = {label(group.model.activation): group for group in (first, *others)}
    best = first.best()
    found = [readouts.read(best, row) for row in range(len(best.results))]

    (dataset,) = trained.datasets.values()
    confused = readouts.hardest_pair(readouts.read(best, split="validation"))
    pair = readouts.classes_of(dataset, classes) if classes else confused
    two = readouts.two_classes(dataset, *pair)
    folder = f"classes_{pair[0]}_{pair[1]}"  # what is stored there depends on them
    fields = {"activation": first.model.activation, "head": "sigmoid,softmax"}
    pairs = options.in_folder(folder).with_fields(**fields)
    heads = networks.load(trainer.train(pairs, console, datasets={two.name: two}))
    told = " or ".join(two.class_names)

    likeness = {"4", "7", "9"} <= set(dataset.class_names)
    measured = Measured(
        extremes=readouts.extremes(best),
        two_minus_one=readouts.softmax_minus_sigmoid(),
        two=told,
        heads=tuple(map(readouts.accuracies, heads)),
        inside={name: readouts.accuracies(group) for name, group in inside.items()},
        likeness=readouts.looks_like(dataset, found, "4", ("7", "9")) if likeness else None,
        classes=len(dataset.class_names),
    )
    groups = {f"{name} inside": group for name, group in inside.items()}
    groups |= {f"{told}: {head.model.head} head": head for head in heads}
    scores = readouts.scores(groups)
    examples = readouts.shown(dataset, found[0])
    return Claim(
        name="softmax_readout",
        title="Softmax on the readout",
        text="Softmax gives a categorical distribution: values in (0, 1) that sum to 1; a 4 may "
        "look a little like a 7 and a 9. Two classes take one sigmoid output, more take a softmax. "
        "Softmax belongs on the readout, ReLU on the hidden layers.",
        checks=tuple(checks(measured)),
        summary=summary(measured, found[0], scores),
        figures={"softmax_readout": figures.draw(dataset, found[0], examples, scores)},
        numbers={
            "scores": scores,
            "examples": found[0].table(examples),
            "two_classes": measured.two_minus_one,
        },
        table=scores,
    )


def label(activation: str) -> str:
    """Name what is in the hidden layers: `relu`, `softmax`, `n · softmax − 1`."""
    return rescaled.LABEL if activation == rescaled.NAME else activation


def checks(found: Measured) -> Iterator[Check]:
    """Check what softmax promises, as far as each format can hold it, and what it is good for."""
    smallest, rest, off = found.extremes
    yield at_least("the smallest probability, in float64", "above 0", smallest, TINY, **THEOREM)
    below = "the least that the other classes leave to 1, in float64"
    yield at_least(below, "the largest is below 1", rest, TINY, **THEOREM)
    rounding = ACCURATE * np.finfo(np.float32).eps
    yield at_most("float32 sums to 1: largest deviation", "0", off, rounding, **THEOREM)

    # Both are below 1, where a unit in the last place is eps / 2, and each is off by so many.
    rounding = 2 * ACCURATE * np.finfo(np.float64).eps / 2
    for what, size in found.two_minus_one.items():
        identity = f"softmax of two is the sigmoid of the difference, in {what}"
        yield at_most(identity, "equal", size, rounding, **THEOREM)

    one_output, two_outputs = found.heads
    same = f"{found.two}: accuracy of the softmax head minus that of the sigmoid head"
    yield near(same, "0", two_outputs - one_output, 0, ALIKE, format="+.1%")

    (first, accuracies), *others = found.inside.items()
    for name, lower in others:
        better = f"{first} inside is better than {name} inside: accuracy gained"
        yield at_least(better, "a mistake", accuracies - lower, BETTER, format=".1%")

    if found.likeness is not None:
        chance = 2 / (found.classes - 1)
        like = f"test 4s whose nearest other class is 7 or 9: share, against {chance:.0%} by chance"
        yield at_least(like, "a little like them", found.likeness, chance, **SHARE)


def summary(measured: Measured, found: Readouts, scores: pd.DataFrame) -> str:
    """Say what came out, and what it is about softmax that fails inside."""
    rows = zip(scores["network"], scores["test accuracy"], strict=True)
    reached = "; ".join(f"{name} {share:.1%}" for name, share in rows)
    accuracy = {name: np.mean(values) for name, values in measured.inside.items()}
    scale = ""
    if {"softmax", rescaled.LABEL} <= accuracy.keys():
        gained = accuracy[rescaled.LABEL] - accuracy["softmax"]
        scale = (
            f" A scale and a shift alone, n · softmax − 1 in place of softmax, change the accuracy "
            f"inside by {100 * gained:+.1f} points.".replace("-", "−")
        )
    return (
        f"The strongest runner-up of a test example has {found.runner_up.max():.0%}. On test: "
        f"{reached}.{scale}{edge_note(scores['learning rate'])}"
    )


def check(plan: Plan, datasets: Mapping[str, Dataset], classes: Sequence[str]) -> None:
    """Refuse a sweep of several shapes or without classes, and classes that the dataset lacks."""
    requirements.check(plan, datasets, one_shape=True, fixed_parameters=True)
    (dataset,) = datasets.values()
    if classes:
        readouts.classes_of(dataset, classes)
