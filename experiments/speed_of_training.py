"""Steps and seconds to a fixed training loss, each activation at its own best learning rate.

python -m experiments.speed_of_training
python -m experiments.speed_of_training --loss=0.05 --config.depth=2,8 --dataset=mnist1d
"""

from absl import flags

from acts_jax import cli
from acts_jax.studies.speed_of_training import study

LOSS = flags.DEFINE_float("loss", 0.2, "Training loss to be reached, in nats.", 1e-6, 1e6)

main = cli.presenting(lambda console: study(cli.options(), console, loss=LOSS.value))

if __name__ == "__main__":
    cli.run(main, config="configs/speed_of_training.py", workdir="runs/speed_of_training")
