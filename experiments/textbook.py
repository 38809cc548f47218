"""Puts every claim of the textbooks to the test, and writes one page with all verdicts.

python -m experiments.textbook
python -m experiments.textbook --studies=iterate,dying_relu --dataset=mnist1d --workdir=runs/1d
"""

import importlib
import time
import traceback
from pathlib import Path

from absl import flags
from rich.console import Console

from acts_jax import cli
from acts_jax.studies import textbook
from acts_jax.suggestion import suggest
from acts_jax.sweep import launch
from acts_jax.sweep.config import ConfigError

STUDIES = (
    "vanishing_gradients",
    "sigmoid_family",
    "speed_of_training",
    "dying_relu",
    "kinks",
    "learn_prelu",
    "linear_collapse",
    "iterate",
    "softmax_readout",
    "saha_bora",
)
CHOSEN = flags.DEFINE_list("studies", list(STUDIES), "Which claims: names of experiments.")


def main() -> int:
    """Runs the studies, each in a folder of its own; the exit status is 1 if one failed."""
    started, console, outcomes, seconds = time.perf_counter(), Console(), [], {}
    for name in CHOSEN.value:
        if name not in STUDIES:
            raise ConfigError(f"unknown study {name!r}{suggest(name, STUDIES, 1)}")
    if flags.FLAGS.dry_run:
        raise ConfigError("the textbook has no --dry_run; its experiments do")
    launch.configure(cli.compilation_cache())
    workdir, configs = cli.workdir(), Path(flags.FLAGS.config)
    for name in CHOSEN.value:
        console.rule(name)
        begun = time.perf_counter()
        try:
            study = importlib.import_module(f"acts_jax.studies.{name}").study
            folder, options = cli.make_folder(workdir / name), None
            if name == "iterate":
                given = flags.FLAGS["activation"].present
                claim = study(cli.activations(elementwise=True) if given else None)
            else:
                options = cli.options(configs / f"{name}.py", folder)
                claim = study(options, console)
            facts = cli.provenance(options and options.config)
            facts["seconds"] = f"{time.perf_counter() - begun:.1f}"
            cli.publish(claim, folder, console, facts)
            outcomes.append(claim)
        except Exception as error:  # the other claims shall be told all the same
            traceback.print_exc()
            outcomes.append(textbook.Failure(name, f"{type(error).__name__}: {error}"))
        seconds[name] = time.perf_counter() - begun
    facts = cli.provenance() | {
        "seconds": ", ".join(f"{name} {taken:.0f}" for name, taken in seconds.items())
        + f"; {time.perf_counter() - started:.0f} in all"
    }
    page = textbook.build(outcomes, workdir / "textbook.html", facts=facts, seconds=seconds)
    console.rule()
    for outcome in outcomes:
        failed = isinstance(outcome, textbook.Failure)
        console.print(f"{outcome.name}: {textbook.ERROR if failed else outcome.verdict}")
    console.print(f"seconds: {facts['seconds']}\npage: {page}", soft_wrap=True, highlight=False)
    return int(any(isinstance(outcome, textbook.Failure) for outcome in outcomes))


if __name__ == "__main__":
    cli.run(main, config="configs", workdir="runs/textbook")
