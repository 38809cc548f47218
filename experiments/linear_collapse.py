"""A stack of linear layers is one linear layer; ReLU's is not: how many pieces it has, exactly.

python -m experiments.linear_collapse
python -m experiments.linear_collapse --dataset=mnist1d --lines=20
"""

from absl import flags

from acts_jax import cli
from acts_jax.studies.linear_collapse import study

LINES = flags.DEFINE_integer("lines", 10, "Segments between examples, per network.", 1, 10_000)

main = cli.presenting(lambda console: study(cli.options(), console, lines=LINES.value))

if __name__ == "__main__":
    cli.run(main, config="configs/linear_collapse.py", workdir="runs/linear_collapse")
