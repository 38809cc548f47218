"""The command line that experiments share: --config with its overrides, --workdir, plain errors."""

import contextlib
import os
import re
import runpy
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from absl import app, flags, logging
from ml_collections import config_dict
from rich.console import Console

from acts_jax.activations import Activation, get, names
from acts_jax.data import Dataset, DatasetError
from acts_jax.report import claims
from acts_jax.sweep import launch, store
from acts_jax.sweep.config import ConfigError, override
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.progress import ProgressLine
from acts_jax.sweep.store import StoreError

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
_OVERRIDES = flags.DEFINE_multi_string("override", [], "FIELD=VALUES, as --config.FIELD=VALUES.")


def run(
    main: Callable[[], int | None],
    *,
    workdir: str,
    config: str | None = None,
    argv: Sequence[str] | None = None,
) -> None:
    """Runs an experiment: parses the flags, calls `main`, and exits.

    What the user can mend (a config, a dataset, a workdir) ends it with one line and exit status 2;
    Ctrl-C says how to continue, with exit status 130.

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
                _refuse_the_sweeps_flags()
            return main()
        except (ConfigError, DatasetError, StoreError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            rest = "; the same command goes on from here" if config is not None else ""
            print(f"interrupted{rest}", file=sys.stderr)
            return 130

    flags.set_default(CONFIG, config)
    flags.set_default(WORKDIR, workdir)
    argv = list(sys.argv if argv is None else argv)
    app.run(guarded, argv=_spell_out(argv))


def _refuse_the_sweeps_flags() -> None:
    """Flags of this module that say nothing to an experiment without a config."""
    for flag in (CONFIG, _OVERRIDES, DATASET, DATA_DIR, DRY_RUN, PACK, COMPILATION_CACHE):
        if flag.present:
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
    return list(found.values())


def folder() -> Path:
    """The folder of --workdir, made if need be.

    Raises:
      StoreError: If it cannot be written to.
    """
    path = Path(WORKDIR.value)
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise StoreError(f"cannot write to workdir {path}: {error.strerror}") from None
    return path


def config() -> config_dict.ConfigDict:
    """The config that the command line asks for: the file's, with the overrides applied.

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
    if ACTIVATION.present:
        override(chosen, "activation", ",".join(ACTIVATION.value))
    if DATASET.present:
        override(chosen, "dataset", ",".join(DATASET.value))
    for text in _OVERRIDES.value:
        name, _, value = text.partition("=")
        override(chosen, name, value)
    return chosen


class Trained(NamedTuple):
    """What `train` returns.

    Attributes:
      results: One row per network, see `store.load_results`.
      curves: Every evaluation of every network, see `store.load_curves`.
      datasets: By name.
      plan: What was trained.
    """

    results: pd.DataFrame
    curves: pd.DataFrame
    datasets: Mapping[str, Dataset]
    plan: Plan


def prepare(console: Console) -> tuple[Plan, dict[str, Dataset]]:
    """Plans the --config, loads its datasets and says what will be trained.

    With --dry_run it ends the process there.

    Raises:
      ConfigError: If the config cannot run.
      DatasetError: If a dataset cannot be loaded.
    """
    launch.configure(compilation_cache())
    plan = launch.make_plan(config())
    datasets = launch.load_datasets(plan, DATA_DIR.value)
    what = launch.describe(plan, datasets, PACK.value)
    console.print(
        f"{what.cells:,} cells in {what.groups:,} groups ({what.groups:,} compiles), "
        f"{what.steps:,} steps, on {what.devices} in packs of {what.pack} "
        f"({what.pack_bytes / 2**20:.1f} MiB per pack)",
        soft_wrap=True,
    )
    if DRY_RUN.value:
        sys.exit(0)
    return plan, datasets


def train(
    console: Console, check: Callable[[Plan, Mapping[str, Dataset]], None] | None = None
) -> Trained:
    """Trains those networks of the --config that are not in the --workdir yet, and loads them all.

    Args:
      console: Shows what will be trained, then the progress.
      check: Called with the plan and the datasets before anything is trained; raises a
        ConfigError for what the study cannot compare, see `require`.

    Raises:
      ConfigError, DatasetError: As `prepare`.
      StoreError: If the workdir cannot be used.
    """
    plan, datasets = prepare(console)
    if check is not None:
        check(plan, datasets)
    workdir = store.open_workdir(WORKDIR.value, plan)
    with ProgressLine(console) as line:
        launch.run(plan, datasets, workdir, line, PACK.value)
    return Trained(store.load_results(workdir), store.load_curves(workdir), datasets, plan)


def require(plan: Plan, **values: Sequence[Any]) -> None:
    """Refuses a plan without the values that a study compares, such as `activation=("relu",)`.

    Raises:
      ConfigError: If a field lacks one.
    """
    for field, needed in values.items():
        missing = [str(value) for value in needed if value not in plan.config[field]]
        if missing:
            raise ConfigError(f"this experiment needs {field} {' and '.join(missing)}, too")


def single(plan: Plan, *fields: str) -> None:
    """Refuses a plan with several values of a field of which a study compares none.

    Raises:
      ConfigError: If there are several.
    """
    for field in fields:
        values = plan.config[field]
        if len(values) > 1:
            raise ConfigError(
                f"this experiment takes one {field}, not {', '.join(map(str, values))}"
            )


def present(study: Callable[[Console], claims.Claim]) -> Callable[[], None]:
    """The `main` of an experiment that puts one claim to the test.

    Args:
      study: Computes everything from the flags; may write to the console what it is doing. Its
        claim is printed, and its pictures and numbers are saved in the --workdir.
    """

    def main() -> None:
        """Runs the study and publishes its claim."""
        started, console = time.perf_counter(), Console()
        if not DRY_RUN.value:
            folder()
        claim = study(console)
        seconds = time.perf_counter() - started
        facts = launch.facts() | {"seconds": f"{seconds:.1f}"}
        claims.publish(claim, folder(), console, facts)
        console.print(f"{seconds:.1f} s", highlight=False)

    return main


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
