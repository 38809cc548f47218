"""The live line of a running sweep, and how long the rest of it will take."""

import contextlib
import time
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from acts_jax.sweep.launch import Progress

KNOWN = 0.01  # share of the rest that has to be done for an estimate from it alone


class Pace(NamedTuple):
    """What the reports of a sweep took so far: each ends an interval, which is of one of two kinds.

    Either something was heard of cells for the first time, so the interval went into compiling
    them; or cells went on that were known, so it went into work. The unit of work is any.

    Attributes:
        running: Seconds of the intervals in which known cells went on.
        done: Work that was reported at their ends.
        opening: Seconds of the other intervals.
        begun: Work that was reported at the ends of these.
        opened: Cells that were heard of then.
    """

    running: float = 0.0
    done: float = 0.0
    opening: float = 0.0
    begun: float = 0.0
    opened: int = 0

    def after(self, seconds: float, work: float, cells: int) -> "Pace":
        """The pace after one more report, of so much work and so many cells not heard of before."""
        if not cells:
            return self._replace(running=self.running + seconds, done=self.done + work)
        return self._replace(
            opening=self.opening + seconds, begun=self.begun + work, opened=self.opened + cells
        )

    def left(self, work: float, cells: int, silent: float = 0.0) -> float | None:
        """Seconds until the rest is done, at least 1; None as long as that cannot be known.

        Args:
            work: What is left of it.
            cells: Of which nothing has been heard yet.
            silent: Seconds since the last report. What has lasted so long may last as long again.
        """
        if self.done:
            rate = self.running / self.done
            compiling = max(self.opening - rate * self.begun, 0.0) / max(self.opened, 1)
            expected = rate * work + compiling * cells
        elif self.begun > KNOWN * work:  # reports so rare that each was of cells not heard of
            expected = self.opening / self.begun * work
        else:
            return None
        return max(expected - silent, silent, 1.0)


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
        self._started = self._printed = self._heard = time.monotonic()
        self._pace, self._work_taken, self._waiting = Pace(), 0.0, 0
        self._rest = 0.0
        self._bar = Bar(
            TextColumn("{task.fields[cells]} cells"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[diverged]} diverged, {task.fields[rate]:,.0f} steps/s,"),
            TimeElapsedColumn(),
            _TimeLeft(self),
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
        self._note(progress)
        try:
            if not self._lost:
                self._show(progress)
        except OSError:
            self._lost = True

    def time_left(self) -> str:
        """What can be said of it now: `about 20 s left`."""
        left = self._pace.left(self._rest, self._waiting, time.monotonic() - self._heard)
        return "time left not known yet" if left is None else f"about {left:,.0f} s left"

    def _note(self, progress: Progress) -> None:
        now, opened = time.monotonic(), self._waiting - progress.cells_waiting
        if opened >= 0:  # the first report is of what there is to do
            work = progress.work_taken - self._work_taken
            self._pace = self._pace.after(now - self._heard, work, opened)
        self._heard, self._work_taken = now, progress.work_taken
        self._waiting, self._rest = progress.cells_waiting, progress.work - progress.work_done

    def _show(self, progress: Progress) -> None:
        now = time.monotonic()
        rate = progress.steps_taken / max(now - self._started, 1e-9)
        cells = f"{progress.cells_done}/{progress.cells}"
        self._bar.update(
            self._task,
            total=progress.work,
            completed=progress.work_done,
            cells=cells,
            diverged=progress.diverged,
            rate=rate,
        )
        if not self._console.is_terminal and now - self._printed >= self._interval:
            self._printed = now
            through = progress.cells_done + progress.failed == progress.cells
            self._console.print(
                f"{cells} cells, {progress.diverged} diverged, {rate:,.0f} steps/s, "
                f"{now - self._started:.0f} s" + ("" if through else f", {self.time_left()}"),
                highlight=False,
                soft_wrap=True,
            )


class _TimeLeft(ProgressColumn):
    """The time left, counted down between two reports."""

    max_refresh = 0.5

    def __init__(self, line: ProgressLine):
        super().__init__()
        self._line = line

    def render(self, task: Task) -> Text:
        return Text(self._line.time_left())
