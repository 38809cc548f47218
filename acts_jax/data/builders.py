"""TFDS builders by name: finding them, and saying plainly why one cannot be had."""

import contextlib
import importlib.util
import io
import os
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from acts_jax.errors import DatasetError
from acts_jax.suggestion import suggest
from acts_jax.words import QUOTED, shown


class Embedded(NamedTuple):
    """A dataset whose data come with a Python package.

    Attributes:
        version: its TFDS version; raised whenever its arrays change.
        package: the package.
        published: those of its splits that the source divides so, and not our builder.
    """

    version: str
    package: str
    published: tuple[str, ...] = ()


EMBEDDED = {
    "breast_cancer": Embedded("1.0.0", "sklearn"),
    "diabetes": Embedded("1.0.0", "sklearn"),
    "digits": Embedded("1.0.0", "sklearn"),
    "mnist1d": Embedded("1.0.0", "mnist1d", ("test",)),
    "wine": Embedded("1.0.0", "sklearn"),
}
_INSTALL = {
    "cv2": "opencv-python-headless",
    "mnist1d": "mnist1d` or `pip install acts_jax[mnist1d]",
    "PIL": "acts_jax[tfds]",
    "sklearn": "scikit-learn",
    "tensorflow": "acts_jax[tfds]",
    "tensorflow_datasets": "acts_jax[tfds]",
}
_swapping_stdout = threading.Lock()


def resolve_data_dir(data_dir: str | os.PathLike | None) -> str:
    """Returns `data_dir`, else TFDS_DATA_DIR as it is set now, else ~/tensorflow_datasets.

    Raises:
        DatasetError: it is in the home folder of somebody who has none.
    """
    chosen = os.fspath(data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets")
    found = os.path.expanduser(chosen)
    if found.startswith("~"):
        raise DatasetError(f"no home folder for {shown(chosen)}: choose another data_dir")
    return found


def versions(name: str, data_dir: str | os.PathLike | None) -> list[str]:
    """The folders of the prepared versions of a dataset, as "emnist/letters", in order of name."""
    folder = os.path.join(resolve_data_dir(data_dir), name.split(":")[0])
    try:
        return sorted(e.path for e in os.scandir(folder) if e.name[:1].isdigit())
    except OSError:
        return []


def embedded(name: str) -> Embedded | None:
    """What comes along under a name, which may end in the version there is: "wine:1.0.0"."""
    base, _, version = name.partition(":")
    known = EMBEDDED.get(base)
    return known if known and version in ("", known.version) else None


def check_source(name: str, data_dir: str | os.PathLike | None) -> None:
    """Raises DatasetError if an embedded dataset is not prepared and its package is missing."""
    package = embedded(name).package
    if importlib.util.find_spec(package) is None and not versions(name, data_dir):
        raise DatasetError(needs_package(name, package))


def find(name: str, data_dir: str | os.PathLike | None = None) -> Any:
    """Returns the `tfds.core.DatasetBuilder` of `name`, prepared or not; downloads nothing.

    Raises:
        DatasetError: unknown name, config or version, TensorFlow missing, or damaged files in
            `data_dir`.
    """
    where = resolve_data_dir(data_dir)
    try:
        with quiet():
            if embedded(name):
                from acts_jax.data.embedded import BUILDERS

                builder = BUILDERS[name.partition(":")[0]]
                return builder(data_dir=where, file_format="array_record")
            import tensorflow_datasets as tfds

            return tfds.builder(name, data_dir=where, file_format="array_record")
    except Exception as error:
        raise DatasetError(_why_not_found(name, where, error)) from None


def damaged(name: str, folder: str | os.PathLike, reason: object) -> str:
    """Returns the message for a prepared dataset whose files cannot be read."""
    return (
        f"dataset {name!r} cannot be read from {folder} ({one_line(reason)}): delete that "
        "folder to have it prepared again, or choose another data_dir"
    )


def missing_package(error: BaseException | None) -> str | None:
    """The package whose absence caused `error`, looking through the errors wrapped around it."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name.split(".")[0]
        if isinstance(error, ImportError) and "PIL" in str(error):
            return "PIL"
        error = error.__cause__ or error.__context__
    return None


def needs_package(name: str, package: str) -> str:
    """Returns the message for a dataset that a missing package stands in the way of."""
    return (
        f"dataset {name!r} needs the Python package {package}: "
        f"`pip install {_INSTALL.get(package, package)}`"
    )


def one_line(reason: object) -> str:
    """The first line of an error or a text, without what TFDS puts in front of it."""
    text = (str(reason).strip().splitlines() or [""])[0]
    text = text.rpartition('}": ')[2]  # "Failed to construct dataset ..."
    return f"{type(reason).__name__}: {text}" if isinstance(reason, Exception) else text


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
def quiet() -> Iterator[None]:
    """Drops what TFDS prints and logs.

    The lock is for threads: stdout is swapped for the whole process. stderr is not, for absl may
    start logging meanwhile, and would then hold on to the swapped stream for good.
    """
    with _swapping_stdout, errors_only(), contextlib.redirect_stdout(io.StringIO()):
        yield


def _why_not_found(name: str, data_dir: str, error: Exception) -> str:
    import tensorflow_datasets as tfds

    if len(name) > QUOTED or not name.isprintable():
        return f"unknown dataset {shown(name)}"
    if package := missing_package(error):
        return needs_package(name, package)
    if isinstance(error, tfds.core.DatasetNotFoundError):
        base, _, version = name.partition(":")
        if base in EMBEDDED:
            return f"dataset {base!r} has no version {version!r}, only {EMBEDDED[base].version}"
        return _unknown(name, tfds.list_builders(with_community_datasets=False))
    if "Parsing builder name string" in str(error):
        return f"{name!r} is no name of a dataset: give NAME, NAME/CONFIG or NAME/CONFIG:VERSION"
    path, _, version = name.partition(":")
    if "cannot be loaded at version" in str(error):
        only = str(error).rpartition("only: ")[2].rstrip(".")
        return f"dataset {path!r} has no version {version!r}, only {only}"
    base, _, config = path.partition("/")
    if config and "=" not in config:
        with contextlib.suppress(tfds.core.DatasetNotFoundError):  # one that is on disk alone
            configs = tfds.builder_cls(base).builder_configs
            if not configs:
                return f"dataset {base!r} has no configs, and so no {config!r}"
            if config not in configs:
                return f"unknown config {config!r} of dataset {base!r}{suggest(config, configs)}"
    if found := versions(name, data_dir):
        return damaged(name, found[-1], error)
    return f"dataset {name!r} is not available: {one_line(error)}"


def _unknown(name: str, known: list[str]) -> str:
    base = name.lower().replace("/", ":").split(":")[0]
    hint = suggest(base, {*EMBEDDED, *known})
    if hint == ".":
        hint = f"; no TFDS name is near, but these come along: {', '.join(EMBEDDED)}"
    if importlib.util.find_spec("tensorflow") is None:
        hint += " (without TensorFlow part of TFDS cannot be found: `pip install acts_jax[tfds]`)"
    return f"unknown dataset {name!r}{hint}"
