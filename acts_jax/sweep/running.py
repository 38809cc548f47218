"""Running a compiled group: chunk after chunk, from its initial networks to its outcome.

A chunk is the steps from one evaluation to the next. After every one the host gets control back:
in `on_chunk` of `run`.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

from acts_jax import training
from acts_jax.sweep.chunk import Splits, by_split, stopped
from acts_jax.sweep.engine import Program
from acts_jax.sweep.grid import Group, Static
from acts_jax.sweep.outcome import EXAMPLES, ON_DEMAND, Outcome
from acts_jax.training import probes


class Standing(NamedTuple):
    """Where a group stands between two chunks; from here it can go on in another process.

    Attributes:
        evaluations: How many have been made, the one at initialisation included.
        state: The networks on the devices, of each row [devices, pack, ...]; the next chunk uses
            them up.
        metrics: Per metric an array [cells, evaluations, ...], NaN once a cell has diverged or
            stopped.
        diverged_step: int64 [cells], -1 for those that have not.
        last: int64 [cells], index of the last evaluation before the cell stopped, or of the latest.
        examples: As `Outcome.examples`, of the evaluation that would be kept now; a squared error
            is one of the labels.
    """

    evaluations: int
    state: tuple[training.TrainState, ...]
    metrics: dict[str, np.ndarray]
    diverged_step: np.ndarray
    last: np.ndarray
    examples: dict[str, np.ndarray]


def beginning(program: Program, group: Group) -> Standing:
    """Where a group stands before its first chunk."""
    return Standing(0, program.state, {}, *np.full((2, group.size), -1), {})


def run(
    program: Program,
    group: Group,
    on_chunk: Callable[[Standing], Any] = lambda standing: None,
    start: Standing | None = None,
) -> Outcome:
    """Trains and measures the cells of a group.

    Args:
        program: As built for this group; used up by the run.
        group: The cells.
        on_chunk: Called after every chunk; here the host has control.
        start: Where an earlier run of the same program stood; from the beginning by default.

    Returns:
        The outcome, its metrics NaN from a cell's divergence on, and after it has stopped.
    """
    static = group.static
    per_epoch = program.data.sizes[0] // static.batch_size
    marks = np.array(static.eval_steps(per_epoch))
    everywhere = program.data.rows.labels.sharding
    standing = start or beginning(program, group)
    for before, after in list(itertools.pairwise([0, *marks]))[standing.evaluations :]:
        over = _on_host([stopped(row, static.patience) for row in standing.state], group.size)
        if over.all():
            break
        order = orders(program, static, before, after)
        steps = jax.device_put(np.int32(after - before), everywhere)
        # All rows are started before the first is waited for.
        rows = zip(standing.state, program.cells, strict=True)
        done = [program.chunk(*row, program.data, order, steps) for row in rows]
        standing = _advance(standing, done, over, static.record)
        on_chunk(standing)
    outcome = _outcome(standing, marks // per_epoch, marks)
    examples = dict(standing.examples)
    if program.target_scale is not None:
        scale = program.target_scale[:, None]
        for split in Splits._fields:  # in the target's units: the loss is half the squared error
            root = np.sqrt(2 * outcome.metrics[f"{split}_loss"])
            outcome.metrics[f"{split}_rmse"] = scale * root
        examples = {name: scale**2 * error for name, error in examples.items()}
    if program.test_rows is not None:
        examples["test_rows"] = program.test_rows
    outcome = dataclasses.replace(outcome, examples=examples)
    if static.record == "parameters":
        parameters = _parameters([row.params for row in standing.state], group.size)
        outcome = dataclasses.replace(outcome, parameters=parameters)
    return outcome


def _parameters(rows: list[Any], cells: int) -> dict[str, np.ndarray]:
    """The networks of all rows by path, such as `hidden_1.kernel`: arrays [cells, ...]."""
    paths = [jax.tree_util.tree_flatten_with_path(row)[0] for row in jax.device_get(rows)]
    return {
        ".".join(entry.key for entry in leaves[0][0]): _on_host([leaf for _, leaf in leaves], cells)
        for leaves in zip(*paths, strict=True)
    }


def _advance(standing: Standing, done: list[tuple], over: np.ndarray, record: str) -> Standing:
    """Where a group stands after a chunk; waits for the devices.

    `done` is what the program gave for each row, `over` whether each cell had stopped before,
    `record` what of it is kept besides the metrics.
    """
    state, measured = zip(*done, strict=True)
    kept = [name for name in measured[0] if ON_DEMAND.get(name, record) == record]
    measured = [{name: row[name] for name in kept} for row in measured]
    measured, cells = jax.device_get(measured), len(over)
    diverged = _on_host([row.diverged_step for row in state], cells).astype(np.int64)
    found = {name: _on_host([row[name] for row in measured], cells) for name in measured[0]}
    examples = {name: found.pop(name) for name in EXAMPLES if name in found}
    better = ~over & (_waited(state, cells) == 0)
    for name, values in standing.examples.items():
        examples[name][~better] = values[~better]
    # A program that does not measure has no scores.
    scores = {name: found.pop(name) for name in probes.Score._fields if name in found}
    metrics = {}
    for name, values in (found | by_split(scores)).items():
        values = np.array(values[:, None])
        values[over | (diverged >= 0)] = np.nan
        earlier = standing.metrics.get(name)
        metrics[name] = values if earlier is None else np.concatenate([earlier, values], axis=1)
    last = np.where(over, standing.last, standing.evaluations)
    return Standing(standing.evaluations + 1, state, metrics, diverged, last, examples)


def _outcome(standing: Standing, epochs: np.ndarray, steps: np.ndarray) -> Outcome:
    """The outcome of a group that is through, its metrics filled up to the last evaluation."""
    absent = len(epochs) - standing.evaluations
    metrics = {
        name: np.pad(
            values, [(0, 0), (0, absent), *[(0, 0)] * (values.ndim - 2)], constant_values=np.nan
        )
        for name, values in standing.metrics.items()
    }
    diverged, last = standing.diverged_step, standing.last
    kept = np.where(diverged < 0, last - _waited(standing.state, len(last)), last)
    return Outcome(epochs, steps, metrics, diverged, last, kept)


def _waited(state: tuple[training.TrainState, ...], cells: int) -> np.ndarray:
    """Evaluations of each cell since the one that is kept, [cells]; 0 without patience."""
    watches = [row.watch for row in state]
    if None in watches:
        return np.zeros(cells, int)
    return _on_host([watch.waited for watch in watches], cells)


def orders(program: Program, static: Static, first: int, last: int) -> jax.Array:
    """The batches from one step to another for every seed, everywhere: int32 [room, steps, batch].

    As many steps as the longest chunk needs; those beyond `last` are not used, nor is what fills
    the room up. The devices share the work, for XLA sorts on one core.
    """
    size, everywhere = program.data.sizes[0], program.data.rows.labels.sharding
    per_epoch = size // static.batch_size
    epochs = static.chunk_epochs(per_epoch)
    if first == last:  # an evaluation without training
        none = np.zeros((program.room, epochs * per_epoch, static.batch_size), np.int32)
        return jax.device_put(none, everywhere)
    mesh = everywhere.mesh
    epoch, begun = divmod(int(first), per_epoch)
    order = _drawn(program.seeds, np.int32(epoch), mesh, epochs, size, static.batch_size)
    order = jnp.roll(order, -begun, axis=1) if begun else order
    # On every device first: to fill up what lies apart the devices would have to meet, and one that
    # still trains lets the others wait, which XLA ends after 40 s with the process.
    order = jax.device_put(order, everywhere)
    return jnp.pad(order, ((0, program.room - len(order)), (0, 0), (0, 0)))


@functools.partial(jax.jit, static_argnums=(2, 3, 4, 5))
def _drawn(
    seeds: jax.Array, first: jax.Array, mesh: Mesh, epochs: int, size: int, batch_size: int
) -> jax.Array:
    """`epochs` epochs of batches from `first` on: int32 [seeds, steps, batch], seeds by device."""
    order = functools.partial(training.batch_order, num_examples=size, batch_size=batch_size)

    def draw(seeds, first):
        orders = jax.vmap(jax.vmap(order, (None, 0)), (0, None))(seeds, first + jnp.arange(epochs))
        return orders.reshape(len(seeds), -1, batch_size)

    each = P("cells")
    return jax.shard_map(draw, mesh=mesh, in_specs=(each, P()), out_specs=each)(seeds, first)


def _on_host(rows: Iterable[jax.Array], cells: int) -> np.ndarray:
    """Arrays [devices, pack, ...], one per row, as one [cells, ...] on the host."""
    return np.concatenate([np.concatenate(np.array(row)) for row in rows])[:cells]
