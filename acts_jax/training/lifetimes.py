"""Lifetimes of units: one network followed through its training, unit by unit."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax import training
from acts_jax.training import Examples, probes
from acts_jax.training.slices import join


class Life(NamedTuple):
    """What `follow` returns: a value for each of the steps at which it looked.

    Attributes:
      dead: Per hidden layer bool [looks, units]: which units f' is 0 of for every training example.
      loss: float32 [looks], on the training set; not finite once the network has diverged.
      accuracy: float32 [looks], on the validation set.
      test_accuracy: float32 [looks].
    """

    dead: tuple[jax.Array, ...]
    loss: jax.Array
    accuracy: jax.Array
    test_accuracy: jax.Array


def follow(
    model: Any,
    params: Any,
    splits: tuple[Examples, Examples, Examples],
    *,
    seed: jax.Array | int,
    looks: Sequence[int],
    batch_size: int,
    hyperparameters: training.Hyperparameters,
    optimizer: str = "momentum",
) -> Life:
    """Trains a network, and looks at its units now and then.

    Pure; under `jax.vmap` over params, seed and hyperparameters it follows a population. The
    batches are those of a sweep's cell with this seed.

    Args:
      model: An `MLP`.
      params: The network before training.
      splits: Training, validation and test set.
      seed: Of the order of the batches.
      looks: The numbers of steps after which to look, increasing; 0 is before training.
      batch_size: Examples of a batch, at most the size of the training set.
      hyperparameters: Of the optimizer.
      optimizer: One of `training.OPTIMIZERS`.
    """
    train, together = splits[0], join(*splits)
    count = len(train.labels)
    epochs = -(-looks[-1] // (count // batch_size))
    transformation = training.make_optimizer(optimizer, hyperparameters)
    batches = jax.vmap(lambda epoch: training.batch_order(seed, epoch, count, batch_size))
    order = batches(jnp.arange(max(epochs, 1))).reshape(-1, batch_size)

    def until_look(state, steps):
        rest = jnp.roll(order, -state.step, axis=0)
        state = training.train(model, transformation, state, train, rest, steps)
        found = probes.scores(model, state.params, together)
        dead = probes.dead_units(model, state.params, train)
        return state, Life(dead, found.loss[0], found.accuracy[1], found.accuracy[2])

    steps = jnp.diff(jnp.array([0, *looks]))
    return jax.lax.scan(until_look, training.init_state(params, transformation), steps)[1]


def returns(dead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Deaths that were seen, and those of them that were followed by a life.

    Args:
      dead: bool [looks, ...].

    Returns:
      Two int arrays [...]: how often a unit was found dead that was alive at the look before, or
      that was dead at the first look; and how often it was found alive again after that.
    """
    dead = np.asarray(dead, bool)
    before = np.concatenate([np.zeros_like(dead[:1]), dead[:-1]])
    return (dead & ~before).sum(axis=0), (~dead & before).sum(axis=0)
