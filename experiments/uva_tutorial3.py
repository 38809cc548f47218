"""A published study repeated with five seeds: six activations on Fashion-MNIST.

python -m experiments.uva_tutorial3

It trains the 35 networks of `configs/uva_tutorial3.py`, in under 45 minutes on two cores.
"""

from absl import flags

from acts_jax import cli
from acts_jax.studies import uva_tutorial3

DEEP = flags.DEFINE_string(
    "deep", uva_tutorial3.DEEP, "Hidden layers of the deep network, whose dead units are counted."
)

main = cli.presenting(lambda console: uva_tutorial3.study(cli.options(), console, deep=DEEP.value))

if __name__ == "__main__":
    cli.run(main, config="configs/uva_tutorial3.py", workdir="runs/uva_tutorial3")
