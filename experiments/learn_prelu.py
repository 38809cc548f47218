r"""Fixed slopes below zero beside learned ones: where those end, and which are more accurate.

python -m experiments.learn_prelu
python -m experiments.learn_prelu --dataset=fashion_mnist --workdir=runs/learn_prelu_fashion \
  --config.epochs=10 --config.evals=5 --config.batch_size=256 --config.seed=0,1,2
"""

from acts_jax import cli
from acts_jax.studies import learn_prelu

main = cli.presenting(lambda console: learn_prelu.study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/learn_prelu.py", workdir="runs/learn_prelu")
