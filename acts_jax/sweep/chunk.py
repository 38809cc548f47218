"""The chunk of a group: what its program does from one evaluation to the next, and how it compiles.

A row of packs goes through it, one pack on each device.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec as P

from acts_jax import training
from acts_jax.models import Network
from acts_jax.sweep.grid import Static, parameter_prefix
from acts_jax.training import probes
from acts_jax.training.slices import Slices


class Splits(NamedTuple):
    """A dataset, one `Examples` per split."""

    train: training.Examples
    validation: training.Examples
    test: training.Examples


def by_split(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Scores [..., splits] by name as one [...] per split, named `validation_loss` and the like."""
    return {
        f"{split}_{name}": values[..., i]
        for i, split in enumerate(Splits._fields)
        for name, values in scores.items()
    }


class Cells(NamedTuple):
    """What differs between the cells of a row, arrays [devices, pack].

    Attributes:
        optimizer: Learning rate, momentum, weight decay; float32.
        parameters: The activation's parameters; float32. Initial values of learned ones.
        seed: int32, which row of the batch order is the cell's.
        limit: The supremum of |f'|, float32; None where it changes with what is learned.
        division: int32, which of the divisions in the data is the cell's; None if there is one.
    """

    optimizer: training.Hyperparameters
    parameters: dict[str, jax.Array]
    seed: jax.Array
    limit: jax.Array | None
    division: jax.Array | None


def stopped(state: training.TrainState, patience: int) -> jax.Array:
    """Whether training is over early: bool, of the shape of the state's scalars."""
    if not patience:
        return jnp.zeros(state.step.shape, bool)
    return (state.watch.waited >= patience) | (state.diverged_step >= 0)


def compile_chunk(
    one: Callable[..., tuple],
    static: Static,
    state: training.TrainState,
    cells: Cells,
    data: Slices,
    num_seeds: int,
) -> Callable:
    """The program of a group, for one row: each device has a pack, vmap over its cells.

    `one` is the chunk of one cell.
    """

    def chunk(state, cells, data, order, steps):
        def cell(state, cell):
            return one(state, cell, data, order, steps)

        run = jax.vmap(cell)

        def run_unless_stopped(state, cells):
            _, measured = jax.eval_shape(run, state, cells)
            nothing = jax.tree.map(lambda leaf: jnp.full(leaf.shape, jnp.nan, leaf.dtype), measured)
            over = stopped(state, static.patience).all()
            return jax.lax.cond(over, lambda *_: (state, nothing), run, state, cells)

        # What a device has of an array is [1, pack, ...].
        pack = jax.tree.map(lambda leaf: leaf.reshape(leaf.shape[1:]), (state, cells))
        done = (run_unless_stopped if static.patience else run)(*pack)
        return jax.tree.map(lambda leaf: leaf[None], done)

    per_epoch = data.sizes[0] // static.batch_size
    longest = static.chunk_epochs(per_epoch) * per_epoch
    whole = functools.partial(
        jax.ShapeDtypeStruct, dtype=np.int32, sharding=data.rows.labels.sharding
    )
    order, steps = whole((num_seeds, longest, static.batch_size)), whole(())
    sharded = jax.shard_map(
        chunk,
        mesh=data.rows.labels.sharding.mesh,
        in_specs=(P("cells"), P("cells"), P(), P(), P()),
        out_specs=P("cells"),
        check_vma=False,
    )
    program = jax.jit(sharded, donate_argnums=0)
    return program.lower(state, cells, data, order, steps).compile()


def train_and_measure(
    model: Callable[[dict], Network],
    static: Static,
    measure: bool,
    state: training.TrainState,
    cell: Cells,
    data: Slices,
    order: jax.Array,
    steps: jax.Array,
) -> tuple[training.TrainState, dict[str, jax.Array]]:
    """Trains one cell for some steps, then measures it if that is wanted."""
    network, before = model(cell.parameters), state
    optimizer = training.make_optimizer(static.optimizer, cell.optimizer, static.decay_activations)
    data = data.of(cell.division)
    order = data.index(order[cell.seed])
    state = training.train(network, optimizer, state, data.rows, order, steps)
    if not measure:
        return state, {}
    measured = probes.measure(network, state.params, data, cell.limit)
    state = state._replace(diverged_step=training.note_divergence(state, measured.loss[0]))
    metrics = measured._asdict()
    metrics["test_error" if network.head == "linear" else "test_hits"] = metrics.pop("examples")
    for name, values in network.learned(state.params).items():
        values = values[0] if static.share == "network" else _stacked(values)
        metrics[f"{parameter_prefix(static.activation)}.{name}"] = values
    if static.patience:
        score = -measured.loss if network.head == "linear" else measured.accuracy
        score = score[Splits._fields.index("validation")]
        over = stopped(before, static.patience)
        # The evaluation at initialisation does not count: what is kept is a trained network.
        idle, noted = over | (state.step == 0), training.note_score(before.watch, score)
        watch = jax.tree.map(functools.partial(jnp.where, idle), before.watch, noted)
        diverged = jnp.where(over, before.diverged_step, state.diverged_step)
        state = state._replace(watch=watch, diverged_step=diverged)
    return state, metrics


def _stacked(values: Sequence[jax.Array]) -> jax.Array:
    """Scalars, or vectors filled up with NaN to the longest, as one array [sites, ...]."""
    widest = max(value.size for value in values)
    filled = [
        jnp.pad(value, (0, widest - value.size), constant_values=jnp.nan) if value.ndim else value
        for value in values
    ]
    return jnp.stack(filled)
