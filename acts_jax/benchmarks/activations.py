"""The time that activations take per element, beside jax.nn and PyTorch in the same run.

The programs compared take turns, so that whatever else the machine does meets all of them; times
are medians, and ratios are medians of the ratios within one turn.
"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from rich.table import Table
from rich.text import Text

from acts_jax.activations.catalogue import Activation
from acts_jax.activations.derivative import derivative
from acts_jax.precision.counterparts import LIBRARIES, function_of, only_elementwise

KINDS = ("f", "f'", "both")
_ARRAYS = {"f": 2, "f'": 2, "both": 3}  # read and written


@dataclass(frozen=True)
class Timing:
    """One program of one library.

    Attributes:
        activation: Its name.
        library: One of `LIBRARIES`.
        kind: "f", "f'", or "both": the value and the derivative in one program.
        nanoseconds: Median time per element.
        floor: What moving the arrays takes, per element, at the fastest copy of the same run.
        over_exp: The time as a multiple of that of the same kind of program for `jnp.exp`.
        ours_over_this: The time of acts_jax as a multiple of this one's.
    """

    activation: str
    library: str
    kind: str
    nanoseconds: float
    floor: float
    over_exp: float
    ours_over_this: float


def interleaved(
    runs: Mapping[Hashable, Callable[[], object]], repeats: int, warmups: int = 2
) -> dict[Hashable, np.ndarray]:
    """Seconds of each run, [repeats]: they take turns, each round starting with another one.

    Args:
        runs: Each returns only when its work is done.
        repeats: Timed rounds.
        warmups: Rounds before them, which are not timed.
    """
    keys = list(runs)
    seconds = {key: np.empty(repeats) for key in keys}
    for turn in range(-warmups, repeats):
        first = turn % len(keys)
        for key in keys[first:] + keys[:first]:
            started = time.perf_counter()
            runs[key]()
            if turn >= 0:
                seconds[key][turn] = time.perf_counter() - started
    return seconds


def benchmark(
    activation: str | Activation | Callable, size: int = 2**22, repeats: int = 9
) -> list[Timing]:
    """Time f, f' and both of an activation, in every library that has it, over float32.

    Args:
        activation: What `acts_jax.get` takes; at its default parameters.
        size: Elements.
        repeats: Timed rounds.

    Raises:
        ValueError: for an activation that does not exist, or is not elementwise.
    """
    activation = only_elementwise(activation)
    x = _inputs(activation, size)
    runs = {
        (library, kind): run
        for library in LIBRARIES
        if (function := function_of(activation, library)) is not None
        for kind, run in (_torch_runs if library == "torch" else _jax_runs)(function, x).items()
    }
    exponentials = {("exp", kind): run for kind, run in _jax_runs(jnp.exp, x).items()}
    copy = {("copy", "f"): _jax_runs(jnp.negative, x)["f"]}
    seconds = interleaved({**runs, **exponentials, **copy}, repeats)
    array = np.min(seconds["copy", "f"]) / 2
    return [
        Timing(
            activation.name,
            library,
            kind,
            nanoseconds=float(1e9 * np.median(seconds[library, kind]) / size),
            floor=float(1e9 * array * _ARRAYS[kind] / size),
            over_exp=_ratio(seconds[library, kind], seconds["exp", kind]),
            ours_over_this=_ratio(seconds["acts_jax", kind], seconds[library, kind]),
        )
        for library, kind in runs
    ]


def table(timings: Sequence[Timing]) -> Table:
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
            Text(name),
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


def _limited(ratio: float, limit: float) -> Text:
    return Text(f"{ratio:.2f}", "red" if ratio > limit else "")


def _ratio(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.median(ours / theirs))


def _inputs(activation: Activation, size: int) -> np.ndarray:
    low, high = activation.domain
    rng = np.random.default_rng(0)
    if np.isfinite(low) and np.isfinite(high):
        return rng.uniform(low, high, size).astype(np.float32)
    return 2 * rng.standard_normal(size, dtype=np.float32)


def _jax_runs(function: Callable, x: np.ndarray) -> dict[str, Callable[[], object]]:
    x = jax.device_put(x)
    slope = derivative(function)
    programs = {"f": function, "f'": slope, "both": lambda x: (function(x), slope(x))}
    return {kind: _blocking(jax.jit(program), x) for kind, program in programs.items()}


def _blocking(program: Callable, x: jax.Array) -> Callable[[], object]:
    return lambda: jax.block_until_ready(program(x))


def _torch_runs(function: Callable, x: np.ndarray) -> dict[str, Callable[[], object]]:
    import torch

    fixed, point = torch.from_numpy(x), torch.from_numpy(x).clone().requires_grad_()
    ones, value = torch.ones_like(fixed), function(point)

    def backward(value):
        return torch.autograd.grad(value, point, ones, retain_graph=True)

    return {
        "f": lambda: function(fixed),
        "f'": lambda: backward(value),
        "both": lambda: backward(function(point)),
    }
