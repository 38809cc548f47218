"""Trains every network of a config's grid, and reports which activation did best.

python -m experiments.sweep
python -m experiments.sweep --config=configs/smoke.py --config.activation=relu,mish
python -m experiments.sweep --config.activation=my_pkg.my_mod:my_fn,relu --workdir=runs/mine
"""

import json
import time
from pathlib import Path

import pandas as pd
from absl import flags

from acts_jax import cli, machine
from acts_jax.analysis import evidence
from acts_jax.errors import ConfigError
from acts_jax.report import chosen, methods, page, tabular
from acts_jax.report.sentences import count, join
from acts_jax.sweep import trainer
from acts_jax.sweep.rounds import Rounds
from acts_jax.sweep.trainer import Trained

REFINE = flags.DEFINE_integer(
    "refine",
    1,
    "How often the step from the best learning rate to its neighbours is halved, for each "
    "activation, depth and dataset.",
    lower_bound=0,
)
EXTEND = flags.DEFINE_integer(
    "extend",
    1,
    "How often a learning rate is tried beyond the range, where the best is its lowest or highest.",
    lower_bound=0,
)
CONFIRM = flags.DEFINE_integer(
    "confirm",
    12,
    "Fresh seeds, and fresh splits of a dataset without an official test set, from which the "
    "chosen settings are trained anew; what is reported of them comes from these alone. 0: none.",
    lower_bound=0,
)


def main() -> int:
    """Plans, trains, reports; the exit status is 1 if networks could not be trained."""
    started = time.perf_counter()
    formats = cli.formats()
    console = cli.terminal()
    rounds = Rounds(REFINE.value, EXTEND.value, CONFIRM.value)
    strategy = rounds if rounds != Rounds() else None
    options = cli.options()
    for flag in (REFINE, EXTEND, CONFIRM) if options.shard is not None else ():
        if flag.present and flag.value:
            raise ConfigError(
                f"--{flag.name} has no meaning for a --shard, of which nothing is chosen: give it "
                "to the same command without --shard, after experiments.merge"
            )
    trained = trainer.train(options, console, stops_early=True, strategy=strategy)
    seconds = trained.seconds

    reporting = time.perf_counter()
    facts = machine.facts() | {
        "time": f"start and data {reporting - started - seconds.total:.1f} s, "
        f"run {seconds.run:.1f} s, waiting "
        f"for compilation {seconds.wait:.1f} s (compilation, mostly in the background: "
        f"{seconds.compile:.1f} s)"
    }
    report, reported, class_counts = write(trained, facts, formats)
    ended = time.perf_counter()
    console.print(chosen.terminal(reported, class_counts))
    everything = [trained.results, *([] if trained.confirmed is None else [trained.confirmed])]
    status = pd.concat([results["status"] for results in everything])
    counts = status.value_counts()
    lost = ", ".join(f"{counts.get(s, 0)} {s}" for s in ("diverged", "failed") if s in counts)
    console.print(
        f"{count(len(status), 'cell')}, {lost or 'none diverged'}; "
        f"{facts['time']}, report {ended - reporting:.1f} s; {ended - started:.1f} s in all",
        soft_wrap=True,
    )
    console.print(f"report: {report}", soft_wrap=True)
    return int("failed" in counts)


def write(
    trained: Trained, facts: dict[str, str], formats: list[str]
) -> tuple[Path, pd.DataFrame, dict[str, dict[str, int]]]:
    """Writes the report and the tables; returns its path, what is reported, and class counts."""
    results, datasets = trained.results, trained.datasets
    chance = {name: d.chance for name, d in datasets.items() if d.class_names}
    class_counts = {
        name: dict(zip(d.class_names, d.class_counts["train"].tolist(), strict=True))
        for name, d in datasets.items()
    }
    reported, comparisons, ranks = evidence.weigh(
        results, trained.confirmed, trained.examples, chance=chance, **cli.margins()
    )
    cells = len(results) + (0 if trained.confirmed is None else len(trained.confirmed))
    report = page.build(
        results,
        trained.curves,
        reported,
        comparisons,
        ranks,
        title=f"{count(cells, 'network')} on {join(sorted(datasets))}",
        facts=facts,
        path=trained.workdir / "report.html",
        config=json.dumps(trained.plan.config, indent=1),
        methods=methods.paragraph(
            results,
            trained.confirmed,
            sizes={name: d.sizes for name, d in datasets.items()},
            margin="" if comparisons is None else join(comparisons["margin_in_words"].unique()),
            versions=facts["versions"],
            command=cli.command(),
        ),
        chance=chance,
        class_counts=class_counts,
        formats=formats,
    )
    tabular.write_tables(reported, comparisons, trained.workdir / "tables")
    return report, reported, class_counts


if __name__ == "__main__":
    cli.run(main, config="configs/digits.py", workdir="runs/sweep", uses=("margin", "format"))
