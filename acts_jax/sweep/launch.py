"""Launching a plan in this process: load the data, build and run each group, store the outcome."""

import collections
import concurrent.futures
import contextlib
import dataclasses
import functools
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp

from acts_jax import data
from acts_jax.activations import catalogue
from acts_jax.sweep import engine, grid, store
from acts_jax.sweep.config import ConfigError

LOOKAHEAD = 2  # groups being compiled while one runs


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
    """

    cells: int
    steps: int
    cells_done: int = 0
    steps_done: int = 0
    steps_taken: int = 0
    diverged: int = 0


@dataclasses.dataclass
class Seconds:
    """Where the wall-clock time of a sweep went.

    Attributes:
      data: Reading datasets and putting them on the devices.
      compile: Initialising, tracing and compiling, summed over groups; most of it happens while
        another group runs.
      wait: The part of `compile` during which nothing ran.
      run: Training and measuring.
      store: Writing results.
    """

    data: float = 0.0
    compile: float = 0.0
    wait: float = 0.0
    run: float = 0.0
    store: float = 0.0


@dataclasses.dataclass(frozen=True)
class Description:
    """What a plan would take.

    Attributes:
      cells: Networks to train.
      groups: Programs to compile.
      steps: Optimizer steps of all cells together.
      pack: Cells per vmap.
      pack_bytes: Memory that the largest pack keeps, in bytes: weights, gradients and optimizer
        state, and the activations of one slice of examples.
      devices: Such as "2 x cpu".
    """

    cells: int
    groups: int
    steps: int
    pack: int
    pack_bytes: int
    devices: str


def configure(compilation_cache: str | os.PathLike | None) -> None:
    """Prepares jax for sweeps: one CPU device per core, and a cache of compiled programs.

    Call it before anything else uses jax: the number of devices is fixed by then.

    Args:
      compilation_cache: Folder of the cache that later processes read too; None for no cache.
    """
    with contextlib.suppress(RuntimeError):  # jax is in use already: its devices stay as they are
        jax.config.update("jax_num_cpu_devices", len(os.sched_getaffinity(0)))
    if compilation_cache is not None:
        jax.config.update("jax_compilation_cache_dir", os.fspath(compilation_cache))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)


def make_plan(config: Mapping, data_dir: str | os.PathLike | None = None) -> grid.Plan:
    """Plans a sweep with the catalogue's activations and the datasets there are.

    Args:
      config: The fields of a sweep.
      data_dir: Where prepared datasets live, as for `data.load`.

    Raises:
      ConfigError: With one sentence that says what cannot run and what is nearest.
    """
    check_dataset = functools.partial(data.check_name, data_dir=data_dir)
    plan = grid.plan(config, catalogue.get, check_dataset)
    for name in plan.config["activation"]:
        _check_shape(catalogue.get(name))
    return plan


def load_datasets(
    plan: grid.Plan, data_dir: str | os.PathLike | None = None
) -> dict[str, data.Dataset]:
    """The datasets of a plan by name, each checked against the groups that use it.

    Raises:
      ConfigError: If a head or a batch size does not fit.
      DatasetError: If a dataset cannot be loaded.
    """
    datasets = {name: data.load(name, data_dir=data_dir) for name in plan.config["dataset"]}
    for group in plan.groups:
        engine.resolve(group.static, datasets[group.static.dataset])
    return datasets


def describe(
    plan: grid.Plan, datasets: Mapping[str, data.Dataset], pack: int | None = None
) -> Description:
    """What running a plan would take; trains nothing."""
    devices = jax.local_devices()
    pack = pack or engine.pack_width()
    return Description(
        plan.cells,
        len(plan.groups),
        sum(engine.steps(group, datasets[group.static.dataset]) for group in plan.groups),
        pack,
        max(engine.cell_bytes(g.static, datasets[g.static.dataset]) for g in plan.groups) * pack,
        f"{len(devices)} x {devices[0].platform}",
    )


def facts() -> dict[str, str]:
    """What the numbers of a run depend on: the machine and the versions."""
    versions = {name: importlib.metadata.version(name) for name in ("jax", "flax", "optax")}
    device = jax.devices()[0]
    kind = platform.processor() or platform.machine() if device.platform == "cpu" else ""
    return {
        "devices": f"{jax.device_count()} x {device.device_kind} {kind}".strip(),
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }


def run(
    plan: grid.Plan,
    datasets: Mapping[str, data.Dataset],
    workdir: Path,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    pack: int | None = None,
) -> tuple[Progress, Seconds]:
    """Runs the groups of a plan that are not in the workdir yet, and stores their outcomes.

    Groups are compiled in the background while earlier ones run.

    Args:
      plan: What to run.
      datasets: From `load_datasets`.
      workdir: From `store.open_workdir`.
      on_progress: Called after every chunk.
      pack: Cells per vmap; the platform's by default.

    Returns:
      The final progress, and where the time went.
    """
    seconds, pack = Seconds(), pack or engine.pack_width()
    steps = {g.index: engine.steps(g, datasets[g.static.dataset]) for g in plan.groups}
    todo = [group for group in plan.groups if not store.finished(workdir, group)]
    progress = Progress(plan.cells, sum(steps.values()))
    progress.cells_done = plan.cells - sum(group.size for group in todo)
    progress.steps_done = progress.steps - sum(steps[group.index] for group in todo)
    on_progress(progress)

    started = time.perf_counter()
    splits = {}
    for group in todo:
        place = _place(group, pack)
        if place not in splits:
            splits[place] = engine.put(datasets[place[0]], *place[1:])
    seconds.data = time.perf_counter() - started

    def build(group: grid.Group) -> engine.Program:
        dataset = datasets[group.static.dataset]
        return engine.build(group, dataset, splits[_place(group, pack)], pack)

    pool = concurrent.futures.ThreadPoolExecutor(LOOKAHEAD)
    try:
        waiting, programs = collections.deque(todo), collections.deque()
        while waiting or programs:
            while waiting and len(programs) <= LOOKAHEAD:
                group = waiting.popleft()
                programs.append((group, pool.submit(build, group)))
            group, future = programs.popleft()
            _run_group(group, future, workdir, progress, seconds, on_progress)
    finally:
        pool.shutdown(cancel_futures=True)
    return progress, seconds


def _run_group(
    group: grid.Group,
    future: concurrent.futures.Future,
    workdir: Path,
    progress: Progress,
    seconds: Seconds,
    on_progress: Callable[[Progress], None],
) -> None:
    """Waits for a group's program, runs it and stores the outcome."""
    before = time.perf_counter()
    program = future.result()
    built = time.perf_counter()
    diverged_before = progress.diverged

    def on_chunk(steps: int, diverged: int) -> None:
        progress.steps_done += steps
        progress.steps_taken += steps
        progress.diverged = diverged_before + diverged
        on_progress(progress)

    outcome = engine.run(program, group, on_chunk)
    ran = time.perf_counter()
    store.write(workdir, group, outcome)
    progress.cells_done += group.size
    on_progress(progress)
    seconds.compile += program.seconds
    seconds.wait += built - before
    seconds.run += ran - built
    seconds.store += time.perf_counter() - ran


def _place(group: grid.Group, pack: int) -> tuple:
    """What groups have in common that share their arrays of data."""
    devices = tuple(engine.devices_for(group, pack))
    return group.static.dataset, group.static.preprocessing, devices


def _check_shape(activation: catalogue.Activation) -> None:
    """Traces an activation once, so that one that cannot work is refused before any training."""
    x = jax.ShapeDtypeStruct((2, 3), jnp.float32)
    try:
        y = jax.eval_shape(lambda x: activation(x, **activation.defaults), x)
    except Exception as error:  # whatever a user's function may raise
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        raise ConfigError(
            f"activation {activation.name!r} cannot be traced by jax: {reason}"
        ) from error
    if not hasattr(y, "shape") or y.shape != x.shape or y.dtype != x.dtype:
        raise ConfigError(
            f"activation {activation.name!r} must map a float32 array to one of the same shape, "
            f"but {x.shape} gave {getattr(y, 'dtype', type(y).__name__)} "
            f"{getattr(y, 'shape', '')}".rstrip()
        )
