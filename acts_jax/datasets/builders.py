"""TFDS builders by name: finding them, preparing them, and saying plainly why one cannot be had."""

import contextlib
import errno
import importlib
import importlib.util
import io
import os
import socket
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from acts_jax.suggestion import suggest

# name -> the module of its builder, and the package its data comes from
EMBEDDED = {
    "digits": ("acts_jax.datasets.digits.digits_dataset_builder", "sklearn"),
    "mnist1d": ("acts_jax.datasets.mnist1d.mnist1d_dataset_builder", "mnist1d"),
}
_INSTALL = {
    "cv2": "acts_jax[tfds]",
    "mnist1d": "mnist1d` or `pip install acts_jax[mnist1d]",
    "PIL": "acts_jax[tfds]",
    "sklearn": "scikit-learn",
    "tensorflow": "acts_jax[tfds]",
    "tensorflow_datasets": "acts_jax[tfds]",
}
_UNWRITABLE = {
    errno.EACCES,
    errno.EEXIST,
    errno.ENOENT,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}
_swapping_stdout = threading.Lock()


class DatasetError(ValueError):
    """A dataset that is unknown, cannot be prepared or read, or does not fit."""


def resolve_data_dir(data_dir: str | os.PathLike | None) -> str:
    """Returns `data_dir`, else TFDS_DATA_DIR as it is set now, else ~/tensorflow_datasets."""
    chosen = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return os.path.expanduser(os.fspath(chosen))


def check_source(name: str, data_dir: str | os.PathLike | None) -> None:
    """Raises DatasetError if an embedded dataset is not prepared and its package is missing."""
    package = EMBEDDED[name][1]
    if importlib.util.find_spec(package) is None and not _versions(name, data_dir):
        raise DatasetError(_needs_package(name, package))


def find(name: str, data_dir: str | os.PathLike | None = None) -> Any:
    """Returns the `tfds.core.DatasetBuilder` of `name`, prepared or not; downloads nothing.

    Raises:
        DatasetError: unknown name or config, TensorFlow missing, or damaged files in `data_dir`.
    """
    where = resolve_data_dir(data_dir)
    try:
        with _quiet():
            if name in EMBEDDED:
                builder = importlib.import_module(EMBEDDED[name][0]).Builder
                return builder(data_dir=where, file_format="array_record")
            import tensorflow_datasets as tfds

            return tfds.builder(name, data_dir=where, file_format="array_record")
    except Exception as error:
        raise DatasetError(_why_not_found(name, where, error)) from None


def find_prepared(name: str, data_dir: str | os.PathLike | None = None) -> Any:
    """Returns the builder of `name` with its files in place, preparing them on first use.

    Safe against other processes doing the same: each prepares into a folder of its own, the first
    to finish renames it into place, and the others use that.

    Raises:
        DatasetError: as `find`, and whatever stands in the way of preparing.
    """
    builder = find(name, data_dir)
    if not _is_prepared(builder):
        _prepare(name, builder)
        builder = find(name, data_dir)  # anew, to read what is on disk
    if not _is_prepared(builder):
        raise DatasetError(damaged(name, builder.data_dir, "dataset_info.json is missing"))
    return builder


def damaged(name: str, folder: str | os.PathLike, reason: object) -> str:
    """Returns the message for a prepared dataset whose files cannot be read."""
    return (
        f"dataset {name!r} cannot be read from {folder} ({_first_line(reason)}): delete that "
        "folder to have it prepared again, or choose another data_dir"
    )


def _is_prepared(builder: Any) -> bool:
    return (builder.data_path / "dataset_info.json").exists()


def _prepare(name: str, builder: Any) -> None:
    import tensorflow_datasets as tfds

    if _is_offline(builder):
        raise DatasetError(_no_network(name, builder))
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    try:
        with _quiet(), _progress(wanted=name not in EMBEDDED):
            builder.download_and_prepare(download_config=config)
    except Exception as error:
        overtaken = isinstance(error, OSError) and _is_prepared(builder)
        if not overtaken:
            raise DatasetError(_why_not_prepared(name, builder, error)) from None


@contextlib.contextmanager
def errors_only() -> Iterator[None]:
    """Keeps absl, and so TFDS, from logging anything below an error."""
    from absl import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drops what TFDS prints and logs.

    The lock is for threads: stdout is swapped for the whole process. stderr is not, for absl may
    start logging meanwhile, and would then hold on to the swapped stream for good.
    """
    with _swapping_stdout, errors_only(), contextlib.redirect_stdout(io.StringIO()):
        yield


@contextlib.contextmanager
def _progress(wanted: bool) -> Iterator[None]:
    """Shows TFDS's progress bars if they are wanted and somebody may be watching."""
    import tensorflow_datasets as tfds

    tfds.display_progress_bar(wanted and sys.stderr.isatty())
    try:
        yield
    finally:
        tfds.display_progress_bar(True)


def _why_not_found(name: str, data_dir: str, error: Exception) -> str:
    import tensorflow_datasets as tfds

    if package := _missing_package(error):
        return _needs_package(name, package)
    if isinstance(error, tfds.core.DatasetNotFoundError):
        return _unknown(name, tfds.list_builders(with_community_datasets=False))
    base, _, config = name.partition("/")
    if config and (configs := tfds.builder_cls(base).builder_configs) and config not in configs:
        return f"unknown config {config!r} of dataset {base!r}{suggest(config, configs)}"
    if versions := _versions(name, data_dir):
        return damaged(name, versions[-1], error)
    return f"dataset {name!r} is not available: {_first_line(error)}"


def _why_not_prepared(name: str, builder: Any, error: Exception) -> str:
    manual = builder.MANUAL_DOWNLOAD_INSTRUCTIONS
    if package := _missing_package(error):
        return _needs_package(name, package)
    if manual and isinstance(error, AssertionError):
        folder = os.path.join(builder.data_dir_root, "downloads", "manual")
        return f"dataset {name!r} needs files put by hand into {folder}: {' '.join(manual.split())}"
    if _is_network(error):
        return _no_network(name, builder)
    if isinstance(error, OSError) and error.errno in _UNWRITABLE:
        return (
            f"dataset {name!r} cannot be written to {builder.data_dir_root} "
            f"({os.strerror(error.errno)}): choose another data_dir, or set TFDS_DATA_DIR"
        )
    return f"dataset {name!r} cannot be prepared: {_first_line(error)}"


def _unknown(name: str, known: list[str]) -> str:
    base = name.lower().replace("/", ":").split(":")[0]
    hint = suggest(base, {*EMBEDDED, *known})
    if hint == ".":
        hint = f"; no TFDS name is near, but {' and '.join(EMBEDDED)} are always there"
    if importlib.util.find_spec("tensorflow") is None:
        hint += " (without TensorFlow part of TFDS cannot be found: `pip install acts_jax[tfds]`)"
    return f"unknown dataset {name!r}{hint}"


def _missing_package(error: BaseException | None) -> str | None:
    """The package whose absence caused `error`, looking through the errors wrapped around it."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name.split(".")[0]
        if isinstance(error, ImportError) and "PIL" in str(error):
            return "PIL"
        error = error.__cause__ or error.__context__
    return None


def _needs_package(name: str, package: str) -> str:
    return (
        f"dataset {name!r} needs the Python package {package}: "
        f"`pip install {_INSTALL.get(package, package)}`"
    )


def _is_network(error: Exception) -> bool:
    import requests
    import tensorflow_datasets as tfds

    kinds = (requests.RequestException, urllib.error.URLError, ConnectionError, TimeoutError)
    return isinstance(error, (*kinds, tfds.download.DownloadError))


def _is_offline(builder: Any) -> bool:
    """Whether TFDS would retry for minutes: nothing downloaded yet, and no host name resolves."""
    downloaded = any((builder.data_dir_root / "downloads").glob("*.INFO"))
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


def _no_network(name: str, builder: Any) -> str:
    also = (
        ""
        if importlib.util.find_spec("tensorflow")
        else ("; preparing it may also need TensorFlow: `pip install acts_jax[tfds]`")
    )
    return (
        f"dataset {name!r} has to be downloaded and the network does not answer: connect, or "
        f"copy its prepared folder to {builder.data_dir}{also}"
    )


def _versions(name: str, data_dir: str | os.PathLike | None) -> list[str]:
    folder = os.path.join(resolve_data_dir(data_dir), name.split(":")[0])
    try:
        return sorted(e.path for e in os.scandir(folder) if e.name[:1].isdigit())
    except OSError:
        return []


def _first_line(reason: object) -> str:
    text = (str(reason).strip().splitlines() or [""])[0]
    text = text.rpartition('}": ')[2]  # TFDS puts "Failed to construct dataset ..." in front
    return f"{type(reason).__name__}: {text}" if isinstance(reason, Exception) else text
