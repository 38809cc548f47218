"""The same trainings by five means: our engine, and what one would write without it.

Every rival trains the same networks from the same initial weights on the same batches in the same
order with heavy-ball SGD: only how the steps are run differs. `setup` makes it ready, `step_all`
takes all steps of all networks and returns when they are done, `weights` tells where they are.
"""

import concurrent.futures
import functools
import itertools
import math
import multiprocessing
from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import traverse_util

from acts_jax import data, training
from acts_jax.activations import catalogue
from acts_jax.benchmarks import plain, torch_training
from acts_jax.benchmarks.torch_training import Weights
from acts_jax.data import Dataset, Split
from acts_jax.machine import cores
from acts_jax.precision.counterparts import jax_nn
from acts_jax.sweep import engine, grid, packing, running
from acts_jax.sweep.config import make_config

ACTIVATIONS = ("relu", "tanh", "sigmoid", "elu", "gelu", "silu", "softplus")


class Task(NamedTuple):
    """What all rivals do.

    Attributes:
        sizes: Inputs (their number, or the shape of an image), units or channels of every hidden
            layer or block, outputs.
        batch_size: Examples per step.
        population: Networks, which differ in their seed.
        steps: Steps that `step_all` takes with each.
        activation: A name that acts_jax, jax.nn and PyTorch share.
        learning_rate: Of heavy-ball SGD.
        momentum: The same.
        source: Name of the dataset, a classification; random images by default.
        data_dir: Where it lives, as for `data.load`.
        model: A name of `plain.PLAIN`.
    """

    sizes: tuple[Any, ...]
    batch_size: int
    population: int
    steps: int
    activation: str = "relu"
    learning_rate: float = 0.01
    momentum: float = 0.9
    source: str | None = None
    data_dir: str | None = None
    model: str = "mlp"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one example."""
        first = self.sizes[0]
        return first if isinstance(first, tuple) else (first,)

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units or channels of every hidden layer or block."""
        return self.sizes[1:-1]

    @property
    def flops(self) -> int:
        """Floating-point operations of one step of one network.

        Of an MLP 2 per weight and example forward, 2 for the gradient of the weights, and 2 for
        that of the inputs, which the first layer does not need; what is linear in the units is left
        out. Of another model what XLA counts in the step that Flax's own layers make.
        """
        if self.model == "mlp":
            inputs = math.prod(self.input_shape)
            sizes = (inputs, *self.sizes[1:])
            weights = [a * b for a, b in itertools.pairwise(sizes)]
            return self.batch_size * (6 * sum(weights) - 2 * weights[0])
        x = jax.ShapeDtypeStruct((self.batch_size, *self.input_shape), jnp.float32)
        y = jax.ShapeDtypeStruct((self.batch_size,), jnp.int32)
        params = jax.eval_shape(lambda x: self.network.init(jax.random.key(0), x)["params"], x)
        lowered = jax.jit(jax.grad(self.loss_of)).lower(params, x, y)
        return int(lowered.compile().cost_analysis()["flops"])

    @property
    def network(self) -> nn.Module:
        """As a tutorial writes it."""
        fields = dict(self.group().static.model_fields)
        function = jax_nn()[self.activation]
        return plain.network(self.model, self.hidden, self.sizes[-1], function, fields)

    def loss_of(self, params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        """Mean loss of one network, as a tutorial writes it, on some examples."""
        outputs = self.network.apply({"params": params}, x)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()

    def dataset(self) -> Dataset:
        """That of `source`; or random bytes, one batch per step, labels that a linear map gives."""
        if self.source:
            return data.load(self.source, data_dir=self.data_dir)
        draw, features = np.random.default_rng(0), math.prod(self.input_shape)
        teacher = draw.normal(size=(features, self.sizes[-1]))

        def split(examples: int) -> Split:
            inputs = draw.integers(0, 256, (examples, features), dtype=np.uint8)
            labels = ((inputs - 127.5) @ teacher).argmax(axis=1)
            inputs = inputs.reshape(examples, *self.input_shape)
            return Split(inputs, labels.astype(np.int32))

        splits = [split(n) for n in (self.steps * self.batch_size, 16, 16)]
        names = tuple(map(str, range(self.sizes[-1])))
        return Dataset("random", "1", *splits, names, "classification", self.input_shape)

    def group(self) -> grid.Group:
        """The networks as cells of a sweep."""
        shape: dict[str, Any] = {"hidden_sizes": "-".join(map(str, self.hidden))}
        if self.model == "vit":
            shape = {"depth": len(self.hidden), "width": self.hidden[0]}
        config = make_config(
            model=self.model,
            activation=self.activation,
            batch_size=self.batch_size,
            optimizer="momentum",
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            seed=range(self.population),
            epochs=1,
            evals=1,
            **shape,
        )
        (group,) = grid.plan(config, catalogue.get, lambda name: None).groups
        return group

    def order(self) -> np.ndarray:
        """The examples of every batch: int32 [population, steps, batch]."""
        examples = len(self.dataset().train.labels)
        order = jax.vmap(lambda seed: training.batch_order(seed, 0, examples, self.batch_size))
        return np.asarray(order(np.arange(self.population)))[:, : self.steps]

    def examples(self) -> tuple[np.ndarray, np.ndarray]:
        """Features float32 [n, *input_shape] and labels int64 [n]."""
        train = engine.splits_of(self.dataset(), "unit").train
        features = np.array(train.features(train.inputs))
        return features, train.labels.astype(np.int64)

    def loss(self, weights: Weights) -> np.ndarray:
        """Mean loss of every network on all examples: [population]."""
        one = functools.partial(jax.jit(self.loss_of), x=self.examples()[0], y=self.examples()[1])
        return np.array([one(nested(weights, n)) for n in range(self.population)])


def nested(weights: Weights, network: int) -> Any:
    """The weights of one network as Flax has them."""
    return traverse_util.unflatten_dict({n: w[network] for n, w in weights.items()}, sep=".")


class Rival:
    """One way to train a task.

    Args:
        task: What to train.
        weights: By path, such as "hidden_1.kernel", with a leading axis of networks.
    """

    name: str

    def __init__(self, task: Task, weights: Weights):
        self.task, self.start = task, weights

    def close(self) -> None:
        """Releases what `setup` acquired."""


class Engine(Rival):
    """(a) This engine."""

    name = "acts_jax engine"

    def setup(self) -> None:
        """Compiles."""
        group, dataset = self.task.group(), self.task.dataset()
        pack = packing.pack_for(group.static, dataset)
        there = engine.put(dataset, "unit", packing.devices_for(group, pack))
        self.program = engine.build(group, dataset, there, pack, measure=False)
        self.state = self.program.state
        self.order = running.orders(self.program, group.static, 0, 1)
        everywhere = self.program.data.rows.labels.sharding
        self.steps = jax.device_put(np.int32(self.task.steps), everywhere)

    def step_all(self) -> None:
        """One chunk."""
        p = self.program
        self.state = tuple(
            p.chunk(state, cells, p.data, self.order, self.steps)[0]
            for state, cells in zip(self.state, p.cells, strict=True)
        )
        jax.block_until_ready(self.state)

    def weights(self) -> Weights:
        """By path, with a leading axis of networks."""
        rows = [state.params for state in self.state]
        params = jax.tree.map(lambda *leaves: np.concatenate(leaves), *rows)
        flat = traverse_util.flatten_dict(params, sep=".")
        count = self.task.population
        return {name: leaf.reshape(-1, *leaf.shape[2:])[:count] for name, leaf in flat.items()}


class Loop(Rival):
    """(b) The usual jitted step of Flax and optax in a Python loop, one network after another."""

    name = "jax, step in a loop"

    def setup(self) -> None:
        """Compiles the step at its first call."""
        task = self.task
        optimizer = optax.sgd(task.learning_rate, momentum=task.momentum)
        inputs, labels = map(jnp.asarray, task.examples())

        @jax.jit
        def step(params, state, index):
            gradient = jax.grad(task.loss_of)(params, inputs[index], labels[index])
            updates, state = optimizer.update(gradient, state, params)
            return optax.apply_updates(params, updates), state

        self.step = step
        networks = [nested(self.start, n) for n in range(task.population)]
        self.params = jax.device_put(networks)
        self.state = [optimizer.init(params) for params in self.params]
        self.order = [[jax.device_put(i) for i in order] for order in task.order()]

    def step_all(self) -> None:
        """All steps of the first network, then of the next."""
        for n, order in enumerate(self.order):
            params, state = self.params[n], self.state[n]
            for index in order:
                params, state = self.step(params, state, index)
            self.params[n], self.state[n] = params, state
        jax.block_until_ready(self.params)

    def weights(self) -> Weights:
        """As `Engine.weights`."""
        stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *self.params)
        return traverse_util.flatten_dict(stacked, sep=".")


class Eager(Rival):
    """(c) PyTorch eager, one process with all threads, one network after another."""

    name = "torch eager, 1 process"
    kind: type = torch_training.Networks

    def setup(self) -> None:
        """Hands the networks over to PyTorch."""
        self.networks = self.kind(_plain(self.task), self.start, self.task.order())

    def step_all(self) -> None:
        """All steps of the first network, then of the next."""
        self.networks.step_all()

    def weights(self) -> Weights:
        """As `Engine.weights`."""
        return self.networks.weights()


class EagerProcesses(Eager):
    """(c) PyTorch eager, one single-threaded process per core."""

    name = "torch eager, 1 per core"
    pools: Sequence[concurrent.futures.Executor] = ()

    def setup(self) -> None:
        """Starts the processes and gives each its share of the networks."""
        task, spawn = self.task, multiprocessing.get_context("spawn")
        shares = np.array_split(np.arange(task.population), min(cores(), task.population))
        plain, order = _plain(task), task.order()
        arguments = [
            (plain, {name: w[mine] for name, w in self.start.items()}, order[mine])
            for mine in shares
        ]
        self.pools = [
            concurrent.futures.ProcessPoolExecutor(1, spawn, torch_training.begin, mine)
            for mine in arguments
        ]
        self._each("weights")  # which returns when all have begun

    def step_all(self) -> None:
        """All processes at the same time."""
        self._each("step_all")

    def weights(self) -> Weights:
        """As `Engine.weights`."""
        parts = self._each("weights")
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def close(self) -> None:
        """Ends the processes."""
        for pool in self.pools:
            pool.shutdown()

    def _each(self, method: str) -> list:
        calls = [pool.submit(torch_training.call, method) for pool in self.pools]
        return [call.result() for call in calls]


class Vmapped(Eager):
    """(d) PyTorch with torch.func.vmap over the population."""

    name = "torch.func.vmap"
    kind = torch_training.Stacked


RIVALS = (Engine, Loop, Eager, EagerProcesses, Vmapped)


def initial_weights(task: Task) -> Weights:
    """The weights that all rivals start from: the engine's."""
    group, dataset = task.group(), task.dataset()
    model = engine.make_model(group.static, engine.resolve(group.static, dataset), {})
    params = engine.initial_params(model, group, dataset.input_shape)
    return {n: np.array(w) for n, w in traverse_util.flatten_dict(params, sep=".").items()}


def _plain(task: Task) -> torch_training.Plain:
    """What PyTorch needs to know, without JAX."""
    fields = dict(task.group().static.model_fields)
    settings = task.activation, task.learning_rate, task.momentum
    return torch_training.Plain(task.model, len(task.hidden), fields, *task.examples(), *settings)
