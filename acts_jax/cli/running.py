"""Running an experiment: parsing its flags, telling errors in one line, giving an exit status."""

import contextlib
import io
import math
import os
import re
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
from acts_jax.words import QUOTED, shortened, shown


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
        uses: Names of flags that not every experiment takes, see `flags.define`.
        argv: Command line; `sys.argv` by default.
    """

    def guarded(arguments: Sequence[str]) -> int | None:
        if not absl_flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.WARNING)
        try:
            if len(arguments) > 1:
                raise ConfigError(f"unexpected argument {shown(arguments[1])}; flags start with --")
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

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # spells out what a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
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
        rest = absl_flags.FLAGS(argv)
        for name, value in absl_flags.FLAGS.flag_values_dict().items():
            if isinstance(value, float) and math.isnan(value):
                raise absl_flags.IllegalFlagValueError(f"flag --{name}=nan: no number")
        return rest
    except RecursionError:  # of absl, looking for the flag that is nearest to a very long one
        _tell(f"error: unknown flag {shown(max(argv, key=len))}; --help lists the flags")
        sys.exit(2)
    except absl_flags.Error as error:
        _tell(f"error: {_with_short_values(str(error), argv)}; --help lists the flags")
        sys.exit(2)


def _with_short_values(message: str, argv: Sequence[str]) -> str:
    """What absl says of a command line, in one line, without the middle of long values."""
    for argument in argv:
        for value in (argument, argument.partition("=")[2]):
            if len(value) > QUOTED or not value.isprintable():
                message = message.replace(repr(value), shown(value)).replace(value, shown(value))
    # Python quotes the beginning of what is no integer, absl the name of what is no flag.
    return re.sub(rf"'[^']{{{QUOTED},}}|\S{{{QUOTED + 1},}}", lambda m: shortened(m[0]), message)


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
