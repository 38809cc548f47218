"""The live line: what it shows, and that training does not depend on it."""

import io

from rich.console import Console

from acts_jax.errors import OutputError
from acts_jax.sweep.launch import Progress
from acts_jax.sweep.progress import ProgressLine


class Closed(io.StringIO):
    """A stream that was closed at its other end."""

    tries = 0

    def write(self, text):
        self.tries += 1
        raise OutputError(32, "Broken pipe")


def test_a_log_gets_a_line_with_the_numbers():
    console = Console(file=io.StringIO(), width=100)
    with ProgressLine(console, interval=0.0) as line:
        line(Progress(cells=10, steps=100, cells_done=4, diverged=1, steps_done=40, steps_taken=40))
    assert console.file.getvalue().startswith("4/10 cells, 1 diverged, ")


def test_a_stream_that_was_closed_is_left_alone():
    console = Console(file=Closed())
    with ProgressLine(console, interval=0.0) as line:
        for _ in range(3):
            line(Progress(cells=10, steps=100))
    assert console.file.tries == 1
