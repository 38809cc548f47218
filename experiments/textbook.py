"""Puts every claim of the textbooks to the test, and writes one page with all verdicts.

python -m experiments.textbook
python -m experiments.textbook --studies=iterate,dying_relu --dataset=mnist1d --workdir=runs/1d
"""

import time
import traceback
from pathlib import Path

from absl import flags
from rich.console import Console

from acts_jax import cli
from acts_jax.errors import ConfigError
from acts_jax.studies import textbook
from acts_jax.studies.claims import Claim
from acts_jax.suggestion import suggest
from acts_jax.sweep import launch
from acts_jax.words import shown

CHOSEN = flags.DEFINE_list("studies", list(textbook.STUDIES), "Which claims: names of experiments.")


def main() -> int:
    """Runs the studies, each in a folder of its own; the exit status is 1 if one breaks."""
    started, console = time.perf_counter(), cli.terminal()
    if not CHOSEN.value:
        raise ConfigError(f"choose some of --studies={','.join(textbook.STUDIES)}")
    for name in CHOSEN.value:
        if name not in textbook.STUDIES:
            raise ConfigError(f"unknown study {shown(name)}{suggest(name, textbook.STUDIES, 1)}")
    if flags.FLAGS.shard is not None:
        raise ConfigError("a study compares all of its networks: it takes no --shard")
    if flags.FLAGS.dry_run:
        raise ConfigError("the textbook has no --dry_run; its experiments do")
    launch.configure(cli.compilation_cache())
    workdir, outcomes, seconds = cli.workdir(), [], {}
    for name in CHOSEN.value:
        console.rule(name)
        begun = time.perf_counter()
        try:
            outcomes.append(run(name, workdir / name, console))
        except Exception as error:  # the other claims shall be told all the same
            traceback.print_exc()
            outcomes.append(textbook.Broken(name, f"{type(error).__name__}: {error}"))
        seconds[name] = time.perf_counter() - begun
    took = ", ".join(f"{name} {taken:.0f}" for name, taken in seconds.items())
    facts = cli.provenance()
    facts["seconds"] = f"{took}; {time.perf_counter() - started:.0f} in all"
    page = textbook.build(outcomes, workdir / "textbook.html", facts=facts, seconds=seconds)
    console.rule()
    for outcome in outcomes:
        console.print(f"{outcome.name}: {outcome.verdict}")
    console.print(f"seconds: {facts['seconds']}\npage: {page}", soft_wrap=True, highlight=False)
    return int(any(isinstance(outcome, textbook.Broken) for outcome in outcomes))


def run(name: str, folder: Path, console: Console) -> Claim:
    """Runs one study with its config, and publishes its claim in a folder of its own."""
    begun, study = time.perf_counter(), textbook.STUDIES[name]
    config = None
    cli.make_folder(folder)
    if name in textbook.UNTRAINED:
        given = flags.FLAGS["activation"].present
        claim = study(cli.activations(elementwise=True) if given else None)
    else:
        options = cli.options(Path(flags.FLAGS.config) / f"{name}.py", folder)
        claim, config = study(options, console), options.config
    facts = cli.provenance(config) | {"seconds": f"{time.perf_counter() - begun:.1f}"}
    cli.publish(claim, folder, console, facts)
    return claim


if __name__ == "__main__":
    cli.run(main, config="configs", workdir="runs/textbook")
