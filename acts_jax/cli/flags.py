"""The flags that experiments share, defined when one asks for them, and what they ask for."""

import dataclasses
import os
import re
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from absl import flags

from acts_jax.activations import Activation, acceptance, get, names
from acts_jax.errors import ConfigError
from acts_jax.files import writing_to
from acts_jax.sweep.config import read_config, with_fields
from acts_jax.sweep.options import Options

# Name of a flag -> kind of absl's DEFINE_*, and the arguments after the name.
# Of every experiment, or of those that name them in `uses` of `cli.run`:
SHARED: dict[str, tuple[Any, ...]] = {
    "workdir": ("string", None, "Folder for results; a run is resumed there."),
    "activation": ("list", ["all"], "Activations by name, package.module:function, or all."),
    "dataset": ("list", None, "Names of datasets; of a sweep short for --config.dataset."),
    "data_dir": ("string", None, "Folder of prepared datasets (default: $TFDS_DATA_DIR)."),
}
# Of experiments that train a config's networks:
OF_SWEEPS: dict[str, tuple[Any, ...]] = {
    "config": (
        "string",
        None,
        "Config file with a get_config(). Its fields are set by --config.FIELD=VALUES, such as "
        "--config.learning_rate=0.01,0.1 or "
        "--config.leaky_relu.negative_slope='linspace(0,1,5)'.",
    ),
    "activation": ("list", None, "Activations; short for --config.activation."),
    "override": ("multi_string", [], "FIELD=VALUES, as --config.FIELD=VALUES."),
    "dry_run": ("bool", False, "Print what would be trained, and stop."),
    "pack": ("integer", None, "Cells trained by one vmap (default: what fits this machine).", 1),
    "compilation_cache": (
        "string",
        os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "acts_jax"),
        "Folder in which compiled programs are kept for later runs; empty for none.",
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
}


def define(main: Callable, uses: Collection[str], trains: bool) -> list[str]:
    """Defines the flags of an experiment, and lists them in its --help as its own.

    Args:
        main: Of the experiment; its module is the one whose --help shows them.
        uses: Names in `SHARED`.
        trains: Whether it trains a config's networks, and so takes all flags here.

    Returns:
        Their names, for `undefine`.
    """
    wanted = {**SHARED, **OF_SWEEPS} if trains else {name: SHARED[name] for name in uses}
    script = sys.argv[0] if main.__module__ == "__main__" else main.__module__
    for name, (kind, *arguments) in wanted.items():
        getattr(flags, f"DEFINE_{kind}")(name, *arguments)
        flags.FLAGS.register_key_flag_for_module(script, flags.FLAGS[name])
    return list(wanted)


def undefine(defined: Collection[str]) -> None:
    """Removes flags, so that another experiment of this process can define its own."""
    for name in defined:
        delattr(flags.FLAGS, name)


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
    values = flags.FLAGS
    changes = [
        (name, ",".join(values[name].value or []))
        for name in ("activation", "dataset")
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
    folder = flags.FLAGS.compilation_cache
    return Path(folder).expanduser() if folder else None


def activations(elementwise: bool | None = None) -> list[Activation]:
    """The catalogue's records of --activation, each once.

    Args:
        elementwise: True if whole-vector activations will not do; "all" then leaves them out.

    Raises:
        ConfigError: If there is no such activation, or it will not do.
    """
    asked = flags.FLAGS.activation
    wanted = [name for word in asked for name in (names(elementwise) if word == "all" else [word])]
    try:
        found = {activation.name: activation for activation in map(get, wanted)}
        for activation in found.values():
            if elementwise and not activation.elementwise:
                raise ValueError(f"{activation.name} acts on whole vectors, not element by element")
            if activation.name not in names():  # a user's own may be unusable
                acceptance.accept(activation)
                acceptance.accept_float64(activation)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return list(found.values())


def one_dataset() -> str | None:
    """The dataset of --dataset; None if it is not given.

    Raises:
        ConfigError: If there are several.
    """
    given = flags.FLAGS.dataset or [None]
    if len(given) > 1:
        raise ConfigError(f"--dataset takes one name here, not {','.join(given)!r}")
    return given[0]


def workdir() -> Path:
    """The folder of --workdir, made if need be.

    Raises:
        StoreError: If it cannot be written to.
    """
    return make_folder(Path(flags.FLAGS.workdir))


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
