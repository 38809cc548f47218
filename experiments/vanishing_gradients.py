"""The vanishing gradient: what each layer does to the error on its way back, by depth.

python -m experiments.vanishing_gradients
python -m experiments.vanishing_gradients --dataset=mnist1d --workdir=runs/vanishing_mnist1d
"""

from acts_jax import cli
from acts_jax.studies import vanishing_gradients

main = cli.presenting(lambda console: vanishing_gradients.study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/vanishing_gradients.py", workdir="runs/vanishing")
