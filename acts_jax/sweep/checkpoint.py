"""Checkpoints: where a long group stands, kept on disk from chunk to chunk."""

import contextlib
import io
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging

from acts_jax.errors import StoreError
from acts_jax.files import read_json, write_atomically, writing_to
from acts_jax.sweep.grid import Group
from acts_jax.sweep.running import Standing
from acts_jax.sweep.store import changed, name_of


def save(folder: Path, part: Group, standing: Standing) -> None:
    """Saves where a group, or part of one, stands.

    Args:
        folder: Of this part and the shape [rows, devices, pack] in which it is trained.
        part: The cells.
        standing: After a chunk.

    Raises:
        StoreError: If it cannot be written, as on a full disk.
    """
    file = io.BytesIO()
    state = {f"state.{i}": leaf for i, leaf in enumerate(jax.tree.leaves(standing.state))}
    metrics = {f"metric.{name}": values for name, values in standing.metrics.items()}
    metrics |= {f"example.{name}": values for name, values in standing.examples.items()}
    cells = {name: getattr(standing, name) for name in ("diverged_step", "last")}
    said = json.dumps([name_of(part), dict(part.sources), standing.evaluations])
    np.savez(file, said=said, **cells, **state, **metrics)
    # As one array of bytes: of many, those still being written when one fails would each complain,
    # and empty ones, as some metrics of a net without layers are, would be refused.
    items = ocp.args.StandardSave([np.frombuffer(file.getvalue(), np.uint8)])
    try:
        with _manager(folder) as manager:
            # Damaged, or of a run whose record was not written: Orbax would save nothing earlier.
            for step in manager.all_steps():
                if step >= standing.evaluations:
                    _remove(folder / f"{step}.json")
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


def load(folder: Path, part: Group, like: Standing) -> Standing | None:
    """Where a part stood when last saved; None if it was not, or the files are not of any use.

    Args:
        folder: As for `save`.
        part: The cells.
        like: Before the first chunk: gives the tree of arrays and their places on the devices.

    Raises:
        StoreError: If what is of no use cannot be removed.
    """
    if not os.path.lexists(folder):
        return None
    with writing_to(folder, "checkpoint"):
        # Without a record the first save was interrupted: nothing was whole, nothing is damaged.
        begun = folder.is_dir() and not any(folder.glob("*.json"))
        if steps := _whole(folder):
            with _manager(folder) as manager:
                for step in steps:
                    if standing := _restored(manager, step, part, like):
                        return standing
        _remove(folder)
    if begun:
        return None
    logging.warning("checkpoint %s is damaged, or of other cells; its cells start over", folder)
    return None


def _restored(
    manager: ocp.CheckpointManager, step: int, part: Group, like: Standing
) -> Standing | None:
    """One of the standings saved; None if it is not of this part at this step."""
    (content,) = manager.restore(step, args=ocp.args.StandardRestore())
    with np.load(io.BytesIO(content.tobytes())) as file:
        arrays = dict(file)
    try:
        name, sources, evaluations = json.loads(str(arrays["said"]))
    except KeyError:  # of an earlier version
        return None
    if (name, evaluations) != (name_of(part), step) or changed(sources, part.sources):
        return None
    leaves, tree = jax.tree.flatten(like.state)
    found = [arrays.get(f"state.{i}", np.zeros(0)) for i in range(len(leaves))]
    if [(a.shape, a.dtype) for a in found] != [(a.shape, a.dtype) for a in leaves]:
        return None
    state = jax.device_put(found, [leaf.sharding for leaf in leaves])
    metrics, examples = (
        {n.removeprefix(kind): values for n, values in arrays.items() if n.startswith(kind)}
        for kind in ("metric.", "example.")
    )
    cells = {name: arrays[name] for name in ("diverged_step", "last")}
    return Standing(step, tree.unflatten(state), metrics, **cells, examples=examples)


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


def _remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _whole(folder: Path) -> list[int]:
    """The steps saved whole, the last first; all else, at which Orbax might fail, is removed."""
    if not folder.is_dir():
        return []
    names = [path.stem for path in folder.glob("*.json") if re.fullmatch("[0-9]+", path.stem)]
    steps = [int(name) for name in names if _is_whole(folder, name)]
    kept = {f"{step}{ending}" for step in steps for ending in ("", ".json")}
    for path in folder.iterdir():
        if path.name not in kept:
            _remove(path)
    return sorted(steps, reverse=True)


def _is_whole(folder: Path, step: str) -> bool:
    """Whether a checkpoint's files are those that were saved."""
    try:
        return read_json(folder / f"{step}.json") == _checksums(folder / step)
    except (OSError, ValueError):
        return False


def _checksums(folder: Path) -> dict[str, int]:
    """The CRC-32 of every file in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): zlib.crc32(path.read_bytes()) for path in files}
