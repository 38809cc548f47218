"""How many cells of a group one vmap carries on this machine, and how many fit at once."""

import dataclasses
import functools
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from acts_jax import training
from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.sweep.engine import (
    Ends,
    division_bytes,
    divisions,
    make_model,
    order_bytes,
    resolve,
    steps_per_epoch,
)
from acts_jax.sweep.grid import Group, Static
from acts_jax.training import slices
from acts_jax.words import count

# Measured on two CPU cores: more cells at once fall out of the cache, fewer pay more overhead.
# Six also splits 7 rates x 5 seeds over two devices with one idle place.
PACK = {"cpu": 6}
ACCELERATOR_PACK = 128

# On a single CPU device XLA sums in another order than on several. With two at least, a cell's
# result does not depend on how many there are.
FEWEST_CPU_DEVICES = 2

# Share of the memory for one group. Those compiled ahead hold their networks, too; the compiler
# and other processes need the rest.
SHARE = 0.2

# Measured on an AMD EPYC: networks of 1 MB each train 17% faster two at a time than six.
CACHE = 3 * 2**20


def devices_for(group: Group, pack: int) -> list[jax.Device]:
    """The devices that a group runs on: as many as it has packs, but not a single CPU device."""
    devices = jax.local_devices()
    fewest = FEWEST_CPU_DEVICES if devices[0].platform == "cpu" else 1
    return devices[: max(fewest, math.ceil(group.size / pack))]


class Sizes(NamedTuple):
    """What one network takes, in bytes.

    Attributes:
        params: Its parameters.
        products: Multiplications of weights for one example; not in bytes.
        state: Its parameters and the optimizer's state.
        example: What is computed for one example: inputs, pre-activations, outputs.
    """

    params: int
    products: float
    state: int
    example: int


def sizes(static: Static, dataset: Dataset) -> Sizes:
    """What one cell takes, from the shapes of its network; nothing is compiled or run."""
    # What is learned counts as the default does: a few numbers.
    plain = {"activation": "relu", "learned": (), "share": "layer", "init": "he_normal"}
    static = dataclasses.replace(static, **plain)
    return _sizes(static, resolve(static, dataset))


@functools.cache
def _sizes(static: Static, ends: Ends) -> Sizes:
    model, input_shape = make_model(static, ends, {}), ends.input_shape
    one = jax.eval_shape(lambda: model.init_population(input_shape, jax.random.key(0)[None]))
    params = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), one)
    optimizer = training.make_optimizer(static.optimizer, training.Hyperparameters(0.0, 0.0, 0.0))
    state = jax.eval_shape(optimizer.init, params)
    example = jax.ShapeDtypeStruct((1, *input_shape), np.float32)
    found, sites = jax.eval_shape(model.look, params, example)
    computed = example, found, [site.slope for site in sites]
    products = _bytes(params) / 4
    if static.model != "mlp":  # whose weights are used several times
        lowered = jax.jit(model.apply).lower({"params": params}, example)
        costs = lowered.cost_analysis() or {}  # which not every platform tells
        products = costs.get("flops", 2 * products) / 2
    return Sizes(_bytes(params), products, _bytes(params) + _bytes(state), _bytes(computed))


def _bytes(tree: Any) -> int:
    """The bytes of all arrays of a tree of shapes."""
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def state_bytes(static: Static, dataset: Dataset) -> int:
    """Memory that one cell keeps from its first step to its last, in bytes."""
    return sizes(static, dataset).state


def data_bytes(group: Group, dataset: Dataset) -> int:
    """Memory that a group's divisions of its data, beyond one, take on each device, in bytes."""
    more = divisions(dataset, len(group.split_seeds)) - 1
    return more * division_bytes(dataset)


def cell_bytes(static: Static, dataset: Dataset) -> int:
    """Memory that one cell takes while it is trained, in bytes."""
    one = sizes(static, dataset)
    examples = max(static.batch_size, min(slices.WIDTH, len(dataset.train.labels)))
    # Of each unit and example: the pre-activation, the activation, its derivative, the gradient.
    return one.state + one.params + 4 * examples * one.example


def work(group: Group, dataset: Dataset, steps: int | None = None) -> float:
    """What it costs to train the cells of a group, to be compared with that of another.

    An example that is trained is multiplied with every weight three times, one that is evaluated
    twice.

    Args:
        group: The cells.
        dataset: Their data.
        steps: Of all cells together, up to which they are trained and evaluated; all by default.
    """
    static = group.static
    marks = np.array(static.eval_steps(steps_per_epoch(static, dataset)))
    each = int(marks[-1]) if steps is None else steps // max(group.size, 1)
    examples = sum(len(s.labels) for s in (dataset.train, dataset.validation, dataset.test))
    evaluated = examples * int(np.searchsorted(marks, each, side="right"))
    trained = each * static.batch_size
    return float(group.size * sizes(static, dataset).products * (3 * trained + 2 * evaluated))


@functools.cache
def memory() -> int:
    """Bytes of memory that the devices of this machine have together."""
    devices = jax.local_devices()
    if devices[0].platform != "cpu":
        known = [(device.memory_stats() or {}).get("bytes_limit") for device in devices]
        if None not in known:
            return sum(known)
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()  # of a container
    except OSError:
        limit = "max"
    return physical if limit == "max" else min(physical, int(limit))


def pack_for(
    static: Static, dataset: Dataset, platform: str | None = None, room: float | None = None
) -> int:
    """Cells per vmap: what is fastest on a platform, or fewer where that many do not fit.

    On a CPU, the weights of a pack and its optimizer's state should fit into a core's cache, and of
    networks that use a weight several times what a batch computes, too.

    Args:
        static: Of the cells.
        dataset: Their data.
        platform: Such as "cpu"; this machine's by default.
        room: Bytes of memory for the cells of one device; by default a share of this machine's.
    """
    devices = jax.local_devices()
    platform = platform or devices[0].platform
    room = SHARE * memory() / len(devices) if room is None else room
    fitting = int(room / cell_bytes(static, dataset))
    if platform == "cpu":
        one = sizes(static, dataset)
        batch = 0 if static.model == "mlp" else static.batch_size * one.example
        fitting = min(fitting, CACHE // (one.state + batch))
    return max(1, min(PACK.get(platform, ACCELERATOR_PACK), fitting))


def check_fits(group: Group, dataset: Dataset, pack: int | None = None) -> None:
    """Refuses a group of which not even one pack can be trained on this machine.

    Args:
        group: The cells.
        dataset: Their data.
        pack: Cells per vmap; by default `pack_for` them.

    Raises:
        ConfigError: If its networks, the batches between two evaluations, or the divisions of its
            data exceed the memory.
    """
    pack = pack or pack_for(group.static, dataset)
    devices = len(devices_for(group, pack))
    row = group  # or the part of one row that has the most divisions of the data
    if len(group.split_seeds) > 1:
        row = max(group.cut(pack * devices), key=lambda part: len(part.split_seeds))
    smaller = "smaller ones" + (", or a smaller --pack" if pack > 1 else "")
    networks = f"{count(pack, 'network')} trained at a time", smaller
    batches = "the batches between two evaluations", "more evals"
    dealt = f"{len(row.split_seeds)} divisions of {dataset.name}", "fewer values of split_seed"
    sizes = {
        networks: pack * cell_bytes(group.static, dataset),
        batches: order_bytes(group.static, dataset),
        dealt: devices * data_bytes(row, dataset),
    }
    if sum(sizes.values()) > memory():
        what, mend = max(sizes, key=lambda kind: sizes[kind])
        size, there = sizes[what, mend] / 2**30, memory() / 2**30
        raise ConfigError(
            f"{what} take {size:.3g} GiB, and this machine has {there:.3g} GiB; give {mend}"
        )


def parts(group: Group, dataset: Dataset, pack: int | None = None) -> list[Group]:
    """A group in parts whose networks fit into memory together: itself, unless it is too large.

    Args:
        group: The cells.
        dataset: Their data.
        pack: Cells per vmap; by default `pack_for` them.
    """
    pack = pack or pack_for(group.static, dataset)
    devices = len(jax.local_devices())
    working = devices * pack * cell_bytes(group.static, dataset)
    room = SHARE * memory() - working - devices * data_bytes(group, dataset)
    # As if every cell had a seed of its own; the batches lie on every device, and once where they
    # are drawn.
    each = state_bytes(group.static, dataset)
    each += (devices + 1) * order_bytes(group.static, dataset)
    rows = int(room / (pack * devices * each))
    return group.cut(max(1, rows) * pack * devices)
