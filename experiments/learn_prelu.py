r"""Fixed slopes below zero beside learned ones: where those end, and which are more accurate.

python -m experiments.learn_prelu
python -m experiments.learn_prelu --dataset=fashion_mnist --workdir=runs/learn_prelu_fashion \
  --config.epochs=10 --config.evals=5 --config.batch_size=256 --config.seed=0,1,2
"""

from rich.console import Console

from acts_jax import cli
from acts_jax.studies import claims
from acts_jax.studies import learn_prelu as slopes
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.config import ConfigError
from acts_jax.sweep.options import Options

TEXT = (
    "Leaky ReLU is 0.01x for x < 0, but we could use any constant. Choose it by trying some "
    "values, or let gradient descent learn it (PReLU)."
)
COST = 0.01  # test accuracy that a slope may cost before it matters
DRIFT = 0.25  # range of the ends over range of the starts, up to which the start does not matter
RARE = 0.05  # share of slopes of a magnitude above 1, up to which they are rare


def study(options: Options, console: Console) -> claims.Claim:
    """Trains both kinds of slope and compares them at the settings that validation chooses."""
    results, curves, *_ = trainer.train(options, console, check)
    found = slopes.compare(results, curves)
    return claims.Claim(
        name="learn_prelu",
        title="The slope below zero: tried, or learned",
        text=TEXT,
        checks=slopes.checks(found, COST, DRIFT, RARE),
        summary=found.summary,
        figures={"learn_prelu": slopes.figure(found)},
        numbers=found.numbers,
        table=found.table,
    )


def check(plan, datasets) -> None:
    """Refuses a sweep that has more, or less, than the study compares."""
    networks.only_classification(datasets)
    trainer.require(plan, activation=("leaky_relu", "prelu"), share=("layer",))
    trainer.single(plan, "depth", "hidden_sizes")
    starts = plan.config["prelu"]["slope"]
    if len(starts) < 2:
        raise ConfigError(
            f"this experiment needs several prelu.slope to start at, not {starts[0]:g}"
        )


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/learn_prelu.py", workdir="runs/learn_prelu")
