"""The command line that experiments share: --config with its overrides, --workdir, plain errors."""

import contextlib
import os
import re
import runpy
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from absl import app, flags, logging
from ml_collections import config_dict

from acts_jax.activations import Activation, acceptance, get, names
from acts_jax.data import DatasetError
from acts_jax.sweep.config import ConfigError, items_of, override
from acts_jax.sweep.grid import Plan, parameter_prefix
from acts_jax.sweep.signals import Stopped
from acts_jax.sweep.store import CellError, StoreError, writing_to

CONFIG = flags.DEFINE_string(
    "config",
    None,
    "Config file with a get_config(). Its fields are set by --config.FIELD=VALUES, such as "
    "--config.learning_rate=0.01,0.1 or --config.leaky_relu.negative_slope='linspace(0,1,5)'.",
)
ACTIVATION = flags.DEFINE_list(
    "activation", ["all"], "Activations by name, package.module:function, or all."
)
DATASET = flags.DEFINE_list("dataset", None, "Short for --config.dataset: names of datasets.")
WORKDIR = flags.DEFINE_string("workdir", None, "Folder for results; a run is resumed there.")
DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder of prepared datasets (default: $TFDS_DATA_DIR)."
)
DRY_RUN = flags.DEFINE_bool("dry_run", False, "Print what would be trained, and stop.")
PACK = flags.DEFINE_integer(
    "pack", None, "Cells trained by one vmap (default: by platform).", lower_bound=1
)
COMPILATION_CACHE = flags.DEFINE_string(
    "compilation_cache",
    os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "acts_jax"),
    "Folder in which compiled programs are kept for later runs; empty for none.",
)
ON_ERROR = flags.DEFINE_enum(
    "on_error",
    "continue",
    ["continue", "stop"],
    "When networks cannot be trained, as when a function of yours raises: go on with the others "
    "(they are recorded as failed, and the exit status is 1), or stop.",
)
CHECKPOINT_AFTER = flags.DEFINE_float(
    "checkpoint_after",
    30.0,
    "Groups of networks that take more seconds than this are checkpointed at every chunk (not on "
    "Ray, where the parts of groups are the steps).",
    lower_bound=0.0,
)
LAUNCHER = flags.DEFINE_enum(
    "launcher", "local", ["local", "ray"], "Train in this process, or on a Ray cluster."
)
RAY_ADDRESS = flags.DEFINE_string(
    "ray_address",
    None,
    "Of a running Ray cluster, such as 10.0.0.1:6379 or auto (default: Ray is started on this "
    "machine for the run).",
)
SHARD = flags.DEFINE_string(
    "shard",
    None,
    "i/n trains the i-th of n shares of the groups, counted from 0; experiments.merge joins them.",
)
_OVERRIDES = flags.DEFINE_multi_string("override", [], "FIELD=VALUES, as --config.FIELD=VALUES.")


_OF_SWEEPS = (
    *(CONFIG, _OVERRIDES, DATASET, DATA_DIR, DRY_RUN, PACK, COMPILATION_CACHE),
    *(ON_ERROR, CHECKPOINT_AFTER, LAUNCHER, RAY_ADDRESS, SHARD),
)


def run(
    main: Callable[[], int | None],
    *,
    workdir: str,
    config: str | None = None,
    argv: Sequence[str] | None = None,
) -> None:
    """Runs an experiment: parses the flags, calls `main`, and exits.

    What the user can mend (a config, a dataset, a workdir) ends it with one line and exit status 2;
    Ctrl-C and SIGTERM say whether there is something to go on from, with exit status 130 and 143.
    A group that fails with --on_error=stop ends it with exit status 1.

    Args:
      main: The experiment; what it returns is the exit status.
      workdir: Default of --workdir.
      config: Default of --config; None for an experiment that trains nothing and so has none.
      argv: Command line; `sys.argv` by default.
    """

    def guarded(arguments: Sequence[str]) -> int | None:
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.WARNING)
        try:
            if len(arguments) > 1:
                raise ConfigError(f"unexpected argument {arguments[1]!r}; flags start with --")
            if config is None:
                _refuse_the_sweeps_flags(main)
            with _stopped_by_sigterm():
                return main()
        except (ConfigError, DatasetError, StoreError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except CellError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt as stopped:
            stored = config is not None and _holds_a_sweep(Path(WORKDIR.value))
            rest = "; the same command goes on from here" if stored else ""
            print(f"interrupted{rest}", file=sys.stderr)
            return stopped.status if isinstance(stopped, Stopped) else 130

    flags.set_default(CONFIG, config)
    flags.set_default(WORKDIR, workdir)
    argv = list(sys.argv if argv is None else argv)
    app.run(guarded, argv=_spell_out(argv))


@contextlib.contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Inside this context SIGTERM raises `Stopped`, as Ctrl-C raises a KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield  # other threads have no say in signals
        return

    def stop(number: int, _: Any) -> None:
        raise Stopped(number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _holds_a_sweep(workdir: Path) -> bool:
    """Whether a sweep was begun in a folder, or in one of those in it."""
    return any(found for pattern in ("", "*/") for found in workdir.glob(f"{pattern}config.json"))


def _refuse_the_sweeps_flags(main: Callable) -> None:
    """Flags of this module that say nothing to an experiment that has no config.

    Except those that its module declares as key flags.
    """
    declared = flags.FLAGS.get_key_flags_for_module(sys.modules[main.__module__])
    wanted = {flag.name for flag in declared}
    for flag in _OF_SWEEPS:
        if flag.present and flag.name not in wanted:
            raise ConfigError(f"this experiment has no flag --{flag.name}; see --help")


def activations(elementwise: bool | None = None) -> list[Activation]:
    """The catalogue's records of --activation, each once.

    Args:
      elementwise: True if whole-vector activations will not do; "all" then leaves them out.

    Raises:
      ConfigError: If there is no such activation, or it will not do.
    """
    wanted = [
        n for word in ACTIVATION.value for n in (names(elementwise) if word == "all" else [word])
    ]
    try:
        found = {activation.name: activation for activation in map(get, wanted)}
    except ValueError as error:
        raise ConfigError(str(error)) from error
    for activation in found.values():
        if elementwise and not activation.elementwise:
            raise ConfigError(f"{activation.name} acts on whole vectors, not element by element")
        if activation.name not in names():
            _accepted(activation)
    return list(found.values())


def _accepted(activation: Activation) -> None:
    """Refuses a function of the user's that nothing could be said about."""
    try:
        acceptance.accept(activation)
        acceptance.accept_float64(activation)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def folder() -> Path:
    """The folder of --workdir, made if need be.

    Raises:
      StoreError: If it cannot be written to.
    """
    path = Path(WORKDIR.value)
    with writing_to(path):
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
    return path


def config(changes: Mapping[str, str] | None = None) -> config_dict.ConfigDict:
    """The config that the command line asks for: the file's, with the overrides applied.

    Args:
      changes: More overrides, applied last: what a study sets by itself.

    Raises:
      ConfigError: If the file gives no config, or an override names no field.
    """
    path = CONFIG.value
    if not Path(path).is_file():
        known = ", ".join(sorted(map(str, Path("configs").glob("[a-z]*.py"))))
        raise ConfigError(f"no config file {path!r}; there are {known or 'none in configs/'}")
    module: dict[str, Any] = runpy.run_path(path)
    if "get_config" not in module:
        raise ConfigError(f"config file {path} has no function get_config()")
    chosen = module["get_config"]()
    before = _prefixes(chosen)
    if ACTIVATION.present:
        override(chosen, "activation", ",".join(ACTIVATION.value))
    if DATASET.present:
        override(chosen, "dataset", ",".join(DATASET.value))
    for text in _OVERRIDES.value:
        name, _, value = text.partition("=")
        override(chosen, name, value)
    for name, value in (changes or {}).items():
        override(chosen, name, value)
    # The file's parameters of an activation that the command line has replaced.
    named = {text.partition("=")[0].partition(".")[0] for text in _OVERRIDES.value}
    for name in (before - _prefixes(chosen) - named).intersection(chosen):
        del chosen[name]
    return chosen


def _prefixes(config: config_dict.ConfigDict) -> set[str]:
    """What the parameters of a config's activations are called by."""
    return set(map(parameter_prefix, items_of("activation", config["activation"])))


def shard(plan: Plan) -> Plan:
    """The share of a plan that --shard asks for: all of it by default.

    Raises:
      ConfigError: If it is not written as i/n, or there is nothing in it.
    """
    if SHARD.value is None:
        return plan
    match = re.fullmatch(r"(\d+)/(\d+)", SHARD.value)
    number, of = map(int, match.groups()) if match else (0, 0)
    if number >= of:
        raise ConfigError(f"--shard takes i/n with i from 0 to n-1, not {SHARD.value!r}")
    share = plan.shard(number, of)
    if not share.groups:
        raise ConfigError(
            f"--shard={SHARD.value} is empty: there are {len(plan.groups)} groups to share"
        )
    return share


@contextlib.contextmanager
def aimed_at(config: Path, workdir: Path) -> Iterator[None]:
    """Inside this context --config and --workdir are others: for a script that runs several."""
    before = CONFIG.value, WORKDIR.value
    try:
        flags.FLAGS.config, flags.FLAGS.workdir = str(config), str(workdir)
        yield
    finally:
        flags.FLAGS.config, flags.FLAGS.workdir = before


def compilation_cache() -> Path | None:
    """The folder for compiled programs, None if there shall be none."""
    return Path(COMPILATION_CACHE.value).expanduser() if COMPILATION_CACHE.value else None


def _spell_out(argv: list[str]) -> list[str]:
    """Writes every --config.FIELD=VALUES, or --config.FIELD VALUES, as --override=FIELD=VALUES."""
    spelled, rest = [], iter(argv)
    for argument in rest:
        match = re.fullmatch(r"--?config\.([^=]+)(=.*)?", argument, flags=re.DOTALL)
        if match is None:
            spelled.append(argument)
        else:
            field, value = match.groups()
            value = value if value is not None else "=" + next(rest, "")
            spelled.append(f"--override={field}{value}")
    return spelled
