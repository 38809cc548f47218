"""Files that are written whole or not at all, and errors about them in one sentence."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any


class StoreError(ValueError):
    """A file or folder that cannot be used; the message says why and what to do."""


def write_atomically(path: Path, fill: Callable[[IO[bytes]], Any]) -> None:
    """Writes a file so that it is there whole, or not at all, whatever happens meanwhile."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def writing_to(path: Path, kind: str = "workdir") -> Iterator[None]:
    """Says in one sentence that a file or folder cannot be written, and why."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"cannot write to {kind} {path}: {reason}") from error
