"""The live line of a running sweep."""

import contextlib
import math
import time

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from acts_jax.sweep.launch import Progress


class ProgressLine:
    """Shows cells done, cells diverged, steps per second and the time left.

    One line that rewrites itself on a terminal; elsewhere, such as in a log, a plain line every
    `interval` seconds. Use it as a context manager, and call it with each `Progress`.

    Args:
        console: Where to write.
        interval: Seconds between two lines where there is no terminal.
    """

    def __init__(self, console: Console, interval: float = 10.0):
        self._console = console
        self._interval = interval
        self._started = self._printed = time.monotonic()
        self._bar = Bar(
            TextColumn("{task.fields[cells]} cells"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[diverged]} diverged, {task.fields[rate]:,.0f} steps/s,"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("sweep", cells="0", diverged=0, rate=0.0)
        self._lost = False

    def __enter__(self) -> "ProgressLine":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Shows the progress made, for as long as there is something to show it on.

        A terminal may be closed, and a log's disk be full: that must not end the training.
        """
        try:
            if not self._lost:
                self._show(progress)
        except OSError:
            self._lost = True

    def _show(self, progress: Progress) -> None:
        now = time.monotonic()
        rate = progress.steps_taken / max(now - self._started, 1e-9)
        cells = f"{progress.cells_done}/{progress.cells}"
        self._bar.update(
            self._task,
            total=progress.steps,
            completed=progress.steps_done,
            cells=cells,
            diverged=progress.diverged,
            rate=rate,
        )
        if not self._console.is_terminal and now - self._printed >= self._interval:
            self._printed = now
            left = (progress.steps - progress.steps_done) / rate if rate else math.inf
            self._console.print(
                f"{cells} cells, {progress.diverged} diverged, {rate:,.0f} steps/s, "
                f"{now - self._started:.0f} s" + (f", about {left:.0f} s left" if rate else ""),
                highlight=False,
                soft_wrap=True,
            )
