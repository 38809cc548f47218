"""The local launcher: groups run in this process, one after the other, on all its devices.

The next groups are compiled in the background while one runs.
"""

import collections
import concurrent.futures
import itertools
import os
import time
import traceback
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import jax

from acts_jax.errors import StoreError
from acts_jax.sweep import engine, packing, running
from acts_jax.sweep.grid import Group
from acts_jax.sweep.outcome import Failure, Outcome
from acts_jax.sweep.store import name_of
from acts_jax.sweep.work import Finished, Work
from acts_jax.training.slices import Slices
from acts_jax.words import said_by

LOOKAHEAD = 2  # groups being compiled while one runs
KEPT = 8  # groups whose traces stay in memory, about 20 MB each
PROGRAMS = 32  # compiled ones that stay there, for rounds that follow a sweep
POLL = 0.2  # seconds between two looks at the signals while waiting

_finished = itertools.count(1)  # groups, in all of this process's sweeps


def results(
    work: Work, compiled: dict[Any, concurrent.futures.Future] | None = None
) -> Iterator[Finished]:
    """Trains the groups of some work; a `Launcher`.

    Args:
        work: What to train.
        compiled: Programs of other work on the same datasets, to be shared and added to.
    """
    waiting = collections.deque(
        part
        for group in work.groups
        for part in packing.parts(group, work.datasets[group.static.dataset], work.pack)
    )
    known: dict[Any, Slices] = {}
    compiled = {} if compiled is None else compiled
    pool = concurrent.futures.ThreadPoolExecutor(LOOKAHEAD)
    try:
        programs = collections.deque()
        while waiting or programs:
            while waiting and len(programs) <= LOOKAHEAD:
                part = waiting.popleft()
                dataset = work.datasets[part.static.dataset]
                pack = work.pack or packing.pack_for(part.static, dataset)
                data = _data(part, pack, work, known)
                future = pool.submit(engine.build, part, dataset, data, pack, compiled=compiled)
                programs.append((part, future))
            yield _finish(*programs.popleft(), work)
            if next(_finished) % KEPT == 0:
                jax.clear_caches()  # jax would keep what it made for a group until the end
                for key in [*compiled][:-PROGRAMS]:
                    del compiled[key]
            work.stop.check()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def failure(error: BaseException) -> Failure:
    """What is recorded of an error that a group's training ended with."""
    return Failure(said_by(error), "".join(traceback.format_exception(error)))


def _data(part: Group, pack: int, work: Work, known: dict) -> Slices:
    """The data of a part on its devices; parts share it."""
    started = time.perf_counter()
    static, devices = part.static, tuple(packing.devices_for(part, pack))
    what = static.dataset, static.preprocessing, part.split_seeds
    if (what, devices) not in known:
        for other in [other for other in known if other[0] != what]:
            del known[other]  # programs that wait or run keep theirs
        dataset = work.datasets[static.dataset]
        known[what, devices] = engine.put(dataset, static.preprocessing, devices, part.split_seeds)
        work.seconds.data += time.perf_counter() - started
    return known[what, devices]


def _finish(part: Group, future: concurrent.futures.Future, work: Work) -> Finished:
    """Waits for a part's program and runs it; whatever it raises becomes the part's result."""
    try:
        before = time.perf_counter()
        while not concurrent.futures.wait([future], POLL).done:
            work.stop.check()
        program = future.result()
        built = time.perf_counter()
        outcome = _run(part, program, work)
    except (StoreError, KeyboardInterrupt):
        raise
    except BaseException as error:  # an activation of the user's may raise anything
        return part, failure(error)
    work.seconds.compile += program.seconds
    work.seconds.wait += built - before
    work.seconds.run += time.perf_counter() - built
    return part, outcome


def _run(part: Group, program: engine.Program, work: Work) -> Outcome:
    """Runs a part, from its checkpoint if there is one; with checkpoints if it takes long."""
    shape = len(program.cells), *program.cells[0].seed.shape
    folder = work.checkpoints / f"{name_of(part)}-{'x'.join(map(str, shape))}"
    beginning = running.beginning(program, part)
    start = _checkpoint().load(folder, part, beginning) if os.path.lexists(folder) else None
    dataset = work.datasets[part.static.dataset]
    chunks = len(part.static.eval_steps(engine.steps_per_epoch(part.static, dataset)))
    resumed = start.evaluations if start else 0
    started = time.perf_counter()

    def on_chunk(standing: running.Standing) -> None:
        done = standing.evaluations
        steps = engine.steps(part, dataset, done)
        taken = steps - engine.steps(part, dataset, resumed)
        work.on_chunk(part, steps, taken, int((standing.diverged_step >= 0).sum()))
        expected = (time.perf_counter() - started) * chunks / (done - resumed)
        if done < chunks and (work.stop or expected > work.checkpoint_after):
            _checkpoint().save(folder, part, standing)
        if done < chunks:
            work.stop.check()

    return running.run(program, part, on_chunk, start)


def _checkpoint() -> ModuleType:
    """The module of checkpoints: imported when needed, for Orbax takes a while."""
    from acts_jax.sweep import checkpoint

    return checkpoint
