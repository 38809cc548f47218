"""Data frames as tables for a terminal."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text


def terminal_table(frame: pd.DataFrame) -> Table:
    """A DataFrame without its index as a table for a terminal: numbers right, text left.

    A header is no wider than the numbers below it where words go on in another line.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = [[cell(value) for value in column] for _, column in frame.items()]
    for name, entries in zip(map(str, frame), columns, strict=True):
        if all(re.match(r"[−+–]?\d|–$", entry) for entry in entries):
            words = textwrap.wrap(name, max(map(len, [*entries, *name.split()]), default=1))
            table.add_column(Text("\n".join(words)), justify="right", no_wrap=True)
        else:
            table.add_column(Text(name))
    for row in zip(*columns, strict=True):
        table.add_row(*map(Text, row))
    return table


def cell(value: Any) -> str:
    """An entry of a table: text as it is, floats with 4 digits, – for what is missing."""
    if pd.isna(value):
        return "–"
    return f"{value:.4g}".replace("-", "−") if isinstance(value, float) else str(value)
