"""Trains every network of a config's grid, and reports which activation did best.

python -m experiments.sweep
python -m experiments.sweep --config=configs/smoke.py --config.activation=relu,mish
python -m experiments.sweep --config.activation=my_pkg.my_mod:my_fn,relu --workdir=runs/mine
"""

import json
import time

from absl import flags
from rich.console import Console

from acts_jax.report import page, statistics
from acts_jax.sweep import command_line, launch, store
from acts_jax.sweep.progress import ProgressLine

flags.adopt_module_key_flags(command_line)


def main() -> None:
    """Plans, trains, reports."""
    started = time.perf_counter()
    console = Console()
    launch.configure(command_line.compilation_cache())
    plan = launch.make_plan(command_line.config(), command_line.DATA_DIR.value)
    dry_run = command_line.DRY_RUN.value
    workdir = None if dry_run else store.open_workdir(command_line.WORKDIR.value, plan)
    datasets = launch.load_datasets(plan, command_line.DATA_DIR.value)
    loaded = time.perf_counter() - started
    console.print(summary(launch.describe(plan, datasets, command_line.PACK.value)), soft_wrap=True)
    if dry_run:
        return

    with ProgressLine(console) as line:
        progress, seconds = launch.run(plan, datasets, workdir, line, command_line.PACK.value)

    reporting = time.perf_counter()
    results, curves = store.load_results(workdir), store.load_curves(workdir)
    facts = launch.facts() | {
        "time": f"start and data {loaded + seconds.data:.1f} s, run {seconds.run:.1f} s, waiting "
        f"for compilation {seconds.wait:.1f} s (compilation, mostly in the background: "
        f"{seconds.compile:.1f} s)"
    }
    report = page.build(
        results,
        curves,
        title=f"{progress.cells} networks on {', '.join(plan.config['dataset'])}",
        facts=facts,
        path=workdir / "report.html",
        config=json.dumps(plan.config, indent=1),
        chance={name: d.chance for name, d in datasets.items() if d.class_names},
    )
    ended = time.perf_counter()
    console.print(page.terminal_table(statistics.select(results)))
    console.print(
        f"{progress.cells} cells, {(results['status'] == 'diverged').sum()} diverged; "
        f"{facts['time']}, report {ended - reporting:.1f} s; {ended - started:.1f} s in all",
        soft_wrap=True,
    )
    console.print(f"report: {report}", soft_wrap=True)


def summary(what: launch.Description) -> str:
    """What will be trained, in one line."""
    return (
        f"{what.cells:,} cells in {what.groups:,} groups ({what.groups:,} compiles), "
        f"{what.steps:,} steps, on {what.devices} in packs of {what.pack} "
        f"({what.pack_bytes / 2**20:.1f} MiB per pack)"
    )


if __name__ == "__main__":
    command_line.run(main, config="configs/digits.py", workdir="runs/sweep")
