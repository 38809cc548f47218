"""The same trainings by five means: our engine, and what one would write without it.

Every rival trains the same networks from the same initial weights on the same batches in the same
order with heavy-ball SGD: only how the steps are run differs. `setup` makes it ready, `step_all`
takes all steps of all networks and returns when they are done, `weights` tells where they are.
"""

import concurrent.futures
import multiprocessing
from collections.abc import Callable, Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from acts_jax import data, training
from acts_jax.activations import catalogue
from acts_jax.benchmarks import torch_training
from acts_jax.data import Dataset, Split
from acts_jax.machine import cores
from acts_jax.models import MLP
from acts_jax.precision.counterparts import jax_nn
from acts_jax.sweep import engine, grid, packing, running
from acts_jax.sweep.config import make_config

ACTIVATIONS = ("relu", "tanh", "sigmoid", "elu", "gelu", "silu", "softplus")
Weights = list[tuple[np.ndarray, np.ndarray]]


class Task(NamedTuple):
    """What all rivals do.

    Attributes:
        sizes: Units of every layer, inputs and outputs included.
        batch_size: Examples per step.
        population: Networks, which differ in their seed.
        steps: Steps that `step_all` takes with each.
        activation: A name that acts_jax, jax.nn and PyTorch share.
        learning_rate: Of heavy-ball SGD.
        momentum: The same.
        source: Name of the dataset, a classification; random images by default.
        data_dir: Where it lives, as for `data.load`.
    """

    sizes: tuple[int, ...]
    batch_size: int
    population: int
    steps: int
    activation: str = "relu"
    learning_rate: float = 0.01
    momentum: float = 0.9
    source: str | None = None
    data_dir: str | None = None

    @property
    def flops(self) -> int:
        """Floating-point operations of one step of one network.

        2 per weight and example forward, 2 for the gradient of the weights, and 2 for that of the
        inputs, which the first layer does not need; what is linear in the units is left out.
        """
        weights = [a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False)]
        return self.batch_size * (6 * sum(weights) - 2 * weights[0])

    def dataset(self) -> Dataset:
        """That of `source`; or random bytes, one batch per step, labels that a linear map gives."""
        if self.source:
            return data.load(self.source, data_dir=self.data_dir)
        draw, features, classes = np.random.default_rng(0), self.sizes[0], self.sizes[-1]
        teacher = draw.normal(size=(features, classes))

        def split(examples: int) -> Split:
            inputs = draw.integers(0, 256, (examples, features), dtype=np.uint8)
            labels = ((inputs - 127.5) @ teacher).argmax(axis=1)
            return Split(inputs, labels.astype(np.int32))

        splits = [split(n) for n in (self.steps * self.batch_size, 16, 16)]
        names = tuple(map(str, range(classes)))
        return Dataset("random", "1", *splits, names, "classification", (features,))

    def group(self) -> grid.Group:
        """The networks as cells of a sweep."""
        config = make_config(
            activation=self.activation,
            hidden_sizes="-".join(map(str, self.sizes[1:-1])),
            batch_size=self.batch_size,
            optimizer="momentum",
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            seed=range(self.population),
            epochs=1,
            evals=1,
        )
        (group,) = grid.plan(config, catalogue.get, lambda name: None).groups
        return group

    def order(self) -> np.ndarray:
        """The examples of every batch: int32 [population, steps, batch]."""
        examples = len(self.dataset().train.labels)
        order = jax.vmap(lambda seed: training.batch_order(seed, 0, examples, self.batch_size))
        return np.asarray(order(np.arange(self.population)))[:, : self.steps]

    def examples(self) -> tuple[np.ndarray, np.ndarray]:
        """Features float32 [n, inputs] and labels int64 [n]."""
        train = engine.splits_of(self.dataset(), "unit").train
        features = np.array(train.features(train.inputs)).reshape(len(train.labels), -1)
        return features, train.labels.astype(np.int64)

    def loss(self, weights: Weights) -> np.ndarray:
        """Mean loss of every network on all examples: [population]."""
        inputs, labels = self.examples()
        model = _Plain(self.sizes[1:], jax_nn()[self.activation])

        def one(weights):
            outputs = model.apply({"params": _dense(weights)}, inputs)
            return training.losses("softmax", outputs, labels).mean()

        return np.asarray(jax.lax.map(jax.jit(one), [tuple(map(jnp.asarray, w)) for w in weights]))


class Rival:
    """One way to train a task.

    Args:
        task: What to train.
        weights: (kernel, bias) of each layer, with a leading axis of networks.
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
        """[(kernel, bias)], each with a leading axis of networks."""
        rows = [state.params for state in self.state]
        params = jax.tree.map(lambda *leaves: np.concatenate(leaves), *rows)
        return weights_of(params, self.task.population)


class Loop(Rival):
    """(b) The usual jitted step of Flax and optax in a Python loop, one network after another."""

    name = "jax, step in a loop"

    def setup(self) -> None:
        """Compiles the step at its first call."""
        task = self.task
        model = _Plain(task.sizes[1:], jax_nn()[task.activation])
        optimizer = optax.sgd(task.learning_rate, momentum=task.momentum)
        inputs, labels = map(jnp.asarray, task.examples())

        @jax.jit
        def step(params, state, index):
            def loss(params):
                outputs = model.apply({"params": params}, inputs[index])
                return optax.softmax_cross_entropy_with_integer_labels(
                    outputs, labels[index]
                ).mean()

            updates, state = optimizer.update(jax.grad(loss)(params), state, params)
            return optax.apply_updates(params, updates), state

        self.step = step
        networks = ([(k[n], b[n]) for k, b in self.start] for n in range(task.population))
        self.params = jax.device_put([_dense(weights) for weights in networks])
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
        layers = (stacked[f"Dense_{i}"] for i in range(len(stacked)))
        return [(layer["kernel"], layer["bias"]) for layer in layers]


class Eager(Rival):
    """(c) PyTorch eager, one process with all threads, one network after another."""

    name = "torch eager, 1 process"
    kind: type = torch_training.Networks

    def setup(self) -> None:
        """Hands the networks over to PyTorch."""
        self.networks = self.kind(*_plain(self.task), self.start, self.task.order())

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
        arguments = [(*plain, [(k[i], b[i]) for k, b in self.start], order[i]) for i in shares]
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
        layers = zip(*parts, strict=True)
        return [tuple(map(np.concatenate, zip(*layer, strict=True))) for layer in layers]

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
    model = MLP(task.sizes[1:-1], task.activation, task.sizes[-1])
    keys = jax.vmap(lambda seed: training.key_for(seed, "init"))(jnp.arange(task.population))
    params = model.init_population(task.sizes[:1], keys)
    return weights_of(jax.tree.map(lambda leaf: leaf[:, None], params), task.population)


def weights_of(params: dict, population: int) -> Weights:
    """The weights [population, ...] of an engine's parameters [rows, pack, ...]."""
    names = sorted((n for n in params if n.startswith("hidden")), key=lambda n: int(n[7:]))
    return [
        tuple(
            np.asarray(leaf).reshape(-1, *leaf.shape[2:])[:population]
            for leaf in (params[name]["kernel"], params[name]["bias"])
        )
        for name in (*names, "readout")
    ]


class _Plain(nn.Module):
    """A multilayer perceptron as a tutorial writes it."""

    sizes: tuple[int, ...]
    activation: Callable

    @nn.compact
    def __call__(self, x):
        for units in self.sizes[:-1]:
            x = self.activation(nn.Dense(units)(x))
        return nn.Dense(self.sizes[-1])(x)


def _dense(weights: Weights) -> dict[str, dict[str, np.ndarray]]:
    """The parameters of `_Plain` with the weights of one network."""
    return {f"Dense_{i}": {"kernel": k, "bias": b} for i, (k, b) in enumerate(weights)}


def _plain(task: Task) -> tuple:
    """What PyTorch needs to know, without JAX."""
    return (*task.examples(), task.activation, task.learning_rate, task.momentum)
