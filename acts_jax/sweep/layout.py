"""The layout of groups on this machine: how many cells one vmap carries, how many fit at once."""

import functools
import os
from pathlib import Path

import jax

from acts_jax.data import Dataset
from acts_jax.sweep import engine
from acts_jax.sweep.grid import Group, Static

# Of the memory there is, for one group: those compiled ahead hold their networks too, and the
# compiler and other processes want theirs.
SHARE = 0.2

# Measured on an AMD EPYC: networks of 1 MB each train 17% faster two at a time than six.
CACHE = 3 * 2**20


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

    On a CPU, the weights of a pack and its optimizer's state should fit into a core's cache.

    Args:
      static: Of the cells.
      dataset: Their data.
      platform: Such as "cpu"; this machine's by default.
      room: Bytes of memory for the cells of one device; by default a share of this machine's.
    """
    devices = jax.local_devices()
    platform = platform or devices[0].platform
    room = SHARE * memory() / len(devices) if room is None else room
    fitting = int(room / engine.cell_bytes(static, dataset))
    if platform == "cpu":
        fitting = min(fitting, CACHE // engine.state_bytes(static, dataset))
    return max(1, min(engine.PACK.get(platform, engine.ACCELERATOR_PACK), fitting))


def parts(group: Group, dataset: Dataset, pack: int | None = None) -> list[Group]:
    """A group in parts whose networks fit into memory together: itself, unless it is too large.

    Args:
      group: The cells.
      dataset: Their data.
      pack: Cells per vmap; by default `pack_for` them.
    """
    pack = pack or pack_for(group.static, dataset)
    devices = len(jax.local_devices())
    working = devices * pack * engine.cell_bytes(group.static, dataset)
    room = SHARE * memory() - working
    # As if every cell had a seed of its own; the batches lie on every device, and once where they
    # are drawn.
    each = engine.state_bytes(group.static, dataset)
    each += (devices + 1) * engine.order_bytes(group.static, dataset)
    rows = int(room / (pack * devices * each))
    most = max(1, rows) * pack * devices
    return [
        group.part(first, min(first + most, group.size)) for first in range(0, group.size, most)
    ]
