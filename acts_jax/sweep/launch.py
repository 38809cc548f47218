"""What every launcher needs: jax's settings, a plan, its datasets, progress, storing results."""

import contextlib
import dataclasses
import functools
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import jax

from acts_jax import data, machine
from acts_jax.activations import acceptance, catalogue
from acts_jax.errors import CellError, ConfigError
from acts_jax.models import own
from acts_jax.sweep import engine, grid, kinds, local, packing, signals, store, work
from acts_jax.sweep.limits import MOST_LAYERS
from acts_jax.sweep.outcome import Failure, Outcome
from acts_jax.sweep.sources import with_sources
from acts_jax.sweep.values import MOST_CELLS
from acts_jax.theory.shape import on_real_line
from acts_jax.words import count


@dataclasses.dataclass
class Progress:
    """How far a sweep is; updated in place after every chunk.

    Attributes:
        cells: Cells in the plan.
        steps: Optimizer steps of all those cells together.
        cells_done: Cells whose results are stored, those of an earlier run among them.
        steps_done: Steps taken, or not needed because their results were there.
        steps_taken: Steps taken by this run.
        diverged: Cells that diverged in this run.
        failed: Cells that could not be trained in this run.
        work: What all those steps and the evaluations cost, in no unit; see `packing.work`.
        work_done: That of the steps done.
        work_taken: That of the steps taken by this run.
        cells_waiting: Cells to be trained of which nothing has been heard yet.
    """

    cells: int
    steps: int
    cells_done: int = 0
    steps_done: int = 0
    steps_taken: int = 0
    diverged: int = 0
    failed: int = 0
    work: float = 0.0
    work_done: float = 0.0
    work_taken: float = 0.0
    cells_waiting: int = 0


def configure(compilation_cache: str | os.PathLike | None, cpu_devices: int | None = None) -> None:
    """Prepares jax for sweeps: a CPU device per core, and a cache of compiled programs.

    Call it before anything else uses jax: the number of devices is fixed by then.

    Args:
        compilation_cache: Folder of the cache that later processes read too; None for no cache.
        cpu_devices: How many, at least two; one per core by default.

    Raises:
        ConfigError: If there is no device, see `machine.devices`.
    """
    devices = max(cpu_devices or machine.cores(), packing.FEWEST_CPU_DEVICES)
    with contextlib.suppress(RuntimeError):  # jax is in use already: its devices stay as they are
        jax.config.update("jax_num_cpu_devices", devices)
    if compilation_cache is not None:
        jax.config.update("jax_compilation_cache_dir", os.fspath(compilation_cache))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    machine.devices()


def make_plan(
    config: Mapping,
    data_dir: str | os.PathLike | None = None,
    most_cells: int = MOST_CELLS,
    most_layers: int = MOST_LAYERS,
) -> grid.Plan:
    """Plans a sweep with the catalogue's activations and the datasets there are.

    Args:
        config: The fields of a sweep.
        data_dir: Where prepared datasets live, as for `data.load`.
        most_cells: As for `grid.plan`.
        most_layers: As for `grid.plan`.

    Raises:
        ConfigError: With one sentence that says what cannot run and what is nearest.
    """
    check_dataset = functools.partial(data.check_name, data_dir=data_dir)
    limits = most_cells, most_layers
    plan = grid.plan(config, catalogue.get, check_dataset, *limits, own.fields)
    if plan.config["record"] == "parameters" and plan.config["patience"]:
        raise ConfigError(
            'record="parameters" keeps networks as they are at the end: it takes patience 0, not '
            f"{plan.config['patience']}"
        )
    models = plan.config["model"]
    whole = [name for name in models if name in kinds.KINDS and not kinds.KINDS[name].halves]
    for name in plan.config["activation"]:
        try:
            activation = catalogue.get(name)
            acceptance.accept(activation, halves=not whole)
            if activation.shape_preserving:
                on_real_line(name)
        except ValueError as error:
            raise ConfigError(str(error)) from error
    return plan


def load_datasets(
    plan: grid.Plan,
    data_dir: str | os.PathLike | None = None,
    given: Mapping[str, data.Dataset] = MappingProxyType({}),
) -> dict[str, data.Dataset]:
    """The datasets of a plan by name, each checked against the groups that use it.

    Args:
        plan: What will be trained.
        data_dir: Where prepared datasets live, as for `data.load`.
        given: By name, in place of those that would be loaded.

    Raises:
        ConfigError: If a head or a batch size does not fit.
        DatasetError: If a dataset cannot be loaded, or not be divided by a split seed.
    """
    fraction = plan.config["validation_fraction"]
    datasets = {
        name: given[name]
        if name in given
        else data.load(name, data_dir=data_dir, validation_fraction=fraction)
        for name in plan.config["dataset"]
    }
    for group in plan.groups:
        dataset = datasets[group.static.dataset]
        engine.check_network(group.static, dataset)
        for seed in group.split_seeds:
            dataset.check_split_seed(seed)
    return datasets


def describe(
    plan: grid.Plan,
    datasets: Mapping[str, data.Dataset],
    pack: int | None = None,
    here: bool = True,
) -> str:
    """What running a plan would take, in a line, and what cannot be measured; trains nothing.

    Args:
        plan: What to run.
        datasets: From `load_datasets`.
        pack: Cells per vmap; by default what suits this machine.
        here: Whether it would run in this process. The parts and packs of Ray are those of its
            nodes.
    """
    pairs = [(group, datasets[group.static.dataset]) for group in plan.groups]
    steps = sum(engine.steps(*pair) for pair in pairs)
    programs, split, where = len(pairs), "", "Ray"
    if here:
        programs = len({group.static.program for group in plan.groups})
        parts = sum(len(packing.parts(*pair, pack)) for pair in pairs)
        split = f", in {parts:,} parts that fit into memory" if parts > len(pairs) else ""
        packs = [pack or packing.pack_for(group.static, dataset) for group, dataset in pairs]
        # Weights, gradients and optimizer state, and the activations of one slice of examples.
        each = [packing.cell_bytes(group.static, dataset) for group, dataset in pairs]
        kept = max(size * cells for size, cells in zip(each, packs, strict=True)) / 2**20
        devices = jax.local_devices()
        where = f"{len(devices)} x {devices[0].platform} in packs of {max(packs)}"
        where += f" ({kept:.1f} MiB per pack)"
    groups = f"{count(len(pairs), 'group')} ({count(programs, 'compile')}{split})"
    said = [f"{count(plan.cells, 'cell')} in {groups}, {count(steps, 'step')}, on {where}"]
    own = [pair for pair in pairs if ":" in pair[0].static.model]
    notes = dict.fromkeys(engine.check_network(group.static, data) for group, data in own)
    return "\n".join([*said, *filter(None, notes)])


def run(
    plan: grid.Plan,
    datasets: Mapping[str, data.Dataset],
    workdir: Path,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    *,
    pack: int | None = None,
    launcher: work.Launcher = local.results,
    on_error: str = "continue",
    checkpoint_after: float = 30.0,
    retrain_changed: bool = False,
) -> tuple[Progress, work.Seconds]:
    """Trains the cells of a plan that are not in the workdir yet, and stores their outcomes.

    Args:
        plan: What to run.
        datasets: From `load_datasets`.
        workdir: From `store.open_workdir`.
        on_progress: Called after every chunk and for every group stored.
        pack: Cells per vmap; by default what suits the machine that trains them.
        launcher: Where the groups run.
        on_error: What to do when a group cannot be trained, as when an activation of the user's
            raises: "continue" with the others, or "stop". The cells are recorded as failed.
        checkpoint_after: Groups that take more seconds than this are checkpointed at every chunk.
        retrain_changed: Whether to train anew, instead of refusing it, what is in the workdir and
            was trained with a function or on a dataset that has changed since.

    Returns:
        The final progress, and where the time went.

    Raises:
        Stopped: After a signal, see `signals.listening`; what was done is stored.
        CellError: If a group failed and `on_error` is "stop".
        StoreError: If something cannot be written; if there are such results and they are to stay.
    """
    plan = with_sources(plan, datasets)
    store.tidy(workdir, plan, retrain_changed=retrain_changed)
    journal = _Journal(plan, datasets, workdir, on_progress)
    with signals.listening() as stop:
        given = work.Work(
            journal.missing,
            datasets,
            pack,
            workdir / "checkpoints",
            checkpoint_after,
            stop,
            journal.note_chunk,
            work.Seconds(),
        )
        with contextlib.closing(launcher(given)) as finished:
            for part, result in finished:
                started = time.perf_counter()
                journal.note_result(part, result)
                given.seconds.store += time.perf_counter() - started
                if on_error == "stop" and isinstance(result, Failure):
                    raise CellError(
                        f"{describe_part(part)} failed: {result.reason}\n{result.traceback}"
                    )
        stop.check()
    shutil.rmtree(workdir / "checkpoints", ignore_errors=True)
    return journal.progress, given.seconds


class _Journal:
    """Keeps account of a running sweep: stores its results, and tells how far it is."""

    def __init__(self, plan, datasets, workdir, on_progress):
        self._workdir, self._on_progress = workdir, on_progress
        self._steps = lambda part: engine.steps(part, datasets[part.static.dataset])
        self._work = lambda part, *steps: packing.work(part, datasets[part.static.dataset], *steps)
        self.missing = store.missing(workdir, plan.groups)
        self.progress = Progress(plan.cells, sum(map(self._steps, plan.groups)))
        self.progress.cells_waiting = sum(part.size for part in self.missing)
        self.progress.cells_done = plan.cells - self.progress.cells_waiting
        self.progress.steps_done = self.progress.steps - sum(map(self._steps, self.missing))
        self.progress.work = sum(map(self._work, plan.groups))
        self.progress.work_done = self.progress.work - sum(map(self._work, self.missing))
        self._parts = {}  # name -> steps done, steps taken, cells diverged, work done, work taken
        on_progress(self.progress)

    def note_chunk(self, part: grid.Group, done: int, taken: int, diverged: int) -> None:
        """After a chunk of a part; the numbers are those of the part so far."""
        work = self._work(part, done)
        work_taken = work - self._work(part, done - taken) if done > taken else work
        self._note(part, (done, taken, diverged, work, work_taken))
        self._on_progress(self.progress)

    def _note(self, part: grid.Group, now: tuple) -> None:
        """Adds what is new of a part to the progress."""
        name, progress = store.name_of(part), self.progress
        if name not in self._parts:
            progress.cells_waiting -= part.size
        before = self._parts.get(name, (0, 0, 0, 0.0, 0.0))
        self._parts[name] = now
        progress.steps_done += now[0] - before[0]
        progress.steps_taken += now[1] - before[1]
        progress.diverged += now[2] - before[2]
        progress.work_done += now[3] - before[3]
        progress.work_taken += now[4] - before[4]

    def note_result(self, part: grid.Group, result: Outcome | Failure) -> None:
        """When a part is through."""
        name, work = store.name_of(part), self._work(part)
        _, taken, diverged, done, work_taken = self._parts.get(name, (0, 0, 0, 0.0, 0.0))
        if isinstance(result, Failure):
            store.write_failure(self._workdir, part, result)
            self.progress.failed += part.size
        else:
            store.write(self._workdir, part, result)
            self.progress.cells_done += part.size
            work_taken += work - done  # what was not needed here will not be elsewhere
            for folder in (self._workdir / "checkpoints").glob(f"{name}-*"):
                shutil.rmtree(folder, ignore_errors=True)
        # All its steps are taken, or not needed, or never to be taken.
        self._note(part, (self._steps(part), taken, diverged, work, work_taken))
        del self._parts[name]
        self._on_progress(self.progress)


def describe_part(part: grid.Group) -> str:
    """A group, or a part of one, in words."""
    static = part.static
    model = "" if static.model == "mlp" else f" in {static.model}"
    return f"{static.activation}{model} at depth {len(static.hidden_sizes)} ({part.size} cells)"
