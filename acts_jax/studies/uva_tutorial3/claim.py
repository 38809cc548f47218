"""What the tutorial shows and says, checked against networks with several seeds."""

import functools
from collections.abc import Iterator, Mapping

import pandas as pd
from rich.console import Console

from acts_jax.analysis import statistics
from acts_jax.report.style import brief, percent
from acts_jax.studies import requirements
from acts_jax.studies.claims import SHARE, Check, Claim, at_least, at_most, near
from acts_jax.studies.uva_tutorial3.figures import figure
from acts_jax.studies.uva_tutorial3.measure import Repeated, collect, widths
from acts_jax.studies.uva_tutorial3.published import ACCURACY, DEAD, DEEP
from acts_jax.sweep import trainer
from acts_jax.sweep.options import Options

TEXT = (
    "On Fashion-MNIST a network of four hidden layers learns with tanh, ReLU, leaky ReLU, ELU and "
    "Swish alike, and slowly or not at all with the sigmoid, whose gradients vanish. A few ReLU "
    "units are dead from the start, and far more in a network of ten layers."
)
OFF = 0.01  # test accuracy by which a result may differ from the published one
ALIKE = 0.015  # by which the test accuracies of activations may differ that are called similar
BEHIND = 0.05  # test accuracy that the sigmoid lacks, at least
SHRUNK = 0.01  # entries of the gradient in layer 1 over those in the readout: they have vanished
FEW, MANY = 0.01, 0.05  # share of dead units that may differ from the published one: 4, 10 layers

check = functools.partial(
    requirements.check,
    activations=tuple(ACCURACY.index),
    one_shape=True,
    single=("learning_rate", "momentum", "batch_size", "init", "optimizer"),
)


def study(options: Options, console: Console, *, deep: str = DEEP) -> Claim:
    """Train the tutorial's network with six activations, and one with hidden layers `deep`."""
    deeper = options.in_folder("deep").with_fields(activation="relu", hidden_sizes=deep)
    wide = options.in_folder("wide")
    first = trainer.train(wide, console, check, stops_early=True, then=[deeper])
    found = collect(first, trainer.train(deeper, console, stops_early=True))
    return Claim(
        name="uva_tutorial3",
        title="A published study repeated: activations on Fashion-MNIST",
        text=TEXT,
        checks=(*of_accuracy(found), *of_gradients(found), *of_dead_units(found)),
        summary=summary(found),
        figures={"uva_tutorial3": figure(found)},
        numbers={
            "test_accuracy": found.accuracy,
            "epochs": found.epochs.reset_index(),
            "gradient_rms_at_initialisation": found.gradients.reset_index(),
            "dead_units": _in_words(found.dead),
            "published_test_accuracy": ACCURACY.rename_axis("activation").reset_index(),
            "published_dead_units": _in_words(DEAD),
        },
        table=table(found),
    )


def of_accuracy(found: Repeated) -> Iterator[Check]:
    """Check accuracies against the published ones, and against each other."""
    others = found.accuracy.drop(columns="sigmoid")
    for name, values in others.items():
        said, known = f"{name}: test accuracy", ACCURACY["JAX"][name]
        yield near(said, f"{known:.2%}", values, known, OFF, **SHARE)

    best, worst = others.max(axis=1), others.min(axis=1)
    alike = f"the best and the worst of {', '.join(others)} differ by"
    yield at_most(alike, "similar", best - worst, ALIKE, format=".1%")

    behind = "the sigmoid is behind the worst of them by"
    lacks = worst - found.accuracy["sigmoid"]
    yield at_least(behind, "10.1 points", lacks, BEHIND, format=".1%")


def of_gradients(found: Repeated) -> Iterator[Check]:
    """Check that gradients vanish with the sigmoid, and with no other activation."""
    ratios = found.ratios()
    said = "gradient entries in layer 1 over those in the readout, at initialisation: "
    sigmoid, least = ratios["sigmoid"], ratios.drop(columns="sigmoid").min(axis=1)
    yield at_most(f"{said}sigmoid", "1e-5 against up to 0.1", sigmoid, SHRUNK, format=".2g")
    others = f"{said}least of the other activations"
    yield at_least(others, "similar across layers", least, SHRUNK, format=".2g")


def of_dead_units(found: Repeated) -> Iterator[Check]:
    """Check the shares of dead units against the published counts, where there are some."""
    for (when, shape), share in found.dead_shares().items():
        if (when, shape) in DEAD:
            moment = "at initialisation" if when == "before" else "after training"
            said = f"relu, {len(widths(shape))} hidden layers: share of dead units {moment}"
            known = sum(DEAD[when, shape]["JAX"]) / sum(widths(shape))
            off = MANY if shape == DEEP else FEW
            yield near(said, f"{known:.2%}", share, known, off, **SHARE)


def summary(found: Repeated) -> str:
    """Say what came out, in three sentences."""
    accuracy, ratio = found.accuracy.mean(), found.ratios().mean()
    others, ratios = accuracy.drop("sigmoid"), ratio.drop("sigmoid")
    dead = {place: percent(share.mean()) for place, share in found.dead_shares().items()}
    wide, deep = dict.fromkeys(shape for _, shape in dead)
    return (
        f"Test accuracy {others.min():.1%} ({others.idxmin()}) to {others.max():.1%} "
        f"({others.idxmax()}), sigmoid {accuracy['sigmoid']:.1%}. At initialisation a gradient's "
        f"entries are {brief(ratio['sigmoid'])} as large in layer 1 as in the readout for the "
        f"sigmoid, {ratios.min():.2g} to {ratios.max():.2g} for the others. Of relu's units "
        f"{dead['before', wide]} are dead at initialisation and {dead['after', wide]} after "
        f"training; of the deep network's {dead['before', deep]} and {dead['after', deep]}."
    )


def table(found: Repeated) -> pd.DataFrame:
    """Tabulate the accuracy of each activation with its interval beside the published ones."""
    rows = []
    for name, values in found.accuracy.items():
        low, high = statistics.interval(values, bounds=(0, 1))
        rows.append(
            {
                "activation": name,
                "test accuracy": f"{values.mean():.1%}",
                "95% interval": f"{100 * low:.1f} to {100 * high:.1f}",
                **{f"tutorial, {kind}": percent(ACCURACY[kind][name]) for kind in ACCURACY},
                "best epoch": f"{found.epochs.loc[name, 'best']:.0f}",
                "stopped after": f"{found.epochs.loc[name, 'last']:.0f}",
            }
        )
    return pd.DataFrame(rows)


def _in_words(by_place: Mapping[tuple[str, str], object]) -> dict[str, object]:
    return {f"{when}, {shape}": counts for (when, shape), counts in by_place.items()}
