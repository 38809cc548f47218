"""Applies activations again and again: ReLU stays itself, sigmoids squash, tanh holds on at 0.

python -m experiments.iterate
python -m experiments.iterate --activation=relu,selu,my_pkg.my_mod:my_fn --times=200
"""

from absl import flags

from acts_jax import cli, machine
from acts_jax.studies import iterate

TIMES = flags.DEFINE_integer("times", 1000, "Applications.", 10, 10_000)


def activations():
    """Return those of --activation; None if it is not given."""
    machine.devices()  # or it is said that there is none
    return cli.activations(elementwise=True) if flags.FLAGS["activation"].present else None


main = cli.presenting(lambda console: iterate.study(activations(), TIMES.value))

if __name__ == "__main__":
    cli.run(main, workdir="runs/iterate", uses=("activation",))
