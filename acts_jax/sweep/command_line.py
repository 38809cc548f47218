"""The command line that the experiments share: --config with its overrides, and plain errors."""

import os
import re
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from absl import app, flags, logging
from ml_collections import config_dict

from acts_jax.data import DatasetError
from acts_jax.sweep.config import ConfigError, override
from acts_jax.sweep.store import StoreError

CONFIG = flags.DEFINE_string(
    "config",
    None,
    "Config file with a get_config(). Its fields are set by --config.FIELD=VALUES, such as "
    "--config.learning_rate=0.01,0.1 or --config.leaky_relu.negative_slope='linspace(0,1,5)'.",
)
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
    config: str,
    workdir: str,
    argv: Sequence[str] | None = None,
) -> None:
    """Runs an experiment: parses the flags, calls `main`, and exits.

    What the user can mend (a config, a dataset, a workdir) ends it with one line and exit status 2;
    Ctrl-C says how to continue, with exit status 130.

    Args:
      main: The experiment; what it returns is the exit status.
      config: Default of --config.
      workdir: Default of --workdir.
      argv: Command line; `sys.argv` by default.
    """

    def guarded(arguments: Sequence[str]) -> int | None:
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.WARNING)
        try:
            if len(arguments) > 1:
                raise ConfigError(f"unexpected argument {arguments[1]!r}; flags start with --")
            return main()
        except (ConfigError, DatasetError, StoreError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("interrupted; the same command goes on from here", file=sys.stderr)
            return 130

    flags.set_default(CONFIG, config)
    flags.set_default(WORKDIR, workdir)
    argv = list(sys.argv if argv is None else argv)
    app.run(guarded, argv=_spell_out(argv))


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
    for text in _OVERRIDES.value:
        name, _, value = text.partition("=")
        override(chosen, name, value)
    return chosen


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
