"""Checkpoints: where a long group stands, kept on disk from chunk to chunk."""

import contextlib
import io
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging

from acts_jax.sweep.engine import Standing
from acts_jax.sweep.store import StoreError


def save(folder: Path, standing: Standing) -> None:
    """Saves where a group stands, in place of what was saved before.

    Args:
      folder: The group's own. Its name should say all that a standing depends on: the cells, and
        the shape [rows, pack] in which they are trained.
      standing: After a chunk.

    Raises:
      StoreError: If it cannot be written, as on a full disk.
    """
    leaves = jax.tree.leaves(standing.state)
    host = io.BytesIO()
    rest = {"diverged_step": standing.diverged_step, "checksum": np.uint32(_checksum(leaves))}
    np.savez(host, **rest, **{f"metric.{n}": values for n, values in standing.metrics.items()})
    items = ocp.args.Composite(
        state=ocp.args.StandardSave(leaves),
        # As bytes: Orbax refuses empty arrays, which the metrics of a net without layers are.
        host=ocp.args.StandardSave([np.frombuffer(host.getvalue(), np.uint8)]),
    )
    try:
        with _manager(folder) as manager:
            manager.save(standing.evaluations, args=items)
    except Exception as error:  # Orbax passes on what the layers below it raise
        raise StoreError(f"cannot write a checkpoint to {folder}: {_brief(error)}") from error


def load(folder: Path, like: Standing) -> Standing | None:
    """Where a group stood when last saved; None if it was not, or the files are damaged.

    Args:
      folder: As for `save`.
      like: Before the first chunk: the arrays' shapes, types and places on the devices.
    """
    if not folder.is_dir():
        return None
    leaves, tree = jax.tree.flatten(like.state)
    items = ocp.args.Composite(
        state=ocp.args.StandardRestore(leaves), host=ocp.args.StandardRestore()
    )
    try:
        with _manager(folder) as manager:
            evaluations = manager.latest_step()
            if evaluations is None:
                return None
            restored = manager.restore(evaluations, args=items)
        with np.load(io.BytesIO(restored.host[0].tobytes())) as file:
            host = dict(file)
        if host["checksum"] != _checksum(restored.state):
            raise ValueError("its checksum differs")
    except Exception as error:  # damaged files fail in any layer
        logging.warning(
            "the checkpoint in %s is damaged (%s); its cells start over", folder, _brief(error)
        )
        shutil.rmtree(folder, ignore_errors=True)
        return None
    metrics = {n.removeprefix("metric."): v for n, v in host.items() if n.startswith("metric.")}
    return Standing(evaluations, tree.unflatten(restored.state), metrics, host["diverged_step"])


@contextlib.contextmanager
def _manager(folder: Path) -> Iterator[ocp.CheckpointManager]:
    options = ocp.CheckpointManagerOptions(max_to_keep=1, enable_async_checkpointing=False)
    manager = ocp.CheckpointManager(folder.absolute(), options=options)
    try:
        yield manager
    finally:
        manager.close()


def _checksum(leaves: list[jax.Array]) -> int:
    """A CRC-32 of all values."""
    checksum = 0
    for leaf in leaves:
        checksum = zlib.crc32(np.asarray(leaf).tobytes(), checksum)
    return checksum


def _brief(error: Exception) -> str:
    """What went wrong, in one short line."""
    return str(getattr(error, "strerror", None) or error).partition("\n")[0][:200]
