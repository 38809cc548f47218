"""Steps and seconds to a fixed training loss, each activation at its own best learning rate.

python -m experiments.speed_of_training
python -m experiments.speed_of_training --loss=0.05 --config.depth=2,8 --dataset=mnist1d
"""

from absl import flags
from rich.console import Console

from acts_jax import cli
from acts_jax.studies import claims
from acts_jax.studies import speed_of_training as speed
from acts_jax.sweep import trainer
from acts_jax.sweep.config import FIELDS, ConfigError
from acts_jax.sweep.options import Options

LOSS = flags.DEFINE_float("loss", 0.2, "Training loss to be reached, in nats.", lower_bound=1e-6)
MUCH = 2.0  # the ratio of steps, or of seconds, from which on it is "much faster"


def study(options: Options, console: Console) -> claims.Claim:
    """Trains to the loss, times a step of each program, and compares sigmoid with relu."""
    results, curves, datasets, plan, *_ = trainer.train(options, console, check)
    curves, budget = curves[curves["metric"] == "train_loss"], int(results["steps"].max())
    best = speed.at_best_rate(speed.steps_to(curves, LOSS.value))
    seconds = speed.step_seconds_of(plan, datasets)
    table = speed.summarise(best, seconds, plan.config["learning_rate"])
    return claims.Claim(
        name="speed_of_training",
        title="ReLU trains faster than the sigmoid",
        text="ReLU trains much faster than the sigmoid in large networks.",
        checks=tuple(checks(best, budget, seconds, speed.shapes(plan))),
        summary=speed.summary(table, LOSS.value, budget),
        figures={"speed_of_training": speed.figure(curves, best, LOSS.value, budget)},
        numbers={"loss": LOSS.value, "budget": budget, "steps": best, "summary": table},
        table=speed.shown(table),
    )


def check(plan, datasets) -> None:
    """Refuses a sweep without both functions, or with more than depths to tell apart."""
    trainer.require(plan, activation=("sigmoid", "relu"))
    free = {"activation", "depth", "hidden_sizes", "learning_rate", "seed"}
    trainer.single(plan, *(name for name, f in FIELDS.items() if f.axis and name not in free))
    speed.shapes(plan)
    for name, values in ((n, v) for g in plan.groups for n, v in g.parameters.items()):
        if len(set(values)) > 1:
            raise ConfigError(f"this experiment takes one {name} of an activation, not several")


def checks(best, budget, seconds, shapes):
    """Per depth: steps, then seconds, of the sigmoid over those of relu."""
    for depth in sorted(best["depth"].unique()):
        steps = speed.ratios(best, "sigmoid", "relu", depth, budget)
        caveat = steps.caveat("sigmoid", "relu", budget)
        each = seconds["sigmoid", depth] / seconds["relu", depth]
        for what, found in (("steps", steps), ("seconds", steps.times(each))):
            yield speed.at_least_times(
                f"{shapes[depth]}: the sigmoid takes at least {MUCH:g} times "
                f"the {what} of relu{caveat}",
                "much faster", found, MUCH,
            )  # fmt: skip


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/speed_of_training.py", workdir="runs/speed_of_training")
