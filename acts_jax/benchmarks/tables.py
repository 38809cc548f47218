"""Times as a table for the terminal."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from acts_jax.benchmarks.activations import KINDS, Timing
from acts_jax.precision.counterparts import LIBRARIES


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
