"""Steps and seconds to a fixed training loss, each activation at its own best learning rate.

python -m experiments.speed_of_training
python -m experiments.speed_of_training --loss=0.05 --config.depth=2,8 --dataset=mnist1d
"""

import jax
import numpy as np
from absl import flags
from rich.console import Console

from acts_jax.models import MLP
from acts_jax.report import claims, speed
from acts_jax.step_time import step_seconds
from acts_jax.sweep import command_line, engine, trainer

LOSS = flags.DEFINE_float("loss", 0.2, "Training loss to be reached, in nats.", lower_bound=1e-6)
flags.adopt_module_key_flags(command_line)
MUCH = 1.0  # log2 of the ratio of steps from which on it is "much faster": twice as fast


def study(console: Console) -> claims.Claim:
    """Trains to the loss, times a step of each program, and compares sigmoid with relu."""
    results, curves, datasets, plan, *_ = trainer.train(console, check)
    curves, budget = curves[curves["metric"] == "train_loss"], int(results["steps"].max())
    best = speed.at_best_rate(speed.steps_to(curves, LOSS.value))
    seconds = timed(plan, datasets)
    table = speed.summarise(best, seconds, plan.config["learning_rate"])
    return claims.Claim(
        name="speed_of_training",
        title="ReLU trains faster than the sigmoid",
        text="ReLU trains much faster than the sigmoid in large networks.",
        rows=(5,),
        checks=tuple(checks(best, budget, seconds)),
        summary=speed.summary(table, LOSS.value, budget),
        figures={"speed_of_training": speed.figure(curves, best, LOSS.value, budget)},
        numbers={"loss": LOSS.value, "budget": budget, "steps": best, "summary": table},
        table=speed.shown(table),
    )


def check(plan, datasets) -> None:
    """Refuses a sweep without both functions, or with more than depths to tell apart."""
    trainer.require(plan, activation=("sigmoid", "relu"))
    trainer.single(plan, "dataset", "width", "batch_size", "optimizer", "init")


def timed(plan, datasets) -> dict[tuple[str, int], float]:
    """Seconds of a step, by activation and depth; all programs in one interleaved run."""
    statics = [group.static for group in plan.groups]
    dataset = datasets[statics[0].dataset]
    splits = engine.put(dataset, statics[0].preprocessing, jax.local_devices()[:1])
    models = {}
    for static in statics:
        head, outputs = engine.resolve(static, dataset)
        models[static.activation, len(static.hidden_sizes)] = MLP(
            static.hidden_sizes, static.activation, outputs, head=head
        )
    return step_seconds(models, splits.train, batch_size=statics[0].batch_size)


def checks(best, budget, seconds):
    """Per depth: steps, then seconds, of the sigmoid over those of relu, as powers of 2."""
    for depth in sorted(best["depth"].unique()):
        steps = speed.log_ratio(best, "sigmoid", "relu", depth, budget)
        each = np.log2(seconds["sigmoid", depth] / seconds["relu", depth])
        lost = best.query("activation == 'sigmoid' and depth == @depth")["steps"].isna().any()
        unless = f" (a network that never gets there counts {budget} steps)" if lost else ""
        for what, ratio in (("steps", steps), ("seconds", steps + each)):
            yield speed.at_least_times(
                f"depth {depth}: the sigmoid takes at least twice the {what} of relu: log2 of the "
                f"ratio{unless}",
                "much faster", ratio, MUCH, understated=lost,
            )  # fmt: skip


main = claims.present(study)

if __name__ == "__main__":
    command_line.run(main, config="configs/speed_of_training.py", workdir="runs/speed_of_training")
