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

from acts_jax.errors import StoreError
from acts_jax.files import write_atomically
from acts_jax.sweep.running import Standing


def save(folder: Path, standing: Standing) -> None:
    """Saves where a group stands.

    Args:
        folder: The group's own. Its name should say all that a standing depends on: the cells, and
            the shape [rows, devices, pack] in which they are trained.
        standing: After a chunk.

    Raises:
        StoreError: If it cannot be written, as on a full disk.
    """
    file = io.BytesIO()
    state = {f"state.{i}": leaf for i, leaf in enumerate(jax.tree.leaves(standing.state))}
    metrics = {f"metric.{name}": values for name, values in standing.metrics.items()}
    cells = {name: getattr(standing, name) for name in ("diverged_step", "last")}
    np.savez(file, **cells, **state, **metrics)
    # As one array of bytes: of many, those still being written when one fails would each complain,
    # and empty ones, as some metrics of a net without layers are, would be refused.
    items = ocp.args.StandardSave([np.frombuffer(file.getvalue(), np.uint8)])
    try:
        with _manager(folder) as manager:
            # Damaged, or of a run whose record was not written: Orbax would save nothing earlier.
            for step in manager.all_steps():
                if step >= standing.evaluations:
                    (folder / f"{step}.json").unlink(missing_ok=True)
                    manager.delete(step)
            if not manager.save(standing.evaluations, args=items):
                raise OSError("Orbax declined to save")
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
        like: Before the first chunk: gives the tree of arrays and their places on the devices.
    """
    if not folder.is_dir():
        return None
    with _manager(folder) as manager:
        saved = sorted(manager.all_steps(), reverse=True)
        step = next((step for step in saved if _is_whole(folder, step)), None)
        if step is not None:
            (content,) = manager.restore(step, args=ocp.args.StandardRestore())
    if step is None:
        if saved:
            logging.warning("the checkpoint in %s is damaged; its cells start over", folder)
        return None
    with np.load(io.BytesIO(content.tobytes())) as file:
        arrays = dict(file)
    leaves, tree = jax.tree.flatten(like.state)
    found = [arrays.get(f"state.{i}", np.zeros(0)) for i in range(len(leaves))]
    if [(a.shape, a.dtype) for a in found] != [(a.shape, a.dtype) for a in leaves]:
        logging.warning("the checkpoint in %s is of other networks; its cells start over", folder)
        return None
    state = jax.device_put(found, [leaf.sharding for leaf in leaves])
    metrics = {n.removeprefix("metric."): v for n, v in arrays.items() if n.startswith("metric.")}
    cells = {name: arrays[name] for name in ("diverged_step", "last")}
    return Standing(step, tree.unflatten(state), metrics, **cells)


@contextlib.contextmanager
def _manager(folder: Path) -> Iterator[ocp.CheckpointManager]:
    # Two: until its checksums are written the latest does not count.
    options = ocp.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False)
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.FATAL)  # what fails is raised, and need not be logged besides
    try:
        with ocp.CheckpointManager(folder.absolute(), options=options) as manager:
            yield manager
    finally:
        logging.set_verbosity(verbosity)


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
