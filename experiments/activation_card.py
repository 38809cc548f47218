"""Draws what an activation function looks like, and says what its shape is.

python -m experiments.activation_card --activation=silu
python -m experiments.activation_card --activation=prelu,elu --parameters=slope=0.1,alpha=0.5
python -m experiments.activation_card --activation=all --workdir=runs/cards
python -m experiments.activation_card --activation=my_pkg.my_mod:my_fn
"""

import re

from absl import flags

from acts_jax import cli
from acts_jax.activations.catalogue import Activation
from acts_jax.errors import ConfigError
from acts_jax.report import card, card_figure, figures
from acts_jax.report.gallery import gallery
from acts_jax.suggestion import suggest
from acts_jax.sweep.values import number_of
from acts_jax.words import shown

PARAMETERS = flags.DEFINE_list(
    "parameters", [], "NAME=NUMBER,...: each goes to the activations that have it."
)
INPUTS = flags.DEFINE_integer(
    "accuracy_inputs",
    None,
    "Float32 inputs at which the error is measured, 0 for none (default: 4096 for up to 8 "
    "activations, else 0: it takes a second or two each).",
    lower_bound=0,
    upper_bound=2**20,
)


def main() -> None:
    """Prints the cards, draws them, and for several makes a gallery."""
    activations = cli.activations()
    given = values(PARAMETERS.value, activations)
    inputs = INPUTS.value if INPUTS.value is not None else 4096 * (len(activations) <= 8)
    workdir = cli.workdir()
    console, cards = cli.terminal(), []
    for activation in activations:
        mine = {name: value for name, value in given.items() if name in activation.parameters}
        try:
            cards.append(card.make(activation, mine, inputs=inputs))
        except ValueError as error:
            raise ConfigError(str(error)) from error
        console.print(card.terminal(cards[-1]), "")
        picture = {re.sub(r"[^\w.-]", "_", activation.name): card_figure.figure(cards[-1])}
        (path,) = figures.save(picture, workdir)
        if len(activations) == 1:
            console.print(f"picture: {path}", soft_wrap=True)
    if len(cards) > 1:
        console.print(f"gallery: {gallery(cards, workdir / 'gallery.html')}", soft_wrap=True)


def values(assignments: list[str], activations: list[Activation]) -> dict[str, float]:
    """Name -> value of the parameters given."""
    given = {}
    known = {name for activation in activations for name in activation.parameters}
    for text in assignments:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise ConfigError(f"--parameters takes NAME=NUMBER, not {shown(text)}")
        if name not in known:
            near = suggest(name, known)
            raise ConfigError(f"no activation here has a parameter {shown(name)}{near}")
        given[name] = number_of(name, value)
        try:
            for activation in activations:
                activation.check({k: v for k, v in given.items() if k in activation.parameters})
        except ValueError as error:
            raise ConfigError(str(error)) from error
    return given


if __name__ == "__main__":
    cli.run(main, workdir="runs/cards", uses=("activation",))
