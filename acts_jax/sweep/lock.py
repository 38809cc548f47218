"""The lock of a workdir: one process at a time may add to it."""

import contextlib
import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from acts_jax.files import read_json


class InUseError(Exception):
    """The lock is held by another process.

    Attributes:
        holder: Who holds it, such as "process 4711 on host adam".
    """

    def __init__(self, holder: str):
        super().__init__(holder)
        self.holder = holder


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """Holds a lock for the length of a with block.

    The operating system releases the lock of a process that dies, however it dies, so what such a
    process leaves behind is taken over. The file stays: once it is
    deleted, two processes could lock different files of this name.

    Args:
        path: The lock file; it names the process and the host of its holder.

    Raises:
        InUseError: If another process, here or on another host, holds the lock.
        OSError: If the file cannot be opened, or its file system has no locks.
    """
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise InUseError(_holder(path)) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _holder(path: Path) -> str:
    """Who wrote a lock file."""
    try:
        record = read_json(path)
        return f"process {record['pid']} on host {record['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # which has not written its name yet
