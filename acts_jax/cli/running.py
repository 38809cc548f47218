"""Running an experiment: parsing its flags, telling errors in one line, giving an exit status."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from absl import app, logging
from absl import flags as absl_flags

from acts_jax.cli import flags
from acts_jax.errors import CellError, ConfigError, DatasetError, OutputError, StoreError
from acts_jax.sweep import signals
from acts_jax.sweep.signals import Stopped


def run(
    main: Callable[[], int | None],
    *,
    workdir: str | None = None,
    config: str | None = None,
    uses: Collection[str] = (),
    argv: Sequence[str] | None = None,
) -> None:
    """Runs an experiment: parses the flags, calls `main`, and exits.

    What the user can mend (a config, a dataset, a workdir, a full standard output) ends it with one
    line and exit status 2; a signal, such as that of Ctrl-C, with a line that says whether there is
    something to go on from, and 128 and its number. A group that fails with --on_error=stop ends it
    with exit status 1.

    Args:
        main: The experiment; what it returns is the exit status.
        workdir: Default of --workdir; None for an experiment that has no results.
        config: Default of --config; None for an experiment that trains nothing and so has none.
        uses: Names of shared flags that an experiment without a config takes, see `flags.SHARED`.
        argv: Command line; `sys.argv` by default.
    """

    def guarded(arguments: Sequence[str]) -> int | None:
        if not absl_flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.WARNING)
        try:
            if len(arguments) > 1:
                raise ConfigError(f"unexpected argument {arguments[1]!r}; flags start with --")
            with _stopped_by_signals():
                return main()
        except (ConfigError, DatasetError, StoreError, OutputError) as error:
            _tell(f"error: {error}")
            return 2
        except CellError as error:
            _tell(f"error: {error}")
            return 1
        except KeyboardInterrupt as stopped:
            stored = config is not None and _holds_a_sweep(Path(absl_flags.FLAGS.workdir))
            rest = "; the same command goes on from here" if stored else ""
            _tell(f"interrupted{rest}")
            return stopped.status if isinstance(stopped, Stopped) else 130
        finally:
            _drop_what_cannot_be_written()

    argv = list(sys.argv if argv is None else argv)
    if workdir is not None:
        uses = ("workdir", *uses)
    defined = flags.define(main, uses, trains=config is not None)
    try:
        if workdir is not None:
            absl_flags.FLAGS.set_default("workdir", workdir)
        if config is not None:
            absl_flags.FLAGS.set_default("config", config)
            argv = flags.spell_out(argv)
        app.run(guarded, argv=argv, flags_parser=_parse)
    finally:
        flags.undefine(defined)


def _parse(argv: Sequence[str]) -> list[str]:
    """Sets the flags, and returns the other arguments; a mistake ends it with one line."""
    try:
        return absl_flags.FLAGS(argv)
    except absl_flags.Error as error:
        print(f"error: {error}; --help lists the flags", file=sys.stderr)
        sys.exit(2)


def _tell(line: str) -> None:
    """Prints a line to standard error, if it is still there: a terminal may be closed."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)


def _drop_what_cannot_be_written() -> None:
    """Spares the process Python's complaint, at its end, of what is left of the output."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Inside this context a signal raises `Stopped`, as Ctrl-C raises a KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield  # other threads have no say in signals
        return

    def stop(number: int, _: Any) -> None:
        raise Stopped(number)

    numbers = [number for number in signals.heeded() if number != signal.SIGINT]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _holds_a_sweep(workdir: Path) -> bool:
    """Whether a sweep was begun in a folder, or in one of those in it."""
    return any(found for pattern in ("", "*/") for found in workdir.glob(f"{pattern}config.json"))
