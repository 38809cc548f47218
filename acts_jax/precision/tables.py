"""Accuracy and speed as tables: for the terminal, for a README, and as plain data for JSON."""

import contextlib
import dataclasses
import math
import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from acts_jax.benchmarks.activations import KINDS, Timing
from acts_jax.machine import cores
from acts_jax.precision.accuracy import Error
from acts_jax.precision.counterparts import LIBRARIES

WELL_KNOWN = (
    "sigmoid", "tanh", "erf", "elu", "selu", "softplus", "silu", "gelu", "gelu_tanh", "mish",
)  # fmt: skip


def plain(record: Any) -> dict[str, Any]:
    """A dataclass as a dict that JSON can hold: infinities as "inf", NaN as None."""
    return {key: _plain(value) for key, value in dataclasses.asdict(record).items()}


def environment() -> dict[str, Any]:
    """The machine, its load and the versions, for a record of measurements."""
    versions = {}
    for package in ("jax", "jaxlib", "torch", "numpy", "mpmath"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return {
        "device": jax.devices()[0].device_kind,
        "processor": _processor(),
        "cores": cores(),
        "torch_threads": _torch_threads(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": versions,
    }


def machine(environment: Mapping[str, Any]) -> str:
    """What `environment` says, in one line."""
    versions = environment["versions"]
    torch = f", torch {versions['torch']}" if "torch" in versions else ""
    threads = f" on {environment['torch_threads']} threads" if torch else ""
    return (
        f"{environment['processor']}, {environment['cores']} cores, load {environment['load']} "
        f"at the start; jax {versions['jax']} on {environment['device']}{torch}{threads}"
    )


def _torch_threads() -> int | None:
    try:
        import torch
    except ModuleNotFoundError:
        return None
    return torch.get_num_threads()


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def wide_console() -> Console:
    """A console of the terminal's width, but at least the 100 columns of the tables below."""
    console = Console(emoji=False)  # "mine:wave: ..." is no waving hand
    console.width = max(console.width, 100)
    return console


def accuracy_table(errors: Sequence[Error], dtype: str) -> Table:
    """The largest errors as a table for a terminal of 100 columns, sorted by name."""
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    table.title = f"largest error in ULP, {dtype}"
    table.add_column("activation", overflow="fold", min_width=12)
    for symbol in ("f", "f'"):
        for heading in (symbol, "jax.nn", "torch", "at x"):
            table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("bound", justify="right", no_wrap=True)
    for name, row in _by_name(errors).items():
        cells = []
        for order in (0, 1):
            found = (row.get((library, order)) for library in LIBRARIES)
            cells += [_number(error and error.ulp) for error in found]
            cells.append(f"{row[LIBRARIES[0], order].at:.3g}")
        bound = max(row[LIBRARIES[0], order].mixed for order in (0, 1))
        mark = "[red]" if bound > 4 else ""
        table.add_row(escape(name), *cells, f"{mark}{bound:.2g}")
    table.caption = (
        "bound: our largest error in units of ulp(result) + eps |x d(result)/dx|; 4 is promised"
    )
    return table


def accuracy_markdown(errors: Sequence[Error], names: Sequence[str] = WELL_KNOWN) -> str:
    """The largest mixed errors of the well-known functions as a Markdown table."""
    lines = [
        "| | f ours | jax.nn | torch | f' ours | jax.nn | torch | jax.nn's worst f' at |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    rows = _by_name(errors)
    for name in names:
        if name not in rows:
            continue
        row = rows[name]
        found = [row.get((library, order)) for order in (0, 1) for library in LIBRARIES]
        theirs = row.get(("jax.nn", 1))
        cells = [_number(error and error.mixed) for error in found]
        where = f"{theirs.mixed_at:.4g}" if theirs else "–"
        lines.append("| " + " | ".join([name, *cells, where]) + " |")
    return "\n".join(lines) + "\n"


def _by_name(errors: Sequence[Error]) -> dict[str, dict[tuple[str, int], Error]]:
    rows: dict[str, dict[tuple[str, int], Error]] = {}
    for error in sorted(errors, key=lambda error: error.activation):
        rows.setdefault(error.activation, {})[error.library, error.order] = error
    return rows


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if value < 100:
        return f"{value:.2f}"[:4]
    return f"{value:.1e}".replace("e+0", "e").replace("e+", "e")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else f"{value}"
    return value


def benchmark_table(timings: Sequence[Timing]) -> Table:
    """Nanoseconds per element as a table for a terminal of 100 columns, sorted by name."""
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    table.title = "nanoseconds per element, float32"
    table.add_column("activation", overflow="fold", min_width=12)
    for kind in KINDS:
        for heading in (kind, "jax.nn", "torch"):
            table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("/jax.nn", "/exp", "floor"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows: dict[str, dict[tuple[str, str], Timing]] = {}
    for timing in sorted(timings, key=lambda timing: timing.activation):
        rows.setdefault(timing.activation, {})[timing.library, timing.kind] = timing
    for name, row in rows.items():
        times = [row.get((library, kind)) for kind in KINDS for library in LIBRARIES]
        ours, theirs = row[LIBRARIES[0], "both"], row.get((LIBRARIES[1], "both"))
        table.add_row(
            escape(name),
            *("–" if timing is None else f"{timing.nanoseconds:.2f}" for timing in times),
            "–" if theirs is None else _limited(theirs.ours_over_this, 1.3),
            _limited(ours.over_exp, 6),
            f"{ours.floor:.2f}",
        )
    table.caption = (
        "both: value and derivative in one program; of ours: /jax.nn, /exp: its time as a multiple "
        "of theirs; floor: what moving its bytes takes"
    )
    return table


def _limited(ratio: float, limit: float) -> str:
    return f"[red]{ratio:.2f}[/red]" if ratio > limit else f"{ratio:.2f}"
