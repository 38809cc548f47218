"""What a study found, on the terminal and in the workdir: claims with checks and verdict."""

import contextlib
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from absl import flags as absl_flags
from ml_collections import config_dict
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from acts_jax import machine
from acts_jax.cli import flags
from acts_jax.errors import ConfigError, OutputError
from acts_jax.files import as_json, write_text
from acts_jax.report import figures
from acts_jax.report.tables import terminal_table
from acts_jax.studies.claims import FAILS, HOLDS, PARTLY, UNDECIDED, Claim, record

COLORS = {HOLDS: "green", PARTLY: "yellow", FAILS: "red", UNDECIDED: "yellow"}


def presenting(study: Callable[[Console], Claim]) -> Callable[[], None]:
    """The `main` of an experiment that puts one claim to the test.

    Args:
        study: Computes everything; may write to the console what it is doing. Its claim is printed,
            and its pictures and numbers are saved in the --workdir.
    """

    def main() -> None:
        """Runs the study and publishes its claim."""
        started, console = time.perf_counter(), terminal()
        if _value("shard") is not None:
            raise ConfigError("a study compares all of its networks: it takes no --shard")
        if not _value("dry_run"):
            flags.workdir()  # refused before anything is computed
        claim = study(console)
        seconds = time.perf_counter() - started
        publish(claim, flags.workdir(), console, provenance() | {"seconds": f"{seconds:.1f}"})
        console.print(f"{seconds:.1f} s", highlight=False)

    main.__module__ = study.__module__
    return main


def publish(
    claim: Claim, workdir: Path, console: Console, facts: Mapping[str, Any] | None = None
) -> None:
    """Prints a claim's table, checks and verdict, and saves its pictures and its numbers.

    Args:
        claim: What a study found.
        workdir: An existing folder; gets a PNG per picture, and NAME.json.
        console: Where to print.
        facts: How the numbers came about (`provenance`, seconds); for the JSON.
    """
    console.print(Text(f"\n{claim.title}", "bold"))
    console.print(Text(f"“{claim.text}”\n", "italic"))
    if claim.table is not None:
        console.print(terminal_table(claim.table), "")
    for check in claim.checks:
        verdict = check.verdict, COLORS[check.verdict]
        proved = " (a theorem)" if check.theorem else ""
        console.print(Text.assemble(verdict, f"{proved}: {check.statement}"))
        said = f"claimed {check.claimed}; found {check.found}; rule: {check.threshold}"
        console.print(Padding(Text(said), (0, 0, 0, 2), expand=False))
    console.print(Text(f"\n{claim.summary}"))
    verdict = claim.verdict, f"bold {COLORS[claim.verdict]}"
    console.print(Text.assemble("Verdict: ", verdict))
    paths = figures.save(claim.figures, workdir, dpi=200)
    path = workdir / f"{claim.name}.json"
    text = json.dumps(record(claim) | {"facts": dict(facts or {})}, indent=1, allow_nan=False)
    write_text(path, text)
    console.print(Text(", ".join(map(str, [*paths, path]))), soft_wrap=True)


def provenance(config: config_dict.ConfigDict | None = None) -> dict[str, Any]:
    """How the numbers of this process come about: its command, any config, machine and versions.

    Args:
        config: Of the sweep that gave them; by default that of the flags, where it is one.
    """
    facts: dict[str, Any] = {"command": command()}
    path = _value("config")
    if config is None and path is not None and Path(path).is_file():
        config = flags.options().config
    if config is not None:
        facts["config"] = as_json(config.to_dict())
    return facts | machine.facts()


def command() -> str:
    """The command line of this process, with paths from the folder that it was started in."""
    program, *arguments = sys.argv
    module = getattr(sys.modules["__main__"], "__spec__", None)
    started = ["python", "-m", module.name] if module else [Path(program).name]
    here = f"{Path.cwd()}/"
    return shlex.join([*started, *(argument.replace(here, "") for argument in arguments)])


def _value(flag: str) -> Any:
    """The value of a flag; None where this experiment does not have it."""
    return absl_flags.FLAGS[flag].value if flag in absl_flags.FLAGS else None


class _Output:
    """Standard output that says in one sentence when it cannot be written to.

    Rich itself ends the process on a closed pipe, and without a word.
    """

    def __init__(self, stream: Any):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._telling():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._telling():
            self._stream.flush()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"cannot write to standard output: {error.strerror}") from error


def terminal(columns: int = 0) -> Console:
    """A console that shows texts as they are, at least so many columns wide.

    Neither `[/data]`, a tag for Rich, nor `:wave:`, an emoji, means anything in a text of ours.
    """
    output: Any = sys.stdout and _Output(sys.stdout)
    console = Console(file=output, markup=False, emoji=False)
    console.width = max(console.width or 80, columns)  # COLUMNS=0 is no width
    return console
