"""Training what some options ask for, from the config to the results."""

import dataclasses
import functools
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd
from rich.console import Console
from rich.text import Text

from acts_jax.data import Dataset
from acts_jax.errors import CellError, ConfigError
from acts_jax.sweep import cluster, launch, local, packing, results, store
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.options import Options, share_of
from acts_jax.sweep.progress import ProgressLine
from acts_jax.sweep.rounds import Strategy, confirmation
from acts_jax.sweep.work import Launcher, Seconds
from acts_jax.words import count


class Trained(NamedTuple):
    """What `train` returns.

    Attributes:
        results: One row per network of the sweep and of the rounds that tuned it, see
            `load_results`.
        curves: Every evaluation of these networks, see `load_curves`.
        datasets: By name.
        plan: The sweep.
        workdir: Where its results are stored; those of rounds are in folders in it.
        seconds: Where the time went.
        confirmed: One row per network of the confirmation; None without one.
        examples: What became of each test example in them, see `load_examples`.
    """

    results: pd.DataFrame
    curves: pd.DataFrame
    datasets: Mapping[str, Dataset]
    plan: Plan
    workdir: Path
    seconds: Seconds
    confirmed: pd.DataFrame | None = None
    examples: pd.DataFrame | None = None


def train(
    options: Options,
    console: Console,
    check: Callable[[Plan, Mapping[str, Dataset]], None] | None = None,
    stops_early: bool = False,
    datasets: Mapping[str, Dataset] = MappingProxyType({}),
    then: Sequence[Options] = (),
    strategy: Strategy | None = None,
) -> Trained:
    """Trains those networks of a sweep that are not in its workdir yet, and loads them all.

    With `options.dry_run` it says what would be trained, and ends the process there.

    Args:
        options: What to train, and how.
        console: Shows what will be trained, then the progress, then what failed.
        check: Called with the plan and the datasets; raises a ConfigError for what a study cannot
            compare, see `studies.requirements`.
        stops_early: Whether networks may be stopped before their last epoch.
        datasets: By name, in place of those that the names in the config stand for.
        then: Of sweeps to be trained after this one: planned and shown now, so that none of them is
            found to be impossible hours later, and a dry run shows all.
        strategy: How the sweep is followed up. A shard is not: its results are a part only.

    Raises:
        ConfigError: If the config cannot run, or `check` refuses it.
        DatasetError: If a dataset cannot be loaded.
        StoreError: If the workdir cannot be used.
        Stopped: After a signal, see `signals.listening`.
        CellError: If every network failed, or one did with `on_error="stop"`.
    """
    launcher = _launcher(options)
    launch.configure(options.compilation_cache)
    plan, datasets = _planned(options, console, check, stops_early, datasets)
    for other in then:
        _planned(other, console, None, stops_early, {})
    if strategy and options.shard is not None:
        console.print("then nothing: a shard is a part, of which nothing is chosen", soft_wrap=True)
        strategy = None
    if strategy:
        console.print(strategy.describe(plan), soft_wrap=True)
    if options.dry_run:
        sys.exit(0)

    def run(plan: Plan, workdir: Path) -> Trained:
        if "round" in plan.config:
            console.print(f"{plan.config['round']}: {count(plan.cells, 'cell')}", highlight=False)
        own = dataclasses.replace(options, workdir=workdir)
        return _run(plan, datasets, own, launcher, console)

    trained = run(plan, options.workdir)
    return _follow(trained, strategy, run) if strategy else trained


def _follow(trained: Trained, strategy: Strategy, run: Callable[[Plan, Path], Trained]) -> Trained:
    """Follows up a sweep that is trained; `run` trains a plan in a workdir."""
    parts = [trained]

    def train(plan: Plan) -> pd.DataFrame:
        parts.append(run(plan, _folder(trained.workdir, plan)))
        return parts[-1].results

    plans, tuned = strategy.tune(trained.plan, trained.results, train)
    curves = pd.concat([part.curves for part in parts], ignore_index=True)
    trained = trained._replace(results=tuned, curves=curves)
    rounds = [part.workdir for part in parts[1:]]
    if seeds := strategy.seeds(plans, tuned):
        divided = [name for name, dataset in trained.datasets.items() if dataset.divides_test]
        plan = confirmation(plans, tuned, seeds, divided)
        if plan.groups:  # else no network was trained to its end
            confirmed = train(plan)
            examples = results.read_examples(parts[-1].workdir)
            trained = trained._replace(confirmed=confirmed, examples=examples)
    store.note_rounds(trained.workdir, rounds, [part.workdir for part in parts[1 + len(rounds) :]])
    seconds = Seconds()
    for part in parts:
        seconds += part.seconds
    return trained._replace(seconds=seconds)


def _folder(workdir: Path, plan: Plan) -> Path:
    """The workdir of a round: another one if other settings have been chosen since."""
    keys = "\n".join(group.key for group in plan.groups)
    return workdir / f"{plan.config['round']}-{hashlib.sha256(keys.encode()).hexdigest()[:8]}"


def _run(
    plan: Plan,
    datasets: Mapping[str, Dataset],
    options: Options,
    launcher: Launcher,
    console: Console,
) -> Trained:
    """Trains a plan in the workdir of some options, and loads its results."""
    with store.open_workdir(options.workdir, plan) as workdir:
        with ProgressLine(console) as line:
            _, seconds = launch.run(
                plan,
                datasets,
                workdir,
                line,
                pack=options.pack,
                launcher=launcher,
                on_error=options.on_error,
                checkpoint_after=options.checkpoint_after,
                retrain_changed=options.retrain_changed,
            )
        trained = results.read_results(workdir)
        failed = trained[trained.status == "failed"]
        for reason, cells in failed.groupby(["activation", "reason"]).size().items():
            console.print(Text(f"{cells} cells failed: {', '.join(reason)}", "red"), soft_wrap=True)
        if len(failed) == len(trained):
            raise CellError(f"no cell could be trained; the tracebacks are in {workdir}")
        curves = results.read_curves(workdir)
    return Trained(trained, curves, datasets, plan, workdir, seconds)


def _planned(
    options: Options,
    console: Console,
    check: Callable[[Plan, Mapping[str, Dataset]], None] | None,
    stops_early: bool,
    datasets: Mapping[str, Dataset],
) -> tuple[Plan, Mapping[str, Dataset]]:
    """The plan of a sweep and its datasets, checked and shown; see `train`."""
    limits = options.most_cells, options.most_layers
    plan = launch.make_plan(options.config, options.data_dir, *limits)
    plan = share_of(plan, options.shard)
    if plan.config["patience"] and not stops_early:
        raise ConfigError(
            "this experiment compares networks after their last epoch: it takes patience 0, not "
            f"{plan.config['patience']}"
        )
    datasets = launch.load_datasets(plan, options.data_dir, datasets)
    if check is not None:
        check(plan, datasets)
    here = options.launcher == "local"
    for group in plan.groups if here else ():
        packing.check_fits(group, datasets[group.static.dataset], options.pack)
    console.print(launch.describe(plan, datasets, options.pack, here), markup=False, soft_wrap=True)
    return plan, datasets


def _launcher(options: Options) -> Launcher:
    """The launcher that the options ask for.

    Raises:
        ConfigError: If Ray is not installed, or an address is given that is not to be used.
    """
    if options.launcher == "ray":
        return cluster.launcher(options.ray_address, options.compilation_cache)
    if options.ray_address is not None:
        raise ConfigError("--ray_address needs --launcher=ray")
    return functools.partial(local.results, compiled={})
