"""The engine: a group of cells becomes one compiled program.

Static is what `Group.static` holds; it is compiled in. Traced is everything in `Cells`; it is
an argument. The cells of a group are cut into packs, and each pack is trained by one vmap. The
program trains one row of packs, [devices, pack], one on each device, from one evaluation to the
next; `running` starts it for row after row. The width of a pack is the same whatever the number of
cells, so a cell's result does not depend on which others it runs with; the last row is filled up
with copies of the last cell.

With `patience` a cell stops early, once that many evaluations in a row were no better on
validation. From then on nothing of it counts; a pack whose cells have all stopped takes no time.
"""

import dataclasses
import functools
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from acts_jax import training
from acts_jax.activations.catalogue import get
from acts_jax.data import Dataset, class_weights, preprocessing
from acts_jax.errors import ConfigError
from acts_jax.models import CNN, MLP, Network, ViT, num_parameters
from acts_jax.models.own import OwnNetwork, accept_module
from acts_jax.sweep.chunk import Cells, Splits, compile_chunk, train_and_measure
from acts_jax.sweep.grid import Group, Static
from acts_jax.theory.shape import sup_derivative
from acts_jax.training.slices import Slices, join, stack

# A program has room for so many seeds, and divisions of the data, or a multiple: so the rounds of a
# sweep share it, and so do sweeps of 3 seeds and of 5. Not where more bytes than FILLED would idle.
ROOM = 12
FILLED = 2**24


@dataclasses.dataclass(frozen=True)
class Program:
    """A compiled group, ready to run.

    Attributes:
        chunk: (state, cells, data, order, steps) -> (state, metrics) of one row, compiled. The
            metrics are the fields of `probes.Measured`, and learned parameters.
        state: The networks before the first step, row by row.
        cells: Their traced hyperparameters, row by row.
        data: The splits, in the order of `Splits`.
        seeds: The distinct seeds [seeds], the last one repeated up to a multiple of the devices.
        room: Seeds that the program has room for.
        target_scale: Of a regression's targets, see `Dataset`: float32 [cells]; None for a
            classification.
        test_rows: `Dataset.test_rows` of every cell, int32 [cells, n]; None where all are 0 to
            n - 1, or no examples are recorded.
        seconds: Time it took to trace and compile.
    """

    chunk: Callable
    state: tuple[training.TrainState, ...]
    cells: tuple[Cells, ...]
    data: Slices
    seeds: np.ndarray
    room: int
    target_scale: np.ndarray | None
    test_rows: np.ndarray | None
    seconds: float


def splits_of(dataset: Dataset, kind: str) -> Splits:
    """A dataset's splits on the host: inputs as they are stored, to be scaled batch by batch."""
    scale, shift = preprocessing(kind, dataset.train.inputs)
    classes = len(dataset.class_names)
    return Splits(
        *(
            training.Examples(
                split.inputs.reshape(len(split.labels), -1),
                split.labels,
                scale,
                shift,
                class_weights(split.labels, classes)[split.labels] if classes else None,
                shape=dataset.input_shape,
            )
            for split in (dataset.train, dataset.validation, dataset.test)
        )
    )


def put(
    dataset: Dataset, kind: str, devices: Iterable[jax.Device], split_seeds: Sequence[int] = (0,)
) -> Slices:
    """The splits of a dataset, on every device: of all divisions that a group trains on.

    Args:
        dataset: The dataset.
        kind: Of preprocessing; every division is scaled by its own training split.
        devices: On all of which the data shall be.
        split_seeds: Of the divisions, `Group.split_seeds`.
    """
    mesh = Mesh(np.array(sorted(devices, key=lambda device: device.id)), ("cells",))
    each = [join(*splits_of(dataset.divided(seed), kind)) for seed in split_seeds]
    each += [each[-1]] * (divisions(dataset, len(split_seeds)) - len(each))
    return jax.device_put(stack(each), NamedSharding(mesh, P()))


def divisions(dataset: Dataset, count: int) -> int:
    """Divisions of a dataset that a group's data has room for, if it trains on so many."""
    if count == 1 and not dataset.divides_test:
        return 1
    return _room(count, division_bytes(dataset))


def division_bytes(dataset: Dataset) -> int:
    """What one division of a dataset takes on a device, in bytes."""
    splits = dataset.train, dataset.validation, dataset.test
    # The inputs of each example, its label and the weight of its class.
    return sum(split.inputs.nbytes + 8 * len(split.labels) for split in splits)


def order_bytes(static: Static, dataset: Dataset) -> int:
    """What the batches of one seed's longest chunk take on a device, in bytes."""
    epochs = static.chunk_epochs(steps_per_epoch(static, dataset))
    return 4 * len(dataset.train.labels) * epochs


def _room(count: int, each: int) -> int:
    """Room for a number of things that take so many bytes each; see `ROOM`."""
    up = math.ceil(count / ROOM) * ROOM
    return up if (up - count) * each <= FILLED else count


class Ends(NamedTuple):
    """What a network is between.

    Attributes:
        head: "softmax", "sigmoid" or "linear".
        outputs: How many.
        input_shape: Of one example.
    """

    head: str
    outputs: int
    input_shape: tuple[int, ...]


def resolve(static: Static, dataset: Dataset) -> Ends:
    """The head, the number of outputs and the inputs for a dataset.

    Raises:
        ConfigError: If the head cannot serve the dataset, or a batch exceeds the training set.
    """
    classes = len(dataset.class_names)
    auto = "linear" if dataset.task == "regression" else "sigmoid" if classes == 2 else "softmax"
    head = auto if static.head == "auto" else static.head
    if (head == "linear") != (dataset.task == "regression") or (head == "sigmoid" and classes != 2):
        what = "a regression" if dataset.task == "regression" else f"{classes} classes"
        raise ConfigError(f"head {head!r} does not fit {dataset.name} ({what}); use {auto!r}")
    size = len(dataset.train.labels)
    if static.batch_size > size:
        raise ConfigError(
            f"batch_size {static.batch_size} exceeds the {size} training examples of "
            f"{dataset.name}; give at most {size}"
        )
    most = (2**31 - 1) // (size // static.batch_size)  # steps are counted in int32
    if static.epochs > most:
        raise ConfigError(
            f"epochs {static.epochs:,} of {size // static.batch_size:,} steps each are too many; "
            f"give at most {most:,}"
        )
    return Ends(head, classes if head == "softmax" else 1, dataset.input_shape)


def check_network(static: Static, dataset: Dataset) -> str:
    """Refuses a network that the inputs of a dataset do not fit, before anything is compiled.

    Returns:
        A sentence on what cannot be measured in it; empty where everything can.

    Raises:
        ConfigError: If they do not, or see `resolve`.
    """
    ends = resolve(static, dataset)
    if static.model == "mlp":  # which takes all inputs
        return ""
    try:
        model = make_model(static, ends, get(static.activation).defaults)
        if isinstance(model, OwnNetwork):
            return accept_module(model)
        num_parameters(model, ends.input_shape)  # which refuses what it does not take
    except ValueError as error:
        raise ConfigError(f"{dataset.name}: {error}") from error
    return ""


def steps(group: Group, dataset: Dataset, evaluations: int | None = None) -> int:
    """Optimizer steps that all cells of a group take together, up to one of the evaluations.

    Args:
        group: The cells.
        dataset: Their data.
        evaluations: How many have been made; all of them by default.
    """
    marks = group.static.eval_steps(steps_per_epoch(group.static, dataset))
    return group.size * (0, *marks)[: None if evaluations is None else evaluations + 1][-1]


def steps_per_epoch(static: Static, dataset: Dataset) -> int:
    """Optimizer steps of one network in one epoch: whole batches only."""
    return len(dataset.train.labels) // static.batch_size


def build(
    group: Group,
    dataset: Dataset,
    data: Slices,
    pack: int,
    measure: bool = True,
    compiled: dict[Any, Future] | None = None,
) -> Program:
    """Initialises a group's networks and compiles its program.

    Args:
        group: The cells.
        dataset: Their data.
        data: The same from `put`, on the devices that the group shall run on.
        pack: Cells per vmap.
        measure: Whether every chunk ends with the measurements; False trains only.
        compiled: Programs of other groups that run on the same data; those that differ in their
            initial weights only share one, whichever thread asks first.
    """
    started = time.perf_counter()
    mesh = data.rows.labels.sharding.mesh
    rows = math.ceil(group.size / pack / mesh.size)
    place = np.minimum(np.arange(rows * mesh.size * pack), group.size - 1)
    place = place.reshape(rows, mesh.size, pack)
    model = functools.partial(make_model, group.static, resolve(group.static, dataset))
    cells, seeds = _cells(group, place, data)
    seeds = np.pad(seeds, (0, -len(seeds) % mesh.size), mode="edge")
    state = _initial_state(model({}), group, place, dataset.input_shape)
    state, cells = (_rows(tree, NamedSharding(mesh, P("cells"))) for tree in (state, cells))
    cell = functools.partial(train_and_measure, model, group.static, measure)
    compiled = {} if compiled is None else compiled
    room = _room(len(seeds), order_bytes(group.static, dataset))
    key = group.static.program, mesh.size, pack, room, data.divisions, measure
    future: Future = Future()
    shared = compiled.setdefault(key, future)
    if shared is future:
        try:
            one_row = state[0], cells[0], data, room
            future.set_result(compile_chunk(cell, group.static, *one_row))
        except BaseException as error:
            future.set_exception(error)
    chunk, test_rows = shared.result(), _test_rows(group, dataset)
    return Program(
        chunk,
        state,
        cells,
        data,
        seeds,
        room,
        _target_scale(group, dataset),
        test_rows,
        time.perf_counter() - started,
    )


def _target_scale(group: Group, dataset: Dataset) -> np.ndarray | None:
    """See `Program`."""
    if dataset.task != "regression":
        return None
    scales = [dataset.target_unit(seed)[1] for seed in group.split_seeds]
    return np.array(scales, np.float32)[group.division]


def _test_rows(group: Group, dataset: Dataset) -> np.ndarray | None:
    """See `Program`."""
    if group.static.record != "examples":
        return None
    rows = np.stack([dataset.test_rows_of(seed) for seed in group.split_seeds])
    return None if (rows == np.arange(rows.shape[1])).all() else rows[group.division]


def make_model(static: Static, ends: Ends, parameters: Mapping[str, Any]) -> Network:
    """The network that the cells of a group are, between the ends of `resolve`."""
    fields = dict(static.model_fields)
    common: dict[str, Any] = {
        "activation": static.activation,
        "num_outputs": ends.outputs,
        "parameters": parameters,
        "learn": static.learned,
        "share": static.share,
        "head": ends.head,
    }
    if ":" in static.model:
        shape = ends.input_shape
        return OwnNetwork(static.model, input_shape=shape, fields=static.model_fields, **common)
    common["initializer"] = static.init
    sizes = static.hidden_sizes
    if static.model == "cnn":
        return CNN(channels=sizes, **fields, **common)
    if static.model == "vit":
        return ViT(depth=len(sizes), width=sizes[0], **fields, **common)
    residual = static.model == "resmlp"
    return MLP(hidden_sizes=sizes, layer_norm=static.layer_norm, residual=residual, **common)


def _cells(group: Group, place: np.ndarray, data: Slices) -> tuple[Cells, np.ndarray]:
    """What differs between the cells at `place`, and the distinct seeds."""
    seeds, rows_of_seeds = np.unique(group.traced["seed"], return_inverse=True)
    given = (group.traced[name][place] for name in training.Hyperparameters._fields)
    # NaN stands for a momentum of plain SGD, which has none.
    optimizer = training.Hyperparameters(*(np.nan_to_num(v.astype(np.float32)) for v in given))
    parameters = {n: values[place].astype(np.float32) for n, values in group.parameters.items()}
    limit = _limit(group)
    limit = None if limit is None else limit[place]
    division = group.division[place] if data.divisions > 1 else None
    cells = rows_of_seeds[place].astype(np.int32), limit, division
    return Cells(optimizer, parameters, *cells), seeds


def _limit(group: Group) -> np.ndarray | None:
    """The supremum of |f'| of each cell, float32 [cells]; None where it changes in training.

    One program for all groups of an activation computes it, once for cells of the same parameters.
    """
    activation = group.static.activation
    if group.static.learned or not get(activation).elementwise:
        return None
    values = {name: cells.astype(np.float32) for name, cells in group.parameters.items()}
    table = np.stack([np.zeros(group.size), *values.values()], axis=1)
    _, first, which = np.unique(table, axis=0, return_index=True, return_inverse=True)
    distinct = {name: cells[first] for name, cells in values.items()}
    sup = jax.vmap(lambda own: sup_derivative(activation, **own), axis_size=len(first))
    return np.asarray(sup(distinct))[which.ravel()]


def initial_params(
    model: Network, group: Group, input_shape: tuple[int, ...], cells: Any = slice(None)
) -> Any:
    """The networks of a group's cells, or those at an index, before training: [cells, ...]."""
    keys = jax.vmap(lambda seed: training.key_for(seed, "init"))(group.traced["seed"][cells])
    return model.init_population(
        input_shape,
        keys,
        gain=group.traced["init_gain"][cells].astype(np.float32),
        parameters={n: v[cells].astype(np.float32) for n, v in group.parameters.items()},
    )


def _initial_state(
    model: Network, group: Group, place: np.ndarray, input_shape: tuple[int, ...]
) -> training.TrainState:
    """The state of the cells at `place` before training: arrays [rows, devices, pack, ...]."""
    params = initial_params(model, group, input_shape, place.ravel())
    # No optimizer's initial state depends on the values of its hyperparameters.
    none = training.Hyperparameters(0.0, 0.0, 0.0)
    optimizer = training.make_optimizer(group.static.optimizer, none)
    watch = training.begin_watch() if group.static.patience else None

    def begin(params):
        return training.init_state(params, optimizer)._replace(watch=watch)

    state = jax.vmap(begin)(params)
    return jax.tree.map(lambda leaf: np.array(leaf).reshape(*place.shape, *leaf.shape[1:]), state)


def _rows(tree: Any, sharding: NamedSharding) -> tuple[Any, ...]:
    """Arrays [rows, devices, pack, ...] of the host as one tree per row on the devices."""
    rows = len(jax.tree.leaves(tree)[0])
    return tuple(
        jax.device_put(jax.tree.map(lambda leaf, i=i: leaf[i], tree), sharding) for i in range(rows)
    )
