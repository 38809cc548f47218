"""Errors as tables: for the terminal, and for a README."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from acts_jax.precision.accuracy import PROMISED, Error
from acts_jax.precision.counterparts import LIBRARIES

WELL_KNOWN = ("sigmoid", "tanh", "erf", "elu", "selu")
WELL_KNOWN += ("softplus", "silu", "gelu", "gelu_tanh", "mish", "softmax", "log_softmax")


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
        color = "red" if bound > PROMISED else ""
        table.add_row(Text(name), *cells, Text(f"{bound:.2g}", color))
    table.caption = (
        "bound: our largest error in units of ulp(result) + eps |x d(result)/dx|; "
        f"{PROMISED} is promised"
    )
    return table


def accuracy_markdown(errors: Sequence[Error], names: Sequence[str] = WELL_KNOWN) -> str:
    """The largest mixed errors of the well-known functions as a Markdown table."""
    lines = [
        "| | f ours | jax.nn | torch | f' ours | jax.nn | torch | jax.nn's worst f' at |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    rows = _by_name(errors)
    for name in filter(rows.get, names):
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
