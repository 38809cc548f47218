"""Softmax where it belongs, on the readout; as the sigmoid of two classes; and in hidden layers.

python -m experiments.softmax_readout
python -m experiments.softmax_readout --classes=3,8 --config.width=32
"""

from absl import flags

from acts_jax import cli
from acts_jax.studies.softmax_readout import study

CLASSES = flags.DEFINE_list(
    "classes",
    [],
    "Names of the two classes for the heads (default: those most confused on validation).",
)

main = cli.presenting(lambda console: study(cli.options(), console, classes=CLASSES.value))

if __name__ == "__main__":
    cli.run(main, config="configs/softmax_readout.py", workdir="runs/softmax_readout")
