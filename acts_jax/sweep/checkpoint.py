"""Checkpoints: where a long group stands, kept on disk from chunk to chunk."""

import contextlib
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging

from acts_jax.sweep.engine import Standing
from acts_jax.sweep.store import StoreError, write_atomically


def save(folder: Path, standing: Standing) -> None:
    """Saves where a group stands.

    Args:
      folder: The group's own. Its name should say all that a standing depends on: the cells, and
        the shape [rows, pack] in which they are trained.
      standing: After a chunk.

    Raises:
      StoreError: If it cannot be written, as on a full disk.
    """
    host = io.BytesIO()
    metrics = {f"metric.{name}": values for name, values in standing.metrics.items()}
    np.savez(host, diverged_step=standing.diverged_step, **metrics)
    items = ocp.args.Composite(
        state=ocp.args.StandardSave(jax.tree.leaves(standing.state)),
        # As bytes: Orbax refuses empty arrays, which some metrics of a net without layers are.
        host=ocp.args.StandardSave([np.frombuffer(host.getvalue(), np.uint8)]),
    )
    try:
        with _manager(folder) as manager:
            manager.save(standing.evaluations, args=items)
        sums = json.dumps(_checksums(folder / str(standing.evaluations)))
        write_atomically(
            folder / f"{standing.evaluations}.json", lambda file: file.write(sums.encode())
        )
    except Exception as error:  # Orbax passes on what the layers below it raise
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise StoreError(f"cannot write a checkpoint to {folder}: {reason}") from error


def load(folder: Path, like: Standing) -> Standing | None:
    """Where a group stood when last saved; None if it was not, or the files are damaged.

    Args:
      folder: As for `save`.
      like: Before the first chunk: the arrays' shapes, types and places on the devices.
    """
    if not folder.is_dir():
        return None
    with _manager(folder) as manager:
        saved = sorted(manager.all_steps(), reverse=True)
        step = next((step for step in saved if _is_whole(folder, step)), None)
        if step is None:
            if saved:
                logging.warning("the checkpoint in %s is damaged; its cells start over", folder)
            return None
        leaves, tree = jax.tree.flatten(like.state)
        restored = manager.restore(
            step,
            args=ocp.args.Composite(
                state=ocp.args.StandardRestore(leaves), host=ocp.args.StandardRestore()
            ),
        )
    with np.load(io.BytesIO(restored.host[0].tobytes())) as host:
        metrics = {name.removeprefix("metric."): values for name, values in host.items()}
    diverged_step = metrics.pop("diverged_step")
    return Standing(step, tree.unflatten(restored.state), metrics, diverged_step)


@contextlib.contextmanager
def _manager(folder: Path) -> Iterator[ocp.CheckpointManager]:
    # Two: until its checksums are written the latest does not count.
    options = ocp.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False)
    manager = ocp.CheckpointManager(folder.absolute(), options=options)
    try:
        yield manager
    finally:
        manager.close()


def _is_whole(folder: Path, step: int) -> bool:
    """Whether a checkpoint's files are those that were saved."""
    try:
        return json.loads((folder / f"{step}.json").read_text()) == _checksums(folder / str(step))
    except (OSError, ValueError):
        return False


def _checksums(folder: Path) -> dict[str, int]:
    """The CRC-32 of every file in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): zlib.crc32(path.read_bytes()) for path in files}
