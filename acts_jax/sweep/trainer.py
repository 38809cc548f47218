"""Training what the command line asks for."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from rich.console import Console

from acts_jax.data import Dataset
from acts_jax.report.wording import count
from acts_jax.sweep import cluster, command_line, launch, local, results, store
from acts_jax.sweep.config import ConfigError
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.progress import ProgressLine
from acts_jax.sweep.work import Launcher, Seconds


class Trained(NamedTuple):
    """What `train` returns.

    Attributes:
      results: One row per network, see `load_results`.
      curves: Every evaluation of every network, see `load_curves`.
      datasets: By name.
      plan: What was trained.
      workdir: Where the results are stored.
      seconds: Where the time went.
    """

    results: pd.DataFrame
    curves: pd.DataFrame
    datasets: Mapping[str, Dataset]
    plan: Plan
    workdir: Path
    seconds: Seconds


def prepare(
    console: Console, stops_early: bool = False, changes: Mapping[str, str] | None = None
) -> tuple[Plan, dict[str, Dataset]]:
    """Plans the --config, loads its datasets and says what will be trained.

    With --dry_run it ends the process there.

    Args:
      console: Shows what will be trained.
      stops_early: Whether networks may be stopped before their last epoch.
      changes: What the study sets in the config by itself, by field.

    Raises:
      ConfigError: If the config cannot run.
      DatasetError: If a dataset cannot be loaded.
    """
    launch.configure(command_line.compilation_cache())
    config = command_line.config(changes)
    plan = command_line.shard(launch.make_plan(config, command_line.DATA_DIR.value))
    if plan.config["patience"] and not stops_early:
        raise ConfigError(
            "this experiment compares networks after their last epoch: it takes patience 0, not "
            f"{plan.config['patience']}"
        )
    datasets = launch.load_datasets(plan, command_line.DATA_DIR.value)
    what = launch.describe(plan, datasets, command_line.PACK.value)
    split, where = "", "Ray"  # whose parts and packs are those of its nodes
    if command_line.LAUNCHER.value == "local":
        if what.parts > what.groups:
            split = f", in {what.parts:,} parts that fit into memory"
        where = (
            f"{what.devices} in packs of {what.pack} ({what.pack_bytes / 2**20:.1f} MiB per pack)"
        )
    console.print(
        f"{count(what.cells, 'cell')} in {count(what.groups, 'group')} "
        f"({count(what.groups, 'compile')}{split}), {count(what.steps, 'step')}, on {where}",
        soft_wrap=True,
    )
    if command_line.DRY_RUN.value:
        sys.exit(0)
    return plan, datasets


def train(
    console: Console,
    check: Callable[[Plan, Mapping[str, Dataset]], None] | None = None,
    stops_early: bool = False,
    changes: Mapping[str, str] | None = None,
    folder: str = "",
) -> Trained:
    """Trains those networks of the --config that are not in the --workdir yet, and loads them all.

    Args:
      console: Shows what will be trained, then the progress, then what failed.
      check: Called with the plan and the datasets before anything is trained; raises a
        ConfigError for what a study cannot compare, see `require`.
      stops_early: As for `prepare`.
      changes: As for `prepare`.
      folder: In the --workdir, for one of several sweeps of a study.

    Raises:
      ConfigError, DatasetError: As `prepare`.
      StoreError: If the workdir cannot be used.
      Stopped: After SIGINT or SIGTERM.
      CellError: If every network failed, or one did with --on_error=stop.
    """
    launcher = _launcher()
    plan, datasets = prepare(console, stops_early, changes)
    if check is not None:
        check(plan, datasets)
    with store.open_workdir(Path(command_line.WORKDIR.value) / folder, plan) as workdir:
        with ProgressLine(console) as line:
            _, seconds = launch.run(
                plan,
                datasets,
                workdir,
                line,
                pack=command_line.PACK.value,
                launcher=launcher,
                on_error=command_line.ON_ERROR.value,
                checkpoint_after=command_line.CHECKPOINT_AFTER.value,
            )
        trained = results.load_results(workdir)
        failed = trained[trained.status == "failed"]
        for reason, cells in failed.groupby(["activation", "reason"]).size().items():
            console.print(f"{cells} cells failed: {': '.join(reason)}", style="red", soft_wrap=True)
        if len(failed) == len(trained):
            raise store.CellError(f"no cell could be trained; the tracebacks are in {workdir}")
        curves = results.load_curves(workdir)
    return Trained(trained, curves, datasets, plan, workdir, seconds)


def _launcher() -> Launcher:
    """The launcher that --launcher asks for.

    Raises:
      ConfigError: If Ray is not installed, or an address is given that is not to be used.
    """
    if command_line.LAUNCHER.value == "ray":
        return cluster.launcher(command_line.RAY_ADDRESS.value, command_line.compilation_cache())
    if command_line.RAY_ADDRESS.value is not None:
        raise ConfigError("--ray_address is of use with --launcher=ray only")
    return local.results


def require(plan: Plan, **values: Sequence[Any]) -> None:
    """Refuses a plan without the values that a study compares, such as `activation=("relu",)`.

    Raises:
      ConfigError: If a field lacks one.
    """
    for field, needed in values.items():
        missing = [str(value) for value in needed if value not in plan.config[field]]
        if missing:
            raise ConfigError(f"this experiment needs {field} {' and '.join(missing)}, too")


def single(plan: Plan, *fields: str) -> None:
    """Refuses a plan with several values of a field of which a study compares none.

    Raises:
      ConfigError: If there are several.
    """
    for field in fields:
        values = plan.config[field]
        if len(values) > 1:
            raise ConfigError(
                f"this experiment takes one {field}, not {', '.join(map(str, values))}"
            )
