"""The live line: what it shows, that training does not depend on it, and an honest time left."""

import io
import itertools
import time

import pytest
from rich.console import Console

from acts_jax.errors import OutputError
from acts_jax.sweep.launch import Progress
from acts_jax.sweep.progress import Pace, ProgressLine


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


# Time lines of sweeps: of each group its cells, the seconds until it is compiled, the seconds that
# each chunk takes, and the work of each chunk as it is reckoned beforehand.
TIMELINES = {
    "alike": [(10, 1.0, 2.0, 1.0, 5)] * 9,
    "the last heavy": [*[(9, 0.5, 0.01, 0.01, 4)] * 9, (9, 0.5, 15.0, 15.0, 4)],
    "the first heavy": [(9, 0.5, 15.0, 15.0, 4), *[(9, 0.5, 0.01, 0.01, 4)] * 9],
    "mostly compiled": [(5, 4.0, 0.01, 1.0, 3)] * 20,
    "one long group": [(50, 5.0, 60.0, 7.0, 50)],
    "deeper and deeper": [(10, 1.0, 0.1 * 2**i, 2.0**i, 3) for i in range(8)],
}


def reports(timeline):
    """At every report of a sweep: the pace, the work left, the cells waiting, the seconds left."""
    work = sum(each * chunks for *_, each, chunks in timeline)
    waiting = sum(cells for cells, *_ in timeline)
    rest = sum(compiling + seconds * chunks for _, compiling, seconds, _, chunks in timeline)
    pace = Pace()
    yield pace, work, waiting, rest
    for cells, compiling, seconds, each, chunks in timeline:
        for chunk in range(chunks):
            took, opened = seconds, 0
            if chunk == 0:
                took, opened, waiting = compiling + seconds, cells, waiting - cells
            pace, work, rest = pace.after(took, each, opened), work - each, rest - took
            yield pace, work, waiting, rest


@pytest.mark.parametrize("timeline", TIMELINES.values(), ids=TIMELINES)
def test_the_time_left_is_of_the_size_that_it_turns_out_to_be(timeline):
    every = list(reports(timeline))
    for pace, work, waiting, rest in every[len(every) // 4 : -1]:
        left = pace.left(work, waiting)
        assert left >= 1
        assert rest / 2 - 1 <= left <= 2 * rest + 1


@pytest.mark.parametrize("timeline", TIMELINES.values(), ids=TIMELINES)
def test_before_anything_went_on_nothing_is_said(timeline):
    pace, work, waiting, _ = next(reports(timeline))
    assert pace.left(work, waiting) is None


def test_with_nine_of_ninety_cells_to_go_the_heavy_ones_count():
    """Steps alone would say 0 s: the last group takes as many as the others, each 1500 times."""
    every = reports(TIMELINES["the last heavy"])
    pace, work, waiting, rest = next(r for r in every if r[2] == 9)
    assert round(rest) == 61
    assert 50 < pace.left(work, waiting) < 70


def test_the_time_left_counts_down_and_grows_when_nothing_is_heard():
    pace = Pace().after(1.0, 1.0, 5).after(10.0, 1.0, 0)
    assert [pace.left(4.0, 0, silent) for silent in (0, 10, 20, 30, 100)] == [40, 30, 20, 30, 100]
    assert pace.left(0.0, 0) == 1.0  # not stored yet


def test_reports_that_are_each_of_other_cells_tell_it_too():
    """As from a cluster, whose tasks are through when they are first heard of."""
    pace = Pace().after(10.0, 5.0, 4).after(10.0, 5.0, 4)
    assert pace.left(10.0, 8) == 20.0
    assert Pace().after(3.0, 0.01, 4).left(100.0, 8) is None


def test_the_line_says_what_it_knows(monkeypatch):
    clock = itertools.count(0.0, 1.0)  # a second passes with every look
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    console = Console(file=io.StringIO(), width=200)
    with ProgressLine(console, interval=0.0) as line:
        progress = Progress(cells=8, steps=80, work=80.0, cells_waiting=8)
        line(progress)
        progress.cells_waiting, progress.work_done, progress.work_taken = 4, 0.5, 0.5
        line(progress)
        progress.work_done = progress.work_taken = 20.0
        line(progress)
        progress.cells_done, progress.work_done, progress.work_taken = 4, 80.0, 80.0
        line(progress)
        progress.cells_done = 8
        line(progress)
    first, second, third, fourth, last = console.file.getvalue().splitlines()
    assert first.endswith("time left not known yet")
    assert second.endswith("time left not known yet")
    assert "about" in third and int(third.rpartition("about ")[2].split()[0]) > 1
    assert "0 s left" not in fourth and "s left" in fourth
    assert "left" not in last
