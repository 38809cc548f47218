"""SBAF and A-ReLU beside the sigmoid and the ReLU: shapes, best fits, and trained networks.

python -m experiments.saha_bora
python -m experiments.saha_bora --config.sbaf.k=0.91,0.98 --config.depth=1,2,3
"""

from acts_jax import cli
from acts_jax.studies import saha_bora

main = cli.presenting(lambda console: saha_bora.study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/saha_bora.py", workdir="runs/saha_bora")
