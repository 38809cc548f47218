"""Work: what a launcher is given, and what it gives back."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from acts_jax.data import Dataset
from acts_jax.sweep.grid import Group
from acts_jax.sweep.outcome import Failure, Outcome
from acts_jax.sweep.signals import Stop


@dataclasses.dataclass
class Seconds:
    """Where the wall-clock time of a sweep went.

    Attributes:
        data: Putting datasets on the devices.
        compile: Initialising, tracing and compiling, summed over groups; most of it happens while
            another group runs.
        wait: The part of `compile` during which nothing ran.
        run: Training and measuring.
        store: Writing results.
    """

    data: float = 0.0
    compile: float = 0.0
    wait: float = 0.0
    run: float = 0.0
    store: float = 0.0

    def __add__(self, other: "Seconds") -> "Seconds":
        """Those of two sweeps, one after the other."""
        both = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return Seconds(*(mine + theirs for mine, theirs in both))

    @property
    def total(self) -> float:
        """What is in the wall-clock time; the rest of `compile` went on meanwhile."""
        return self.wait + self.run + self.store


@dataclasses.dataclass(frozen=True)
class Work:
    """What a launcher is given.

    Attributes:
        groups: The cells to train: groups, or what is missing of them.
        datasets: Their data by name.
        pack: Cells per vmap; None for what suits the machine that trains them.
        checkpoints: Folder for the checkpoints of long groups.
        checkpoint_after: Groups that take more seconds than this are checkpointed at every chunk.
        stop: Whether to stop; a launcher looks at it at every chunk and while it waits, saves what
            it can, and raises `Stopped`.
        on_chunk: To be called after every chunk with the part; the number of its steps done by
            now, in all its cells together; how many of them were taken now, and not by the run that
            left a checkpoint; and how many of its cells have diverged.
        seconds: To be added to.
    """

    groups: Sequence[Group]
    datasets: Mapping[str, Dataset]
    pack: int | None
    checkpoints: Path
    checkpoint_after: float
    stop: Stop
    on_chunk: Callable[[Group, int, int, int], None]
    seconds: Seconds


# A group, or part of one, that was trained or could not be.
Finished = tuple[Group, Outcome | Failure]
# From the work to its results, in any order, every cell exactly once.
Launcher = Callable[[Work], Iterator[Finished]]
