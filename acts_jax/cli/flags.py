"""The flags that experiments share, defined when one asks for them, and what they ask for."""

import dataclasses
import errno
import os
import re
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from absl import flags as absl_flags

from acts_jax import machine
from acts_jax.activations import Activation, acceptance, get, names
from acts_jax.errors import ConfigError
from acts_jax.files import writing_to
from acts_jax.report.figures import FORMATS
from acts_jax.suggestion import suggest
from acts_jax.sweep.config import MOST_CELLS, read_config, with_fields
from acts_jax.sweep.grid import MOST_LAYERS
from acts_jax.sweep.options import Options
from acts_jax.words import shown


def _default_cache() -> str:
    """The folder for compiled programs; none for a user without a home."""
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return "" if folder.startswith("~") else os.path.join(folder, "acts_jax")


# Name of a flag -> kind of absl's DEFINE_*, or "path", and the arguments after the name.
# Of every experiment, or of those that name them in `uses` of `cli.run`:
SHARED: dict[str, tuple[Any, ...]] = {
    "workdir": ("path", None, "Folder for results; a run is resumed there."),
    "activation": ("list", ["all"], "Activations by name, package.module:function, or all."),
    "dataset": ("list", None, "Names of datasets; of a sweep short for --config.dataset."),
    "model": ("string", "mlp", "The kind of network."),
    "data_dir": ("path", None, "Folder of prepared datasets (default: $TFDS_DATA_DIR)."),
}
# Of experiments that train a config's networks:
OF_SWEEPS: dict[str, tuple[Any, ...]] = {
    "config": (
        "path",
        None,
        "Config file with a get_config(). Its fields are set by --config.FIELD=VALUES, such as "
        "--config.learning_rate=0.01,0.1 or "
        "--config.leaky_relu.negative_slope='linspace(0,1,5)'.",
    ),
    "activation": ("list", None, "Activations; short for --config.activation."),
    "model": ("list", None, "Kinds of network; short for --config.model."),
    "override": ("multi_string", [], "FIELD=VALUES, as --config.FIELD=VALUES."),
    "dry_run": ("bool", False, "Print what would be trained, and stop."),
    "pack": ("integer", None, "Cells trained by one vmap (default: what fits this machine).", 1),
    "compilation_cache": (
        "path",
        _default_cache(),
        "Folder in which compiled programs are kept for later runs; empty for none.",
        True,
    ),
    "on_error": (
        "enum",
        "continue",
        ["continue", "stop"],
        "When networks cannot be trained, as when a function of yours raises: go on with the "
        "others (they are recorded as failed, and the exit status is 1), or stop.",
    ),
    "checkpoint_after": (
        "float",
        30.0,
        "Groups of networks that take more seconds than this are checkpointed at every chunk (not "
        "on Ray, where a task that is interrupted starts anew).",
        0.0,
    ),
    "retrain_changed": (
        "bool",
        False,
        "Train anew what was trained with a function, or on a dataset, that has changed since, and "
        "drop its results (default: refuse); all other results stay.",
    ),
    "launcher": ("enum", "local", ["local", "ray"], "Train in this process, or on a Ray cluster."),
    "ray_address": (
        "string",
        None,
        "Of a running Ray cluster, such as 10.0.0.1:6379 or auto (default: Ray is started on this "
        "machine for the run).",
    ),
    "shard": (
        "string",
        None,
        "i/n trains the i-th of n shares of the groups, counted from 0; experiments.merge joins "
        "them.",
    ),
    "most_cells": (
        "integer",
        MOST_CELLS,
        "A sweep of more networks, or a field of more values, is refused.",
        1,
        10**12,
    ),
    "most_layers": (
        "integer",
        MOST_LAYERS,
        "A sweep is refused whose programs have more layers together, each of which is compiled.",
        1,
        10**9,
    ),
}
# Of those that compare activations, as they name them in `uses`:
COMPARING: dict[str, tuple[Any, ...]] = {
    "margin": (
        "float",
        0.005,
        "Differences of test accuracy up to this are equivalent: 0.005 is half a point. Of a "
        "regression, those up to ten times this share of the smaller error.",
        1e-6,
        1.0,
    ),
    "format": ("list", ["png"], f"Of the figures' files: {', '.join(FORMATS)}."),
}


class _Path(absl_flags.ArgumentParser):
    """Paths that can be: `~` is the home folder, and `~eve` that of eve."""

    def __init__(self, may_be_empty: bool):
        self._may_be_empty = may_be_empty

    def parse(self, argument: str) -> str:
        return argument if self._may_be_empty and not argument else as_path(argument)

    def flag_type(self) -> str:
        return "path"


def as_path(text: str) -> str:
    """A path as the command line gives it, its ~ expanded.

    Raises:
        ValueError: If no file can have it.
    """
    path = os.path.expanduser(text)
    if path.startswith("~"):
        raise ValueError(f"there is no home folder {shown(text.partition('/')[0])}")
    if not path or "\0" in path:
        raise ValueError("no file is called so")
    try:
        os.stat(path)
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP):
            raise ValueError(error.strerror) from None
    return path


def define_path(name: str, default: str | None, text: str, may_be_empty: bool = False) -> Any:
    """Defines a flag for a path, see `as_path`; as absl's DEFINE_string, for all else."""
    serializer: absl_flags.ArgumentSerializer = absl_flags.ArgumentSerializer()
    return absl_flags.DEFINE(_Path(may_be_empty), name, default, text, serializer=serializer)


def define(main: Callable, uses: Collection[str], trains: bool) -> list[str]:
    """Defines the flags of an experiment, and lists them in its --help as its own.

    Args:
        main: Of the experiment; its module is the one whose --help shows them.
        uses: Names in `SHARED` and `COMPARING`.
        trains: Whether it trains a config's networks, and so takes all of `SHARED`, and
            `OF_SWEEPS`.

    Returns:
        Their names, for `undefine`.
    """
    wanted = {name: {**SHARED, **COMPARING}[name] for name in uses}
    if trains:
        wanted |= {**SHARED, **OF_SWEEPS}
    script = sys.argv[0] if main.__module__ == "__main__" else main.__module__
    for name, (kind, *arguments) in wanted.items():
        define = define_path if kind == "path" else getattr(absl_flags, f"DEFINE_{kind}")
        define(name, *arguments)
        absl_flags.FLAGS.register_key_flag_for_module(script, absl_flags.FLAGS[name])
    return list(wanted)


def undefine(defined: Collection[str]) -> None:
    """Removes flags, so that another experiment of this process can define its own."""
    for name in defined:
        delattr(absl_flags.FLAGS, name)


def spell_out(argv: Sequence[str]) -> list[str]:
    """Writes every --config.FIELD=VALUES, or --config.FIELD VALUES, as --override=FIELD=VALUES."""
    spelled, rest = [], iter(argv)
    for argument in rest:
        if match := re.fullmatch(r"--?config\.([^=]+)(=.*)?", argument, flags=re.DOTALL):
            field, value = match.groups()
            value = value if value is not None else "=" + next(rest, "")
            argument = f"--override={field}{value}"
        spelled.append(argument)
    return spelled


def options(config: str | os.PathLike | None = None, workdir: Path | None = None) -> Options:
    """What the flags of a sweep ask for.

    Args:
        config: A file in place of --config, its fields changed by the same flags.
        workdir: A folder in place of --workdir.

    Raises:
        ConfigError: If the file gives no config, or a flag names no field.
    """
    values = absl_flags.FLAGS
    changes = [
        (name, ",".join(values[name].value or []))
        for name in ("activation", "model", "dataset")
        if values[name].present
    ]
    changes += [text.partition("=")[::2] for text in values.override]
    given: dict[str, Any] = {f.name: values[f.name].value for f in dataclasses.fields(Options)}
    given |= {
        "config": with_fields(read_config(config or values.config), changes),
        "workdir": workdir or Path(values.workdir),
        "compilation_cache": compilation_cache(),
    }
    return Options(**given)


def compilation_cache() -> Path | None:
    """The folder for compiled programs; None if there shall be none."""
    folder = absl_flags.FLAGS.compilation_cache
    return Path(folder) if folder else None


def activations(elementwise: bool | None = None, besides: Collection[str] = ()) -> list[Activation]:
    """The catalogue's records of --activation, each once.

    Args:
        elementwise: True if whole-vector activations will not do; "all" then leaves them out.
        besides: Names of those that will do nevertheless.

    Raises:
        ConfigError: If there is no such activation, it will not do, or jax has no device.
    """
    machine.devices()  # without one, nothing can be found out about a function
    asked = absl_flags.FLAGS.activation
    every = [*names(elementwise), *besides]
    wanted = [name for word in asked for name in (every if word == "all" else [word])]
    try:
        found = {activation.name: activation for activation in map(get, wanted)}
        for activation in found.values():
            if elementwise and not activation.elementwise and activation.name not in besides:
                raise ValueError(f"{activation.name} acts on whole vectors, not element by element")
            if activation.name not in names():  # a user's own may be unusable
                acceptance.accept(activation)
                acceptance.accept_float64(activation)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return list(found.values())


def margins() -> dict[str, float]:
    """The margins of --margin, for `verdicts.compare`."""
    margin = absl_flags.FLAGS.margin
    return {"margin": margin, "relative_margin": 10 * margin}


def formats() -> list[str]:
    """The formats of --format, of the figures' files.

    Raises:
        ConfigError: If there is no such format.
    """
    asked = absl_flags.FLAGS.format
    for name in asked:
        if name not in FORMATS:
            raise ConfigError(f"unknown --format {shown(name)}{suggest(name, FORMATS, 1)}")
    return asked


def one_dataset() -> str | None:
    """The dataset of --dataset; None if it is not given.

    Raises:
        ConfigError: If there are several.
    """
    given = absl_flags.FLAGS.dataset or [None]
    if len(given) > 1:
        raise ConfigError(f"--dataset takes one name here, not {shown(','.join(given))}")
    return given[0]


def workdir() -> Path:
    """The folder of --workdir, made if need be.

    Raises:
        StoreError: If it cannot be written to.
    """
    return make_folder(Path(absl_flags.FLAGS.workdir))


def make_folder(path: Path) -> Path:
    """A folder for results, made if need be.

    Raises:
        StoreError: If it cannot be written to.
    """
    with writing_to(path):
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
    return path
