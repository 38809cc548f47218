"""The sigmoid and its relatives on one scale: shapes, slopes, tails, and trained side by side.

python -m experiments.sigmoid_family
python -m experiments.sigmoid_family --config.depth=5 --dataset=mnist1d
"""

from acts_jax import cli
from acts_jax.studies import sigmoid_family

main = cli.presenting(lambda console: sigmoid_family.study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/sigmoid_family.py", workdir="runs/sigmoid_family")
