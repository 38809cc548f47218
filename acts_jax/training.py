"""Training one network: loss, optimizer, step and loop, all pure functions of arrays.

Nothing here knows of populations: the sweep engine maps these functions over cells.
"""

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from acts_jax.models import is_activation_parameter

OPTIMIZERS = ("sgd", "momentum", "adam", "adamw")


class Examples(NamedTuple):
    """A labelled set, and how its raw inputs become features.

    Attributes:
      inputs: uint8 or float32 [n, features], as they are stored.
      labels: int32 [n] classes, or float32 [n] targets.
      scale: float32 [features]; a network sees inputs * scale + shift.
      shift: float32 [features].
      weights: float32 [n], under which every class counts alike, see `data.class_weights`; None
        for a regression, or where nobody asks for the balanced accuracy.
    """

    inputs: jax.Array
    labels: jax.Array
    scale: jax.Array
    shift: jax.Array
    weights: jax.Array | None = None

    def take(self, index: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Features [batch, features] float32 and labels [batch] of the examples at `index`."""
        return self.features(self.inputs[index]), self.labels[index]

    def features(self, inputs: jax.Array) -> jax.Array:
        """What a network sees of some raw inputs [batch, features]: float32 of the same shape."""
        inputs = inputs.astype(jnp.float32)
        scale, shift = (jnp.broadcast_to(a, inputs.shape) for a in (self.scale, self.shift))
        return inputs * scale + shift


class Hyperparameters(NamedTuple):
    """The traced hyperparameters of one cell's optimizer, float32 scalars."""

    learning_rate: jax.Array
    momentum: jax.Array
    weight_decay: jax.Array


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


def losses(head: str, outputs: jax.Array, labels: jax.Array) -> jax.Array:
    """The loss of each example: cross-entropy in nats, or half the squared error (linear).

    Args:
      head: "softmax", "sigmoid" or "linear".
      outputs: float32 [batch, num_outputs].
      labels: int32 [batch] classes, or float32 [batch] targets.

    Returns:
      float32 [batch].
    """
    if head == "softmax":
        # By comparison: a gather and its gradient, a scatter, take long to compile and to run.
        shifted = outputs - jax.lax.stop_gradient(outputs.max(axis=-1, keepdims=True))
        picked = labels[:, None] == jnp.arange(outputs.shape[-1])[None]
        return jnp.log(jnp.exp(shifted).sum(axis=-1)) - jnp.sum(shifted, axis=-1, where=picked)
    if head == "sigmoid":
        return optax.sigmoid_binary_cross_entropy(outputs[:, 0], labels.astype(outputs.dtype))
    return optax.l2_loss(outputs[:, 0], labels)


def hits(head: str, outputs: jax.Array, labels: jax.Array) -> jax.Array:
    """1.0 where the most probable class is the label, else 0.0; NaN for a linear head. [batch]."""
    if head == "softmax":
        return (outputs.argmax(axis=-1) == labels).astype(jnp.float32)
    if head == "sigmoid":
        return ((outputs[:, 0] > 0) == (labels > 0)).astype(jnp.float32)
    return jnp.full(labels.shape, jnp.nan, jnp.float32)


def make_optimizer(
    name: str, hyperparameters: Hyperparameters, decay_activations: bool = False
) -> optax.GradientTransformation:
    """An optax optimizer whose hyperparameters may be traced.

    Args:
      name: "sgd"; "momentum" (SGD with heavy-ball momentum); "adam" or "adamw", with `momentum`
        as b1 and optax's defaults otherwise.
      hyperparameters: Of one cell. The weight decay is decoupled in adamw, and an L2 penalty on
        the gradient elsewhere.
      decay_activations: Whether the decay acts on learned activation parameters too.
    """

    def decayed(params):
        return jax.tree_util.tree_map_with_path(
            lambda path, _: decay_activations or not is_activation_parameter(path), params
        )

    rate, momentum, decay = hyperparameters
    if name == "adamw":
        return optax.adamw(rate, b1=momentum, weight_decay=decay, mask=decayed)
    optimizer = {
        "sgd": lambda: optax.sgd(rate),
        "momentum": lambda: optax.sgd(rate, momentum=momentum),
        "adam": lambda: optax.adam(rate, b1=momentum),
    }[name]()
    return optax.chain(optax.add_decayed_weights(decay, mask=decayed), optimizer)


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
      model: An `MLP`.
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
      model: An `MLP`.
      examples: The training set.
      seed: Of the initial weights and of the order of the batches.
      epochs: Passes over the training set; may be traced.
      batch_size: Examples of a batch, at most the size of the training set.
      hyperparameters: Of the optimizer.
      optimizer: One of `OPTIMIZERS`.
      decay_activations: As for `make_optimizer`.
      params: The network to start from. By default it is drawn from `seed`, which under `jax.jit`
        takes seconds to compile; `acts_jax.models.init_population` draws the same outside.

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
