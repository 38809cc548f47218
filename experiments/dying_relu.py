"""Dying units: how many, from which learning rate, when, and whether they return.

python -m experiments.dying_relu
python -m experiments.dying_relu --config.depth=6 --dataset=mnist1d --workdir=runs/dying_mnist1d
"""

from acts_jax import cli
from acts_jax.studies import dying_relu

main = cli.presenting(lambda console: dying_relu.study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/dying_relu.py", workdir="runs/dying_relu")
