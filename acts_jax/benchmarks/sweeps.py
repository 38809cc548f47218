"""How fast the engine trains, beside its rivals and beside the machine's large matmul.

All take turns in one run, so that whatever else the machine does meets all of them.
"""

import contextlib
import dataclasses
import importlib.util
import itertools
import math
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.compilation_cache import compilation_cache
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from rich.table import Table
from rich.text import Text

from acts_jax.benchmarks import rivals
from acts_jax.benchmarks.activations import interleaved
from acts_jax.benchmarks.plain import PLAIN
from acts_jax.suggestion import suggest
from acts_jax.sweep import launch
from acts_jax.words import shown

# What is timed where nobody says what: layers of the model, and after a colon the batch size.
NETS = {
    "mlp": ["784-128-128-128-10:128", "64-64-64-64-10:64"],
    "cnn": ["28x28x1-16-32-10:64"],
    "vit": ["28x28x1-64-64-10:64"],
}
MOST_WEIGHTS = 1_000_000_000  # of all networks of a task together
LOSS_TOLERANCE = 0.02  # of the engine's mean loss
NO_TORCH = "PyTorch is not installed: pip install acts_jax[bench]"


@dataclasses.dataclass(frozen=True)
class Timing:
    """One rival.

    Attributes:
        rival: Its name.
        cold: Seconds of the first setup and pass beyond a pass that is warm: tracing, compiling,
            starting processes. With an empty compilation cache.
        warm: The same once more in the process, JAX's memory cleared, its compilation cache filled.
        microseconds: Per step and network, median over the repetitions.
        gflops: 10^9 floating-point operations per second, see `Task.flops`.
        share: `gflops` as a share of the ceiling.
        loss: Mean loss of the networks after all passes.
        loss_error: Its relative distance from the engine's.
    """

    rival: str
    cold: float
    warm: float
    microseconds: float
    gflops: float
    share: float
    loss: float
    loss_error: float


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One task and all its rivals.

    Attributes:
        task: What was trained.
        flops: Floating-point operations per step and network.
        ceiling: 10^9 floating-point operations per second of a large float32 matmul in the same
            run: the better of one on all threads and one on each device.
        timings: The engine's first.
        missing: Rivals that could not run, and why.
    """

    task: rivals.Task
    flops: int
    ceiling: float
    timings: tuple[Timing, ...]
    missing: dict[str, str]

    @property
    def agree(self) -> bool:
        """Whether all rivals reached the engine's loss."""
        return all(timing.loss_error <= LOSS_TOLERANCE for timing in self.timings)


def compare(
    task: rivals.Task, repeats: int, matmul: int, on_stage: Callable[[str], None]
) -> Comparison:
    """Trains a task by every means, in turn.

    Args:
        task: What to train.
        repeats: Timed rounds, after one that is not.
        matmul: Rows and columns of the matrices whose product is the ceiling.
        on_stage: Told what is being done.
    """
    there = importlib.util.find_spec("torch") is not None
    chosen = [r for r in rivals.RIVALS if there or r in (rivals.Engine, rivals.Loop)]
    missing = {r.name: NO_TORCH for r in rivals.RIVALS if r not in chosen}
    start = rivals.initial_weights(task)
    cold, warm = {}, {}
    with contextlib.ExitStack() as stack:
        ready = {}
        for rival in chosen:
            on_stage(f"{rival.name}: first setup")
            with contextlib.closing(rival(task, start)) as first:
                cold[rival.name] = _seconds(first.setup) + _seconds(first.step_all)
            jax.clear_caches()
            on_stage(f"{rival.name}: second setup")
            second = ready[rival.name] = stack.enter_context(contextlib.closing(rival(task, start)))
            warm[rival.name] = _seconds(second.setup) + _seconds(second.step_all)
        on_stage("taking turns")
        products = _matmuls(matmul)
        runs = products | {name: rival.step_all for name, rival in ready.items()}
        seconds = interleaved(runs, repeats, warmups=1)
        losses = {name: float(task.loss(rival.weights()).mean()) for name, rival in ready.items()}
    ceiling = max(
        2 * matmul**3 * count / np.median(seconds[name, count]) for name, count in products
    )
    timings = []
    for name in ready:
        median = float(np.median(seconds[name]))
        rate = task.flops * task.population * task.steps / median
        timings.append(
            Timing(
                name,
                cold=max(0.0, cold[name] - median),
                warm=max(0.0, warm[name] - median),
                microseconds=1e6 * median / task.steps / task.population,
                gflops=rate / 1e9,
                share=float(rate / ceiling),
                loss=losses[name],
                loss_error=abs(losses[name] / losses[rivals.Engine.name] - 1),
            )
        )
    return Comparison(task, task.flops, float(ceiling / 1e9), tuple(timings), missing)


@contextlib.contextmanager
def empty_cache() -> Iterator[None]:
    """An empty compilation cache for a while, so that the first compilation is a cold one."""
    options = "jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs"
    before = {option: getattr(jax.config, option) for option in options}
    with tempfile.TemporaryDirectory() as folder:
        compilation_cache.reset_cache()
        launch.configure(folder)
        try:
            yield
        finally:
            for option, value in before.items():
                jax.config.update(option, value)
            compilation_cache.reset_cache()


def table(comparison: Comparison) -> Table:
    """A comparison as a table for a terminal of 100 columns."""
    task, engine = comparison.task, comparison.timings[0]
    table = Table(
        box=None, pad_edge=False, header_style="bold", title_justify="left", caption_justify="left"
    )
    sizes, images = "-".join(map(_written, task.sizes)), task.source or "random images"
    table.title = (
        f"{task.model} {sizes} on {images}, batch {task.batch_size}, {task.population} networks x "
        f"{task.steps} steps; matmul {comparison.ceiling:.0f} GFLOP/s"
    )
    table.add_column("", no_wrap=True)
    for heading in ("us/step/run", "x engine", "GFLOP/s", "of matmul", "cold s", "warm s", "loss"):
        table.add_column(heading, justify="right", no_wrap=True)
    for t in comparison.timings:
        table.add_row(
            t.rival,
            f"{t.microseconds:.1f}",
            f"{t.microseconds / engine.microseconds:.1f}",
            f"{t.gflops:.1f}",
            f"{t.share:.1%}",
            f"{t.cold:.2f}",
            f"{t.warm:.2f}",
            f"{t.loss:.5f}" + ("" if t.loss_error <= LOSS_TOLERANCE else " !"),
        )
    for name in comparison.missing:
        table.add_row(name, "–")
    table.caption = Text("\n".join(dict.fromkeys(comparison.missing.values())))
    return table


def _written(size: int | tuple[int, ...]) -> str:
    """A number of units, or the shape of an image, as a net is written."""
    return "x".join(map(str, size)) if isinstance(size, tuple) else str(size)


def _seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _matmuls(size: int) -> dict[tuple[str, int], Callable[[], object]]:
    """Products of float32 matrices: one by all threads of a device, and one on each device."""
    devices = jax.local_devices()
    mesh = Mesh(np.array(devices), ("cells",))
    one = jnp.full((size, size), 0.5)
    each = jax.device_put(
        np.full((len(devices), size, size), 0.5, np.float32), NamedSharding(mesh, P("cells"))
    )
    product = jax.jit(jnp.matmul)
    return {
        ("matmul", 1): lambda: jax.block_until_ready(product(one, one)),
        ("matmuls", len(devices)): lambda: jax.block_until_ready(product(each, each)),
    }


def tasks_of(
    nets: Sequence[str] | None,
    population: int,
    steps: int,
    activation: str,
    dataset: str | None = None,
    data_dir: str | None = None,
    model: str = "mlp",
) -> list[rivals.Task]:
    """Tasks from texts such as "784-128-128-128-10:128", the sizes and the batch size.

    Those of another model than "mlp" begin with the shape of an image, "28x28x1-16-32-10:64". None
    is for those of `NETS`.

    Raises:
        ValueError: A text is not written so, a number is below 1, no library has the activation,
            there is no such model, or the dataset has other inputs or classes, or fewer batches.
        DatasetError: The dataset cannot be loaded.
    """
    if model not in PLAIN:
        raise ValueError(f"nobody times the model {shown(model)}{suggest(model, PLAIN, 1)}")
    tasks, source = [], {"source": dataset, "data_dir": data_dir, "model": model}
    for net in NETS[model] if nets is None else nets:
        sizes, _, batch = net.partition(":")
        first, *others = sizes.split("-")
        image = first.split("x")
        numbers = [*image, *others, batch]
        shaped = len(image) == (1 if model == "mlp" else 3) and len(others) > (model != "mlp")
        if not shaped or not all(re.fullmatch("[1-9][0-9]{0,8}", n) for n in numbers):
            raise ValueError(f"nets are written as {NETS[model][0]}, not {shown(net)}")
        *layers, examples = map(int, [*others, batch])
        inputs = tuple(map(int, image))
        every = [math.prod(inputs), *layers]
        if population * sum(a * b for a, b in itertools.pairwise(every)) > MOST_WEIGHTS:
            most = f"more than {MOST_WEIGHTS:,} weights"
            raise ValueError(f"{population:,} networks {shown(net)} have {most}")
        layers.insert(0, inputs[0] if model == "mlp" else inputs)
        tasks.append(rivals.Task(tuple(layers), examples, population, steps, activation, **source))
    if min(population, steps) < 1:
        raise ValueError("the population and the steps must be 1 or more")
    if activation not in rivals.ACTIVATIONS:
        near = suggest(activation, rivals.ACTIVATIONS, 1)
        raise ValueError(f"the rivals do not all have the activation {shown(activation)}{near}")
    if dataset:
        for task in tasks:
            _check_dataset(task)
    return tasks


def _check_dataset(task: rivals.Task) -> None:
    """Refuses a task that its dataset does not fit."""
    found = task.dataset()
    shape, classes = found.input_shape, len(found.class_names)
    inputs = math.prod(shape) if task.model == "mlp" else _written(shape)
    if classes < 3:
        raise ValueError(f"{task.source} has not three classes or more, for the softmax of all")
    if task.model != "mlp" and len(shape) != 3:
        raise ValueError(f"{task.source} has no images, which {task.model} takes")
    if (_written(task.sizes[0]), task.sizes[-1]) != (str(inputs), classes):
        hidden = "-".join(map(str, task.hidden))
        fitting = f"--net={inputs}-{hidden}-{classes}:{task.batch_size}"
        raise ValueError(f"{task.source} has {inputs} inputs and {classes} classes: {fitting}")
    batches = len(found.train.labels) // task.batch_size
    if task.steps > batches:
        raise ValueError(f"an epoch of {task.source} has {batches} batches of {task.batch_size}")
