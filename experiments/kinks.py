"""Whether it matters what the derivative is taken to be at a kink: relu at 0, and elu's two sides.

python -m experiments.kinks
python -m experiments.kinks --config.hidden_sizes=2-2-2-2-2-2-2-2,128-128
"""

from acts_jax import cli
from acts_jax.studies import kinks

main = cli.presenting(lambda console: kinks.study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/kinks.py", workdir="runs/kinks")
