"""A published study repeated with five seeds: six activations on Fashion-MNIST.

python -m experiments.uva_tutorial3

It trains the 35 networks of `configs/uva_tutorial3.py`, in under 45 minutes on two cores.
"""

from absl import flags
from rich.console import Console

from acts_jax import cli
from acts_jax.studies import uva_tutorial3
from acts_jax.studies.claims import Claim
from acts_jax.sweep import engine, networks, trainer
from acts_jax.sweep.options import Options

DEEP_LAYERS = flags.DEFINE_string(
    "deep", uva_tutorial3.DEEP, "Hidden layers of the deep network, whose dead units are counted."
)
OFF = 0.01  # test accuracy by which a result may differ from the published one
ALIKE = 0.015  # by which the test accuracies of activations may differ that are called similar
SHRUNK = 0.01  # entries of the gradient in layer 1 over those in the readout: they have vanished


def study(options: Options, console: Console) -> Claim:
    """Trains the tutorial's network with six activations, and its deep one with relu."""
    changes = {"activation": "relu", "hidden_sizes": DEEP_LAYERS.value}
    wide = trainer.train(options.in_folder("wide"), console, check, stops_early=True)
    deeper = options.in_folder("deep").with_fields(**changes)
    deep = trainer.train(deeper, console, stops_early=True)
    (static,) = {group.static for group in deep.plan.groups}
    dataset = wide.datasets[static.dataset]
    inputs, *_, outputs = engine.layer_sizes(static, dataset)
    found = uva_tutorial3.collect(
        wide.results, wide.curves, deep.results, deep.curves, inputs, outputs
    )
    return Claim(
        name="uva_tutorial3",
        title="A published study repeated: activations on Fashion-MNIST",
        text="On Fashion-MNIST a network of four hidden layers learns with tanh, ReLU, leaky ReLU, "
        "ELU and Swish alike, and slowly or not at all with the sigmoid, whose gradients vanish. A "
        "few ReLU units are dead from the start, and far more in a network of ten layers.",
        checks=uva_tutorial3.checks(found, OFF, ALIKE, SHRUNK),
        summary=found.summary,
        figures={"uva_tutorial3": uva_tutorial3.figure(found)},
        numbers=found.numbers,
        table=found.table,
    )


def check(plan, datasets) -> None:
    """Refuses a sweep that the published numbers cannot stand beside."""
    networks.only_classification(datasets)
    networks.only_activations(plan, *uva_tutorial3.ACCURACY.index)
    networks.only_one_shape(plan)
    trainer.single(plan, "learning_rate", "momentum", "batch_size", "init", "optimizer")


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/uva_tutorial3.py", workdir="runs/uva_tutorial3")
