"""Preparing datasets: from the network, or from files that were put into a folder by hand."""

import contextlib
import errno
import functools
import hashlib
import importlib.util
import os
import socket
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from etils import epath

from acts_jax.data import builders
from acts_jax.data.builders import embedded
from acts_jax.errors import DatasetError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NETWORK = (urllib.error.URLError, ConnectionError, TimeoutError)
_REFUSED = {errno.EACCES, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EPERM, errno.EROFS}


def find_prepared(
    name: str,
    data_dir: str | os.PathLike | None = None,
    manual_dir: str | os.PathLike | None = None,
) -> Any:
    """Returns the builder of `name` with its files in place, preparing them if they are not.

    Safe against other processes doing the same: each prepares into a folder of its own, the first
    to finish renames it into place, and the others use that.

    Args:
        name: of the dataset.
        data_dir: where prepared datasets live.
        manual_dir: folder of the files as published upstream; with it nothing is downloaded.

    Raises:
        DatasetError: as `builders.find`, and whatever stands in the way of preparing.
    """
    builder = builders.find(name, data_dir)
    if not is_prepared(builder):
        check_preparable(name, builder, manual_dir)
        _prepare(name, builder, manual_dir)
        builder = builders.find(name, data_dir)  # anew, to read what is on disk
    if not is_prepared(builder):
        reason = "dataset_info.json is missing"
        raise DatasetError(builders.damaged(name, builder.data_dir, reason))
    return builder


def is_prepared(builder: Any) -> bool:
    """Whether the files of a builder are in place."""
    return (builder.data_path / "dataset_info.json").exists()


def check_preparable(name: str, builder: Any, manual_dir: str | os.PathLike | None = None) -> None:
    """Raises DatasetError if preparing is bound to fail: no TensorFlow, no network, no files."""
    if manual_dir is not None and not Path(manual_dir).expanduser().is_dir():
        raise DatasetError(f"manual_dir {manual_dir} is no folder")
    placed = manual_dir is not None or (builder.data_dir_root / "downloads" / "manual").exists()
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS and not placed:
        raise DatasetError(_by_hand(name, builder))
    own = type(builder).__module__.startswith("tensorflow_datasets.")
    if own and importlib.util.find_spec("tensorflow") is None:
        first = f"`pip install acts_jax[tfds]`, then `{_command(name, builder, manual_dir)}`"
        raise DatasetError(_unprepared(name, builder, "preparing it takes TensorFlow", first))
    if manual_dir is None and _is_offline(builder):
        raise DatasetError(_no_network(name, builder))


def _prepare(name: str, builder: Any, manual_dir: str | os.PathLike | None) -> None:
    import tensorflow_datasets as tfds

    by_hand = Path(manual_dir).expanduser() if manual_dir is not None else None
    downloads = not by_hand and not embedded(name)
    if by_hand:
        _take_files_from(by_hand, name, builder)
    with _scratch(name, builder) as scratch:
        # What is unpacked goes with the scratch folder; downloads stay, for another attempt.
        config = tfds.download.DownloadConfig(
            manual_dir=by_hand, extract_dir=scratch, try_download_gcs=False
        )
        # Progress bars, unless it takes a moment only, or nobody is watching.
        tfds.display_progress_bar(not embedded(name) and sys.stderr.isatty())
        try:
            with builders.quiet():
                builder.download_and_prepare(
                    download_dir=None if downloads else scratch, download_config=config
                )
        except DatasetError:
            raise
        except Exception as error:
            overtaken = isinstance(error, OSError) and is_prepared(builder)
            if not overtaken:
                raise DatasetError(_why_not_prepared(name, builder, error)) from None
        finally:
            tfds.display_progress_bar(True)


@contextlib.contextmanager
def _scratch(name: str, builder: Any) -> Iterator[str]:
    """A folder for what preparing leaves behind, on the disk of the prepared datasets."""
    root = Path(builder.data_dir_root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=root, prefix=".preparing-")
    except OSError as error:
        raise DatasetError(_why_not_prepared(name, builder, error)) from None
    with folder:
        yield folder.name


def _take_files_from(folder: Path, name: str, builder: Any) -> None:
    """Has the builder take what it would download from a folder, and nothing from the network."""
    split_generators = builder._split_generators  # the hook by which every builder gets its files

    @functools.wraps(split_generators)
    def checked(dl_manager, **kwargs):
        return split_generators(_ByHand(dl_manager, name, folder, builder.url_infos), **kwargs)

    builder._split_generators = checked


class _ByHand:
    """A TFDS download manager that takes its files from a folder, checked.

    A file whose checksum TFDS does not know is taken as it is.
    """

    def __init__(self, manager: Any, name: str, folder: Path, published: Mapping | None):
        self._manager = manager
        self._name = name
        self._folder = folder
        self._published = {url: info for url, info in (published or {}).items() if info.filename}

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._manager, attribute)

    def download(self, urls: Any) -> Any:
        return self._take(urls, self._manager.download, lambda path: path)

    def download_and_extract(self, urls: Any) -> Any:
        return self._take(urls, self._manager.download_and_extract, self._manager.extract)

    def _take(self, urls: Any, known: Callable, unknown: Callable) -> Any:
        """Maps `known` over the URLs with a checksum, and `unknown` over the other files."""
        faults = []

        def take(resource):
            if _url(resource) in self._published:
                return known(resource)
            return unknown(epath.Path(self._path(_url(resource))))

        _map(lambda resource: faults.append(self._fault(_url(resource))), urls)
        if any(faults):
            raise DatasetError(
                f"dataset {self._name!r} cannot be prepared from {self._folder}: "
                f"{'; '.join(filter(None, faults))}"
            )
        return _map(take, urls)

    def _path(self, url: str) -> Path:
        if url in self._published:
            return self._folder / self._published[url].filename
        return self._folder / os.path.basename(urllib.parse.urlsplit(url).path)

    def _fault(self, url: str) -> str | None:
        """What is wrong with the file for `url`, if anything."""
        expected, path = self._published.get(url), self._path(url)
        if not path.is_file():
            what = "TFDS does not know its checksum"
            if expected:
                what = f"{int(expected.size):,} bytes, SHA-256 {expected.checksum}"
            return f"{path.name} is missing ({what}, from {url})"
        if not expected:
            return None
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected.checksum:
            return (
                f"{path.name} has SHA-256 {found} ({path.stat().st_size:,} bytes), and not "
                f"{expected.checksum} ({int(expected.size):,} bytes) as the file at {url}"
            )
        return None


def _map(function: Callable[[Any], Any], nest: Any) -> Any:
    """Maps over the leaves of nested dicts and lists."""
    if isinstance(nest, Mapping):
        return {key: _map(function, nested) for key, nested in nest.items()}
    if isinstance(nest, list | tuple):
        return [_map(function, nested) for nested in nest]
    return function(nest)


def _url(resource: Any) -> str:
    """The URL of a `tfds.download.Resource`, or of itself."""
    return getattr(resource, "url", resource)


def _command(name: str, builder: Any, manual_dir: str | os.PathLike | None = None) -> str:
    """The command that prepares into the data_dir of `builder`, to be pasted."""
    flags = [f"--dataset={name}"]
    if str(builder.data_dir_root) != builders.resolve_data_dir(None):
        flags.append(f"--data_dir={builder.data_dir_root}")
    if manual_dir is not None:
        flags.append(f"--manual_dir={manual_dir}")
    return " ".join(["python -m experiments.prepare", *flags])


def _unprepared(name: str, builder: Any, why: str, remedy: str) -> str:
    return (
        f"dataset {name!r} is not prepared in {builder.data_dir_root}, and {why}: {remedy}; or "
        f"copy its folder from where it is prepared to {builder.data_dir}"
    )


def _no_network(name: str, builder: Any) -> str:
    remedy = "put the files as upstream publishes them into a folder and run "
    remedy += f"`{_command(name, builder, 'FOLDER')}`, which names those that are missing"
    return _unprepared(name, builder, "the network does not answer", remedy)


def _by_hand(name: str, builder: Any) -> str:
    return (
        f"dataset {name!r} needs files fetched by hand: put them into a folder and run "
        f"`{_command(name, builder, 'FOLDER')}`. TFDS says: "
        f"{' '.join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())}"
    )


def _why_not_prepared(name: str, builder: Any, error: Exception) -> str:
    import requests
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import download_manager

    if package := builders.missing_package(error):
        return builders.needs_package(name, package)
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS and isinstance(error, AssertionError):
        return _by_hand(name, builder)
    if isinstance(error, download_manager.NonMatchingChecksumError):
        return f"dataset {name!r} cannot be prepared: {' '.join(str(error).split())}"
    if isinstance(error, (*_NETWORK, requests.RequestException, tfds.download.DownloadError)):
        return _no_network(name, builder)
    number = error.errno if isinstance(error, OSError) else None
    for full in _FULL:  # those who unpack and write wrap it in other errors
        number = full if os.strerror(full) in str(error) else number
    if number in _FULL | _REFUSED:
        return (
            f"dataset {name!r} cannot be written to {builder.data_dir_root} "
            f"({os.strerror(number)}): choose another data_dir, or set TFDS_DATA_DIR"
        )
    return f"dataset {name!r} cannot be prepared: {builders.one_line(error)}"


def _is_offline(builder: Any) -> bool:
    """Whether TFDS would retry for minutes: nothing downloaded yet, and no host name resolves."""
    downloaded = any((Path(builder.data_dir_root) / "downloads").rglob("*.INFO"))
    hosts = sorted({urllib.parse.urlsplit(url).hostname or "" for url in builder.url_infos or ()})
    by_hand = builder.MANUAL_DOWNLOAD_INSTRUCTIONS
    if downloaded or by_hand or not hosts or urllib.request.getproxies():
        return False
    return not any(_resolves(host) for host in hosts[:3])


def _resolves(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, 443))
    except OSError:
        return False
