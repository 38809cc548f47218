"""Training one network: step and loop, pure functions of arrays.

Nothing here knows of populations: the sweep engine maps these functions over cells.
"""

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from acts_jax.training.examples import Examples
from acts_jax.training.objective import losses
from acts_jax.training.optimizers import Hyperparameters, make_optimizer


class Watch(NamedTuple):
    """How a network's evaluations on validation went, for early stopping.

    Attributes:
        best: float32, the best score so far; the higher the better.
        waited: int32, evaluations since then.
    """

    best: jax.Array
    waited: jax.Array


class TrainState(NamedTuple):
    """A network in training.

    Attributes:
        params: The network's parameters, learned activation parameters among them.
        opt_state: The optimizer's state.
        step: int32, steps taken.
        diverged_step: int32, the step at which the loss was first not finite; -1 before that.
        watch: For early stopping; None without.
    """

    params: Any
    opt_state: Any
    step: jax.Array
    diverged_step: jax.Array
    watch: Watch | None = None


def init_state(params: Any, optimizer: optax.GradientTransformation) -> TrainState:
    """The state before the first step."""
    return TrainState(params, optimizer.init(params), jnp.int32(0), jnp.int32(-1))


def train_step(
    loss: Callable[[Any], jax.Array], optimizer: optax.GradientTransformation, state: TrainState
) -> TrainState:
    """One step of gradient descent.

    Args:
        loss: From parameters to the mean loss of the step's batch, a scalar.
        optimizer: As made by `make_optimizer`.
        state: Before the step.
    """
    value, gradient = jax.value_and_grad(loss)(state.params)
    updates, opt_state = optimizer.update(gradient, state.opt_state, state.params)
    return TrainState(
        optax.apply_updates(state.params, updates),
        opt_state,
        state.step + 1,
        note_divergence(state, value),
        state.watch,
    )


def note_divergence(state: TrainState, loss: jax.Array) -> jax.Array:
    """The diverged step, given the loss at the present one."""
    first = (state.diverged_step < 0) & ~jnp.isfinite(loss)
    return jnp.where(first, state.step, state.diverged_step)


def begin_watch() -> Watch:
    """The watch over a network that was not evaluated yet."""
    return Watch(jnp.float32(-jnp.inf), jnp.int32(0))


def note_score(watch: Watch, score: jax.Array) -> Watch:
    """The watch after one more evaluation; only a strictly better score ends the waiting."""
    better = score > watch.best
    return Watch(jnp.where(better, score, watch.best), jnp.where(better, 0, watch.waited + 1))


def train(
    model: Any,
    optimizer: optax.GradientTransformation,
    state: TrainState,
    examples: Examples,
    order: jax.Array,
    num_steps: jax.Array | int,
) -> TrainState:
    """Trains for a number of steps, each on one batch.

    Args:
        model: A network, see `models.protocol`.
        optimizer: As made by `make_optimizer`.
        state: Where training stands.
        examples: The training set.
        order: int32 [steps, batch], the examples of each batch, see `batch_order`.
        num_steps: How many of its batches to train on; may be traced.
    """

    def body(i, state):
        inputs, labels = examples.take(order[i])

        def loss(params):
            return losses(model.head, model.apply({"params": params}, inputs), labels).mean()

        return train_step(loss, optimizer, state)

    return jax.lax.fori_loop(0, num_steps, body, state)


def fit(
    model: Any,
    examples: Examples,
    *,
    seed: jax.Array | int,
    epochs: int,
    batch_size: int,
    hyperparameters: Hyperparameters,
    optimizer: str = "momentum",
    decay_activations: bool = False,
    params: Any = None,
) -> Any:
    """The trained network itself: what a cell of a sweep with these settings ends with.

    Pure; under `jax.vmap` over seed, hyperparameters and params it trains a population.

    Args:
        model: A network, see `models.protocol`.
        examples: The training set.
        seed: Of the initial weights and of the order of the batches.
        epochs: Passes over the training set; may be traced.
        batch_size: Examples of a batch, at most the size of the training set.
        hyperparameters: Of the optimizer.
        optimizer: One of `OPTIMIZERS`.
        decay_activations: As for `make_optimizer`.
        params: The network to start from. By default it is drawn from `seed`, which under `jax.jit`
            takes seconds to compile; `Network.init_population` draws the same outside.

    Returns:
        The network's parameters, with values that are not finite if it has diverged.
    """
    count = examples.labels.shape[0]
    if params is None:
        inputs, _ = examples.take(jnp.zeros(1, jnp.int32))
        params = model.init(key_for(seed, "init"), inputs)["params"]
    transformation = make_optimizer(optimizer, hyperparameters, decay_activations)

    def epoch(i, state):
        order = batch_order(seed, i, count, batch_size)
        return train(model, transformation, state, examples, order, count // batch_size)

    return jax.lax.fori_loop(0, epochs, epoch, init_state(params, transformation)).params


def key_for(seed: jax.Array | int, name: str) -> jax.Array:
    """The random key of a cell for one purpose: a function of seed and name alone."""
    return jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))


def batch_order(
    seed: jax.Array | int, epoch: jax.Array | int, num_examples: int, batch_size: int
) -> jax.Array:
    """The batches of one epoch: a shuffle of the examples, cut into whole batches.

    Args:
        seed: The cell's seed. All cells of a seed see the same batches in the same order.
        epoch: Counted from 0.
        num_examples: Size of the training set. A remainder smaller than a batch sits this epoch
            out; another one does in the next.
        batch_size: Examples of a batch, at most `num_examples`.

    Returns:
        int32 [num_examples // batch_size, batch_size].
    """
    key = jax.random.fold_in(key_for(seed, "batch order"), epoch)
    steps = num_examples // batch_size
    shuffled = jax.random.permutation(key, num_examples)[: steps * batch_size]
    return shuffled.astype(jnp.int32).reshape(steps, batch_size)
