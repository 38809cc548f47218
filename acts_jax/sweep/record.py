"""One file of results: parquet that says of itself what it holds, under a digest of its bytes.

Nothing here imports jax.
"""

import dataclasses
import hashlib
import io
import json
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from acts_jax.errors import StoreError
from acts_jax.files import write_atomically, writing_to

_RECORD = b"acts_jax"  # where in a file's metadata its record is
_DIGEST, _NONE = b'"sha256": "', b"0" * 64  # what the record ends with until the digest is known


@dataclasses.dataclass(frozen=True)
class Record:
    """What a file of results says of itself.

    Attributes:
        key: Of the group.
        first: Index of its first cell in the group.
        last: One past its last.
        failed: Whether it holds no results, but the reason why there are none.
        config: Digest of the sweep's config.
        sources: Of the group, see `Group`.
    """

    key: str
    first: int
    last: int
    failed: bool
    config: str
    sources: Mapping[str, str]

    @property
    def name(self) -> str:
        """What the file is called."""
        return f"{self.key}-{self.first}-{self.last}{'.failed' * self.failed}.parquet"


class Stored(NamedTuple):
    """A file of results that is what it should be: its record, and its wanted columns."""

    path: Path
    record: Record
    table: pa.Table


def read(path: Path, wanted: Callable[[str], bool] = lambda column: True) -> Stored | None:
    """A file of results; None if it is not whole, or was written by something else.

    Args:
        path: Of the file.
        wanted: Which columns, by their name; all by default.

    Raises:
        StoreError: If it cannot be read for another reason, or is no file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise StoreError(f"{path} is no file, as it should be; move it away")
        content = path.read_bytes()
    except FileNotFoundError:  # a link to nowhere
        return None
    except OSError as error:  # the disk's fault, or a matter of permission: no sign of damage
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    before, mark, after = content.rpartition(_DIGEST)
    digest, after = after[: len(_NONE)], after[len(_NONE) :]
    if not mark or digest != sha256(before, mark, _NONE, after):
        return None
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        record = json.loads(file.schema_arrow.metadata[_RECORD])
        del record["sha256"]
        stored = Stored(
            path,
            Record(**record),
            file.read([name for name in file.schema_arrow.names if wanted(name)]),
        )
        size = stored.record.last - stored.record.first
        return stored if size == file.metadata.num_rows else None
    except pa.ArrowMemoryError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
        return None  # written by a later version, it may be


def sha256(*parts: bytes) -> bytes:
    """The digest of these bytes in a row, in 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode()


def write(workdir: Path, record: Record, table: pa.Table) -> Path:
    """Stores a table of results in the file that its record names, atomically.

    Raises:
        StoreError: If the file cannot be written, as on a full disk.
    """
    path = workdir / "groups" / record.name
    text = json.dumps(dataclasses.asdict(record) | {"sha256": _NONE.decode()})
    file = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({_RECORD: text}), file)
    before, mark, after = file.getvalue().rpartition(_DIGEST)
    digest = sha256(before, mark, after)
    with writing_to(workdir):
        write_atomically(
            path, lambda file: file.writelines((before, mark, digest, after[len(_NONE) :]))
        )
    return path
