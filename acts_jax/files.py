"""Files that are written whole or not at all, errors about them, and values as JSON."""

import contextlib
import dataclasses
import json
import math
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from acts_jax.errors import StoreError

DEEPEST = 9  # how many objects and lists may be within each other in a file of JSON


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


def write_text(path: Path, text: str) -> None:
    """Writes a text, whole or not at all, and makes the folder for it.

    Raises:
        StoreError: If it cannot be written, as on a full disk, or where there is a folder.
    """
    with writing_to(path, "file"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> Any:
    """What a file of JSON holds.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is no file, not JSON, or nested so deep that none of ours can be.
    """
    if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
        raise ValueError("no file")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    layer = [found]
    for _ in range(DEEPEST):
        objects = [value.values() for value in layer if isinstance(value, dict)]
        lists = [value for value in layer if isinstance(value, list)]
        layer = [inner for values in (*objects, *lists) for inner in values]
        if not layer:
            return found
    raise ValueError("nested too deep")


@contextlib.contextmanager
def writing_to(path: Path, kind: str = "workdir") -> Iterator[None]:
    """Says in one sentence that a file or folder cannot be written, and why."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"cannot write to {kind} {path}: {reason}") from error


def as_json(value: Any) -> Any:
    """A value as JSON can hold it.

    Arrays become lists, DataFrames dicts of columns, NaN None, infinities "inf" and "-inf".

    Raises:
        TypeError: For what JSON cannot hold.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else f"{value}"
    if value is None or type(value).__name__ == "NAType":  # of pandas
        return None
    if isinstance(value, (str, bool, int, float)):
        return value
    if hasattr(value, "to_dict"):  # a DataFrame, by columns
        return as_json(value.to_dict("list"))
    if hasattr(value, "tolist"):  # numpy's and jax's arrays and scalars
        return as_json(value.tolist())
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")
