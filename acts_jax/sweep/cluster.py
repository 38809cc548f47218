"""The Ray launcher: groups, or parts of large ones, run as tasks on a cluster.

A task is the local launcher with one part to do, so the science has no second code path. The
driver alone writes results; what a task had not finished when its node died, another does again.
"""

import contextlib
import functools
import importlib
import itertools
import math
import os
import signal
import socket
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.machine import cores
from acts_jax.sweep import launch, local, packing, store
from acts_jax.sweep.grid import Group
from acts_jax.sweep.signals import Stop
from acts_jax.sweep.sources import digest_of, digest_of_model
from acts_jax.sweep.work import Finished, Launcher, Seconds, Work
from acts_jax.words import shown

POLL = 0.2  # seconds between two looks at signals and progress
RETRIES = 3  # of a part whose worker has died
TASKS_PER_SLOT = 3  # so that no node waits long for the last part of another
IN_FLIGHT_PER_SLOT = 4  # tasks, so that a slot finds its next one there, and a new node some
STORE_BYTES = 2**28  # of the object store, beside the datasets
SOCKET_BYTES = 107  # of a socket's path, at most
SOCKET = "/ray-12345678/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"


def launcher(address: str | None, compilation_cache: str | os.PathLike | None) -> Launcher:
    """The launcher that runs groups on Ray.

    Args:
        address: Of a running cluster, such as "10.0.0.1:6379" or "auto"; None starts Ray on this
            machine alone, listening on 127.0.0.1 only, for as long as the sweep takes.
        compilation_cache: Folder, on each node, for compiled programs; None for none.

    Raises:
        ConfigError: If Ray is not installed, or cannot be started in the temporary folder; and,
            when run, if there is no cluster at the address.
    """
    if address is None:
        _check_folder()
        # How Ray is told to use the loopback address; it reads this when it is imported.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray  # noqa: F401
    except ImportError:
        raise ConfigError("--launcher=ray needs Ray; pip install 'acts_jax[ray]'") from None
    return functools.partial(_results, address=address, compilation_cache=compilation_cache)


def _results(work: Work, address: str | None, compilation_cache: Any) -> Iterator[Finished]:
    """Trains the groups of some work; a `Launcher`."""
    import ray

    if not work.groups:
        return
    with _connected(address, work):
        slots, resources = _slots(ray.cluster_resources())
        here = ray.get_runtime_context().get_node_id()
        affinity = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=False)
        board = ray.remote(num_cpus=0, scheduling_strategy=affinity)(_Board).remote()
        datasets = {name: ray.put(dataset) for name, dataset in work.datasets.items()}
        train = ray.remote(max_retries=RETRIES, **resources)(_train)
        settings = work.checkpoints, compilation_cache, board

        def submit(number: int, part: Group, pack: int) -> Any:
            return train.remote(number, part, pack, datasets[part.static.dataset], *settings)

        memory = ray.cluster_resources().get("memory", sys.maxsize) / slots
        parts = _parts(work, slots, memory, "num_gpus" in resources)
        # What is left when this is stopped ends with the connection.
        yield from _collect(parts, submit, IN_FLIGHT_PER_SLOT * slots, board, work)


def _collect(
    parts: Iterator[tuple[Group, int]], submit: Callable, most: int, board: Any, work: Work
) -> Iterator[Finished]:
    """The results of tasks as they come, and from the board their progress meanwhile, if it lives.

    No more than `most` tasks are submitted and not done: all of them are looked at each time.
    """
    import ray

    numbered, waiting, ready = enumerate(parts), {}, board.__ray_ready__.remote()
    while True:
        for number, (part, pack) in itertools.islice(numbered, most - len(waiting)):
            waiting[submit(number, part, pack)] = number, part
        if not waiting:
            return
        started = time.perf_counter()
        done, _ = ray.wait(list(waiting), timeout=POLL)
        work.seconds.run += time.perf_counter() - started
        running = {number for number, _ in waiting.values()}
        if not done:
            work.stop.check()
        notes = []
        if done or ray.wait([ready], timeout=0)[0]:  # else reading would wait for its process
            with contextlib.suppress(ray.exceptions.RayError):
                notes = ray.get(board.read.remote())
        for number, chunk in notes:
            if number in running:
                work.on_chunk(*chunk)
        for task in done:
            _, part = waiting.pop(task)
            try:
                finished, seconds = ray.get(task)
            except ray.exceptions.RayError as error:  # its worker died again and again, or worse
                yield part, local.failure(error)
                continue
            work.seconds.compile += seconds.compile
            yield from finished
        work.stop.check()


def _train(
    number: int,
    part: Group,
    pack: int,
    dataset: Dataset,
    checkpoints: Path,
    compilation_cache: str | os.PathLike | None,
    board: Any,
) -> tuple[list[Finished], Seconds]:
    """What a task does: trains a part as the local launcher does."""
    import ray

    launch.configure(compilation_cache, cpu_devices=packing.FEWEST_CPU_DEVICES)

    def on_chunk(*chunk: Any) -> None:
        with contextlib.suppress(ray.exceptions.RayError):
            ray.get(board.note.remote(number, chunk))  # waited for: no note outlives its task

    try:
        _check_code(part, dataset)
    except BaseException as error:  # a module of the user's may raise anything
        return [(part, local.failure(error))], Seconds()
    datasets, never = {part.static.dataset: dataset}, math.inf
    work = Work([part], datasets, pack, checkpoints, never, Stop(), on_chunk, Seconds())
    return list(local.results(work)), work.seconds


def _check_code(part: Group, dataset: Dataset) -> None:
    """Checks that the activation and the network of a part are here what they were for the driver.

    Raises:
        ConfigError: If it is another, as when nodes have their own copies of a module.
        ValueError: If it is not there.
    """
    name = part.static.activation
    here = {f"activation {name}": digest_of(name)} | digest_of_model(part.static, dataset)
    for what in store.changed(part.sources, here):
        raise ConfigError(f"{what} is another on {socket.gethostname()} than for the driver")


class _Board:
    """An actor: tasks note here how far they are, and the driver reads it.

    A note holds totals, not differences, so that a task which starts over does not count twice.
    """

    def __init__(self) -> None:
        self._notes = {}

    def note(self, number: int, chunk: tuple) -> None:
        """The arguments of `Work.on_chunk`, from the task of that number."""
        part = chunk[0]
        self._notes[number, part.first] = chunk

    def read(self) -> list[tuple[int, tuple]]:
        """What was noted since the last time."""
        notes, self._notes = self._notes, {}
        return [(number, chunk) for (number, _), chunk in notes.items()]


@contextlib.contextmanager
def _connected(address: str | None, work: Work) -> Iterator[None]:
    """A connection to a cluster for the length of a with block; its own cluster if none is given.

    Code that is not installed, such as a user's activation, travels to the workers.
    """
    import ray

    handler = signal.getsignal(signal.SIGTERM)
    statics = [group.static for group in work.groups]
    names = {"acts_jax", *(name for s in statics for name in (s.activation, s.model))}
    path = [entry for entry in sys.path if entry and not _installed(Path(entry))]
    env = {
        "py_modules": _sources(names),
        # The path for what those modules import, where the nodes share a file system.
        "env_vars": {"PYTHONPATH": os.pathsep.join(path), "NPROC": "1"},  # NPROC: XLA's threads
    }
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "runtime_env": env}
    with contextlib.ExitStack() as stack:
        if address is None:
            folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
            size = sum(
                split.inputs.nbytes + split.labels.nbytes
                for data in work.datasets.values()
                for split in (data.train, data.validation, data.test)
            )
            own = {
                "address": "local",
                "num_cpus": cores(),
                "include_dashboard": False,
                "object_store_memory": STORE_BYTES + 2 * size,
                "_node_ip_address": "127.0.0.1",
                "_temp_dir": stack.enter_context(folder),
            }
        else:
            own = {"address": address}
            _check_reachable(address)
        stack.callback(ray.shutdown)
        stack.enter_context(warnings.catch_warnings())
        # Ray forks to start its processes, which run programs of their own at once.
        warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
        try:
            ray.init(**own, **quiet)
        except (OSError, RuntimeError, ValueError) as error:
            first = str(error).partition("\n")[0]
            where = shown(address) if address else "this machine"
            raise ConfigError(f"no Ray cluster at {where}: {first}") from error
        finally:
            if handler is not None and handler != signal.getsignal(signal.SIGTERM):
                signal.signal(signal.SIGTERM, handler)  # Ray has put its own in the place
        yield


def _check_folder() -> None:
    """Looks whether Ray's sockets can be in a folder in that for temporary files."""
    folder, most = tempfile.gettempdir(), SOCKET_BYTES - len(SOCKET)
    if len(folder) > most or not folder.isascii():
        raise ConfigError(
            f"Ray takes a folder for temporary files of at most {most} letters, all ASCII, not "
            f"{shown(folder)}; give one as TMPDIR=/tmp"
        )


def _check_reachable(address: str) -> None:
    """Looks whether there is a server at "host:port"; Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except (OSError, OverflowError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no such address"
            raise ConfigError(f"no Ray cluster at {shown(address)}: {reason}") from None


def _slots(available: Mapping[str, float]) -> tuple[int, dict[str, int]]:
    """How many tasks a cluster runs at once, and what each of them takes: a GPU, else a CPU."""
    kind, option = ("GPU", "num_gpus") if available.get("GPU") else ("CPU", "num_cpus")
    slots = int(available.get(kind, 0))
    if not slots:
        raise ConfigError("the Ray cluster has neither CPUs nor GPUs")
    return slots, {option: 1}


def _parts(work: Work, slots: int, memory: float, on_gpus: bool) -> Iterator[tuple[Group, int]]:
    """The groups of some work, in parts where they are too large, or too few to keep all busy.

    A part is made of whole packs, as many for every device of a worker, so that it fills no
    place with copies. The pack, given beside each part, is chosen here, for a cell's result depends
    on it in its last bits, and nodes may differ. `memory` is the bytes of each of the `slots`.
    """
    devices = 1 if on_gpus else packing.FEWEST_CPU_DEVICES
    platform = "gpu" if on_gpus else "cpu"
    # What Ray knows of is the memory of the nodes, not of their GPUs.
    room = sys.maxsize if on_gpus else packing.SHARE * memory / devices
    cells = sum(group.size for group in work.groups)
    few = len(work.groups) < TASKS_PER_SLOT * slots
    share = cells / (TASKS_PER_SLOT * slots) if few else cells
    for group in work.groups:
        dataset = work.datasets[group.static.dataset]
        each = packing.state_bytes(group.static, dataset)
        pack = work.pack or packing.pack_for(group.static, dataset, platform, room)
        unit = pack * devices
        room_for_cells = packing.SHARE * memory - devices * packing.data_bytes(group, dataset)
        units = max(1, min(math.ceil(share / unit), int(room_for_cells / each / unit)))
        for part in group.cut(units * unit):
            yield part, pack


def _sources(names: set[str]) -> list[str]:
    """Where the code of packages, or of "package.module:function", lies that is not installed."""
    sources = []
    code = [name for name in names if name == "acts_jax" or ":" in name]  # not of the catalogue
    for name in sorted({name.partition(":")[0].partition(".")[0] for name in code}):
        module = importlib.import_module(name)
        package = getattr(module, "__path__", None)
        path = Path(next(iter(package)) if package else module.__file__)
        if not _installed(path):
            sources.append(str(path))
    return sources


def _installed(path: Path) -> bool:
    """Whether a file is part of the Python that this is, as every node of a cluster has it."""
    kinds = ("purelib", "platlib", "stdlib", "platstdlib")
    return any(path.is_relative_to(sysconfig.get_path(kind)) for kind in kinds)
