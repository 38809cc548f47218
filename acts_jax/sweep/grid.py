"""The grid: a config's axes become cells, and cells that share a program become groups.

Nothing here imports jax: planning a hundred thousand cells takes a moment.
"""

import dataclasses
import functools
import hashlib
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from acts_jax.errors import ConfigError
from acts_jax.sweep import kinds, owned
from acts_jax.sweep.config import (
    FIELDS,
    TRACED,
    dereferenced,
    expand,
    parameter_prefix,
)
from acts_jax.sweep.kinds import Kind
from acts_jax.sweep.limits import MOST_LAYERS, check_learn, check_size, how_learned
from acts_jax.sweep.values import MOST_CELLS
from acts_jax.words import shown

MOST_WEIGHTS = 1_000_000_000  # between the hidden layers of one network

# Fields that came after results had been stored, as a plan's config has them by default: then the
# names of groups and the columns of results are as they were.
LATER_FIELDS = {
    name: expand(name, FIELDS[name].default)
    for name in ("eval_spacing", "record", "split_seed", "model")
}


@dataclasses.dataclass(frozen=True)
class Static:
    """What sets groups apart, and what programs are compiled for; two groups never share one.

    `hidden_sizes` holds the widths of the hidden layers, `learned` the names of the
    activation parameters that are trained, `evals` the number of evaluations after the one
    at initialisation, `patience` how many of them in a row may find a network no better on
    validation before its training stops (0: it never does). `eval_spacing` is "linear", in whole
    epochs, or "geometric", in steps. `record` says what is stored besides the metrics: "units",
    which units are dead at every evaluation, "parameters", the trained networks, or "examples", how
    each does on every test example. `model_fields` are the model's own, by name, such as ("pool",
    "max") of a cnn; of one's own module also the depth and width that it takes. The other
    attributes are the config fields of the same name.
    """

    dataset: str
    preprocessing: str
    activation: str
    learned: tuple[str, ...]
    share: str
    hidden_sizes: tuple[int, ...]
    init: str
    layer_norm: bool
    head: str
    optimizer: str
    decay_activations: bool
    batch_size: int
    epochs: int
    evals: int
    patience: int
    eval_spacing: str = "linear"
    record: str = "metrics"
    model: str = "mlp"
    model_fields: tuple[tuple[str, Any], ...] = ()

    @property
    def program(self) -> "Static":
        """What equal programs have in common: all but how weights are drawn and what is stored."""
        return dataclasses.replace(self, init="", record="metrics")

    def eval_steps(self, steps_per_epoch: int) -> tuple[int, ...]:
        """Steps after which the networks are evaluated; the first is 0."""
        return _eval_steps(self.eval_spacing, self.epochs, self.evals, steps_per_epoch)

    def chunk_epochs(self, steps_per_epoch: int) -> int:
        """The most epochs of batches that the steps between two evaluations are part of."""
        marks = np.array(self.eval_steps(steps_per_epoch))
        return int(np.max(-(-marks[1:] // steps_per_epoch) - marks[:-1] // steps_per_epoch))


@functools.lru_cache
def _eval_steps(spacing: str, epochs: int, evals: int, steps_per_epoch: int) -> tuple[int, ...]:
    """See `Static.eval_steps`."""
    if spacing == "linear":
        after = (round(i * epochs / evals) for i in range(evals + 1))
        return tuple(steps_per_epoch * epoch for epoch in dict.fromkeys(after))
    marks = np.geomspace(1, epochs * steps_per_epoch, evals).round().astype(int)
    return (0, *np.unique(marks).tolist())


@dataclasses.dataclass(frozen=True, eq=False)
class Group:
    """The cells that share one compiled program.

    Attributes:
        key: A name for files: in the plan's order, readable, and unique through a digest.
        static: What the program is compiled for.
        traced: Per traced axis an array [cells]; float64, and int64 for the seeds. Any seeds may
            meet: 0, 1, 2 with the split seeds 0, 1, 2 is three cells. Without "split_seed" all
            cells are of split seed 0.
        parameters: Per parameter of the activation its values [cells], float64.
        first: Index of the first of these cells in the whole group: 0, unless this is a `part`.
        sources: Digests of what the cells are trained with besides, by name: "activation relu",
            "dataset digits"; from `launch.run`, which has both.
    """

    key: str
    static: Static
    traced: Mapping[str, np.ndarray]
    parameters: Mapping[str, np.ndarray]
    first: int = 0
    sources: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.traced["seed"])

    @functools.cached_property
    def split_seeds(self) -> tuple[int, ...]:
        """The split seeds of the cells, each once, in ascending order."""
        return tuple(np.unique(self.traced.get("split_seed", 0)).tolist())

    @property
    def division(self) -> np.ndarray:
        """Which of `split_seeds` each cell has, int32 [cells]."""
        seeds = self.traced.get("split_seed", np.zeros(self.size, np.int64))
        return np.searchsorted(self.split_seeds, seeds).astype(np.int32)

    @property
    def repetitions(self) -> int:
        """How many distinct pairs of seed and split seed there are."""
        return len(set(zip(self.traced["seed"].tolist(), self.division.tolist(), strict=True)))

    def part(self, first: int, last: int) -> "Group":
        """The cells from `first` up to, not including, `last`, as counted in this group."""
        traced = {name: values[first:last] for name, values in self.traced.items()}
        parameters = {name: values[first:last] for name, values in self.parameters.items()}
        first += self.first
        return dataclasses.replace(self, traced=traced, parameters=parameters, first=first)

    def cut(self, most: int) -> "list[Group]":
        """The cells in order, in parts of `most`; the last may be smaller."""
        return [self.part(i, i + most) for i in range(0, self.size, most)]

    def columns(self) -> dict[str, Any]:
        """The hyperparameters as columns of a results table: scalars, or arrays [cells]."""
        s = self.static
        columns = {n: getattr(s, n) for n in FIELDS if hasattr(s, n) and n not in LATER_FIELDS}
        columns |= {
            "learn": ",".join(s.learned) or "none",
            "depth": len(s.hidden_sizes),
            "width": kinds.width(s.model, s.hidden_sizes),
            "hidden_sizes": "-".join(map(str, s.hidden_sizes)),
        }
        if s.model != "mlp":
            prefix = parameter_prefix(s.model)
            shape = ("depth", "width")  # which have columns already
            own = {f"{prefix}.{n}": v for n, v in s.model_fields if n not in shape}
            columns |= {"model": s.model} | own
        columns |= self.traced
        prefix = parameter_prefix(s.activation)
        columns |= {f"{prefix}.{name}": values for name, values in self.parameters.items()}
        return {name: columns[name] for name in (*FIELDS, *columns) if name in columns}


@dataclasses.dataclass(frozen=True)
class Plan:
    """A sweep, ready to run.

    Attributes:
        config: Its config with every field filled in.
        groups: Those to train: all of the sweep's, or a share of them.
        others: The rest of the sweep's.
    """

    config: Mapping[str, Any]
    groups: tuple[Group, ...]
    others: tuple[Group, ...] = ()

    @property
    def cells(self) -> int:
        """Number of cells in all groups."""
        return sum(group.size for group in self.groups)

    def shard(self, number: int, of: int) -> "Plan":
        """Every `of`-th group, from the one of index `number` on: one of `of` disjoint shares."""
        others = tuple(group for i, group in enumerate(self.groups) if i % of != number)
        return dataclasses.replace(self, groups=self.groups[number::of], others=others)


def plan(
    config: Mapping[str, Any],
    find_activation: Callable[[str], Any],
    check_dataset: Callable[[str], None],
    most_cells: int = MOST_CELLS,
    most_layers: int = MOST_LAYERS,
    describe_model: Callable[[str], Mapping[str, Any]] = lambda name: {},
) -> Plan:
    """Expands a config into groups of cells, refusing at once whatever cannot run.

    Cells and layers are counted before there are any.

    Args:
        config: As made by `make_config`.
        find_activation: From a name to the catalogue's `Activation`; ValueError if unknown.
        check_dataset: Raises ValueError for a dataset that cannot be had.
        most_cells: How many there may be.
        most_layers: How many layers, readouts included, all groups may have together: each is
            compiled.
        describe_model: From "package.module:Module" to the fields that its constructor takes and
            their defaults; ValueError if there is no such module.

    Returns:
        The plan: groups in the order of the config's values, cells of a group with the last
        traced axis (the seed) varying fastest.

    Raises:
        ConfigError: With one sentence that names the field and the nearest valid choice.
    """
    given = {name: dereferenced(config[name]) for name in config}
    axes = {
        name: expand(name, given.get(name, field.default), most_cells)
        for name, field in FIELDS.items()
    }
    try:
        activations = {name: find_activation(name) for name in axes["activation"]}
        for name in axes["dataset"]:
            check_dataset(name)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    models = [kinds.find(name, describe_model) for name in axes["model"]]
    owners = owned.owners(activations, models)
    parameters = owned.of_activations(given, activations, owners, most_cells)
    fields = {model.name: owned.of_model(given, model, axes, most_cells) for model in models}
    check_learn(axes, activations)
    check_size(axes, activations, parameters, models, fields, most_cells, most_layers)
    groups: dict[Static, Group] = {}
    for model in models:
        for static in _statics(axes, activations, model, fields[model.name]):
            if static not in groups:
                groups[static] = _group(len(groups), static, axes, parameters[static.activation])
    resolved = axes | {parameter_prefix(name): v for name, v in (parameters | fields).items() if v}
    return Plan(resolved, tuple(groups.values()))


def _statics(
    axes: Mapping[str, list], activations: Mapping[str, Any], model: Kind, own: Mapping[str, list]
) -> Iterable[Static]:
    """Every combination of the static axes of a model, in order; equal ones may repeat."""
    if axes["hidden_sizes"] != [None]:
        shapes = [_sizes(text) for text in axes["hidden_sizes"]]
    else:
        shapes = [model.sizes(*one) for one in itertools.product(axes["depth"], axes["width"])]
    for shape in shapes:
        if sum(a * b for a, b in itertools.pairwise(shape)) > MOST_WEIGHTS:
            text = shown("-".join(map(str, shape))).strip("'")
            raise ConfigError(
                f"hidden layers of {text} units have more than {MOST_WEIGHTS:,} weights between "
                "them: more than these networks can have"
            )
    apart = ("depth", "width", "hidden_sizes", "learn", "share", "model")
    names = [n for n, f in FIELDS.items() if f.axis == "static" and n not in apart]
    every = itertools.product(*(axes[name] for name in names), *own.values())
    for values in every:
        chosen = dict(zip(names, values, strict=False))
        fields = tuple(zip(own, values[len(names) :], strict=True))
        if "init" not in model.knows:
            chosen["init"] = kinds.ITS_OWN
        activation = activations[chosen["activation"]]
        for shape, learn, share in itertools.product(shapes, axes["learn"], axes["share"]):
            learned, share, decays = how_learned(
                activation, learn, share, chosen["decay_activations"]
            )
            whole = ("evals", "patience", "eval_spacing", "record")
            given: dict[str, Any] = {name: axes[name] for name in whole}
            given |= chosen | {"decay_activations": decays, "share": share}
            given |= {"model": model.name, "model_fields": (*fields, *model.given(shape))}
            yield Static(hidden_sizes=shape, learned=learned, **given)


def _group(
    index: int, static: Static, axes: Mapping[str, list], settings: Mapping[str, list]
) -> Group:
    """The cells of one program: the product of the parameters' and the traced axes."""
    traced = {name: axes[name] for name in TRACED if axes[name] != LATER_FIELDS.get(name)}
    if static.optimizer == "sgd":
        traced["momentum"] = [math.nan]  # plain SGD has none, so it is no axis there
    product = list(settings.values()) + list(traced.values())
    grids = np.meshgrid(*product, indexing="ij")
    columns = dict(zip((*settings, *traced), (g.ravel() for g in grids), strict=True))
    kinds = {n: np.int64 if FIELDS[n].type is int else np.float64 for n in traced}
    cells = {n: columns[n].astype(kind) for n, kind in kinds.items()}
    parameters = {n: columns[n].astype(np.float64) for n in settings}
    return make_group(index, static, cells, parameters)


def make_group(
    index: int,
    static: Static,
    traced: Mapping[str, np.ndarray],
    parameters: Mapping[str, np.ndarray],
) -> Group:
    """A group of a plan, named after its place there and what is in it; see `Group`."""
    key = _key(index, static, (*traced.values(), *parameters.values()))
    return Group(key, static, traced, parameters)


def _key(index: int, static: Static, columns: Iterable[np.ndarray]) -> str:
    """The name of a group: equal for equal cells at the same place of a plan."""
    settings = dataclasses.asdict(static)
    for name in (*LATER_FIELDS, "model_fields"):  # which came later, too
        if name in settings and settings[name] == Static.__dataclass_fields__[name].default:
            del settings[name]
    digest = hashlib.sha256(json.dumps(settings).encode())
    for values in columns:
        digest.update(values.tobytes())
    activation = re.sub(r"\W+", "_", static.activation)
    depth = len(static.hidden_sizes)
    return f"{index:05d}-{activation}-depth{depth}-{digest.hexdigest()[:12]}"


def _sizes(text: str) -> tuple[int, ...]:
    """Widths of the hidden layers from "512-256-128"."""
    if not re.fullmatch(r"[1-9][0-9]*(-[1-9][0-9]*)*", text):
        raise ConfigError(f"hidden_sizes are written as 512-256-128, not {shown(text)}")
    most, widths = int(FIELDS["width"].high), text.split("-")
    for width in widths:
        if len(width) > len(str(most)) or int(width) > most:
            raise ConfigError(f"hidden_sizes are at most {most:,} each, not {shown(width)}")
    return tuple(map(int, widths))
