"""Trains every network of a config's grid, and reports which activation did best.

python -m experiments.sweep
python -m experiments.sweep --config=configs/smoke.py --config.activation=relu,mish
python -m experiments.sweep --config.activation=my_pkg.my_mod:my_fn,relu --workdir=runs/mine
"""

import json
import time

from acts_jax import cli, machine
from acts_jax.analysis import statistics
from acts_jax.report import page
from acts_jax.report.sentences import count, join
from acts_jax.sweep import trainer


def main() -> int:
    """Plans, trains, reports; the exit status is 1 if networks could not be trained."""
    started = time.perf_counter()
    console = cli.terminal()
    trained = trainer.train(cli.options(), console, stops_early=True)
    results, seconds = trained.results, trained.seconds

    reporting = time.perf_counter()
    class_counts = {
        name: dict(zip(d.class_names, d.class_counts["train"].tolist(), strict=True))
        for name, d in trained.datasets.items()
    }
    facts = machine.facts() | {
        "time": f"start and data {reporting - started - seconds.total:.1f} s, "
        f"run {seconds.run:.1f} s, waiting "
        f"for compilation {seconds.wait:.1f} s (compilation, mostly in the background: "
        f"{seconds.compile:.1f} s)"
    }
    report = page.build(
        results,
        trained.curves,
        title=f"{count(len(results), 'network')} on {join(sorted(trained.datasets))}",
        facts=facts,
        path=trained.workdir / "report.html",
        config=json.dumps(trained.plan.config, indent=1),
        chance={name: d.chance for name, d in trained.datasets.items() if d.class_names},
        class_counts=class_counts,
    )
    ended = time.perf_counter()
    console.print(page.terminal_table(statistics.select(results), class_counts))
    counts = results["status"].value_counts()
    lost = ", ".join(f"{counts.get(s, 0)} {s}" for s in ("diverged", "failed") if s in counts)
    console.print(
        f"{count(len(results), 'cell')}, {lost or 'none diverged'}; "
        f"{facts['time']}, report {ended - reporting:.1f} s; {ended - started:.1f} s in all",
        soft_wrap=True,
    )
    console.print(f"report: {report}", soft_wrap=True)
    return int("failed" in counts)


if __name__ == "__main__":
    cli.run(main, config="configs/digits.py", workdir="runs/sweep")
