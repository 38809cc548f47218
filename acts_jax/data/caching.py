"""Decoded arrays kept beside the records they were read from, for an instant second start.

A prepared dataset in FOLDER gets FOLDER/acts_jax-TFDS_VERSION-CHECKSUM with an .npy file per array,
which is mapped into memory, and contents.json. The checksum is of all files that TFDS wrote, so
records that change are read anew; deleting the dataset's folder deletes its cache with it.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import shutil
import uuid
from pathlib import Path

import numpy as np

from acts_jax.data import builders, preparing
from acts_jax.data.splitting import Split, Stored
from acts_jax.files import read_json

_FORMAT = 1  # raised whenever `reading` makes other arrays of the same records
_PARTS = ("inputs", "labels")


def fetch(
    name: str,
    data_dir: str | os.PathLike | None = None,
    manual_dir: str | os.PathLike | None = None,
) -> tuple[Stored, Path]:
    """What a dataset holds, and its folder: from the cache, else read, else prepared and read.

    Without TFDS being imported where the cache has it. A folder that cannot be written to is no
    error: its records are read again each time.

    Raises:
        DatasetError: as `preparing.find_prepared` and `reading.read`.
    """
    folder = _resolved(name, data_dir)
    if folder and (stored := _load(folder, name)):
        return stored, folder
    builder = preparing.find_prepared(name, data_dir, manual_dir)
    folder = Path(builder.data_dir)
    if stored := _load(folder):
        with contextlib.suppress(OSError):
            _add_name(_cache(folder) / "contents.json", name)
    else:
        from acts_jax.data import reading

        stored = reading.read(name, builder)
        with contextlib.suppress(OSError):
            _save(folder, name, stored)
    return stored, folder


def is_cached(name: str, data_dir: str | os.PathLike | None = None) -> bool:
    """Whether `fetch` would find the arrays of a dataset in the cache."""
    folder = _resolved(name, data_dir)
    return folder is not None and _load(folder, name) is not None


def bytes_on_disk(folder: Path) -> tuple[int, int]:
    """Bytes of a prepared dataset: what TFDS wrote, and the arrays cached beside it."""
    records = sum(path.stat().st_size for path in _written_by_tfds(folder))
    arrays = sum(path.stat().st_size for path in folder.glob("acts_jax-*/*"))
    return records, arrays


def _resolved(name: str, data_dir: str | os.PathLike | None) -> Path | None:
    """The one folder that a name can mean, as far as can be told without TFDS."""
    found = [Path(path) for path in builders.versions(name, data_dir)]
    known = builders.embedded(name)
    version = known.version if known else name.partition(":")[2]
    if version:
        found = [path for path in found if path.name == version]
    return found[0] if len(found) == 1 else None


def _written_by_tfds(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _cache(folder: Path) -> Path:
    """Where the arrays of the records that are now in `folder` belong."""
    digest = hashlib.sha256(str(_FORMAT).encode())
    for path in _written_by_tfds(folder):
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return folder / f"{_prefix()}{digest.hexdigest()[:16]}"


def _prefix() -> str:
    return f"acts_jax-{importlib.metadata.version('tensorflow-datasets')}-"


def _load(folder: Path, name: str | None = None) -> Stored | None:
    """The cached arrays of `folder`; with `name`, only if they were asked for by that before.

    For TFDS decides which version a name means, and this must not guess it.
    """
    try:
        if not any(folder.glob(f"{_prefix()}*")):
            return None
        cache = _cache(folder)
        contents = read_json(cache / "contents.json")
        if name is not None and name not in contents["names"]:
            return None
        splits = {s: Split(*(_map(cache, s, part) for part in _PARTS)) for s in contents["splits"]}
        return Stored(
            version=contents["version"],
            class_names=tuple(contents["class_names"]),
            left_out=tuple(contents["left_out"]),
            splits=splits,
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None  # damaged, or on its way out: it is made anew


def _map(cache: Path, split: str, part: str) -> np.ndarray:
    return np.asarray(np.load(cache / f"{split}_{part}.npy", mmap_mode="r"))


def _save(folder: Path, name: str, stored: Stored) -> None:
    """Replaces the cached arrays of `folder`."""
    cache, scratch = _cache(folder), folder / f".acts_jax-{uuid.uuid4().hex}"
    contents = {
        "names": [name],
        "version": stored.version,
        "class_names": stored.class_names,
        "left_out": stored.left_out,
        "splits": list(stored.splits),
    }
    scratch.mkdir()
    try:
        for split, arrays in stored.splits.items():
            for part in _PARTS:
                np.save(scratch / f"{split}_{part}.npy", getattr(arrays, part))
        (scratch / "contents.json").write_text(json.dumps(contents))
        for old in folder.glob(f"{_prefix()}*"):
            shutil.rmtree(old, ignore_errors=True)
        scratch.rename(cache)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _add_name(path: Path, name: str) -> None:
    contents = read_json(path)
    contents["names"] = sorted({name, *contents["names"]})
    scratch = path.with_name(f"contents-{uuid.uuid4().hex}.json")
    scratch.write_text(json.dumps(contents))
    scratch.replace(path)
