"""Units followed through training, against the sweep's own training and by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax import training
from acts_jax.models import MLP
from acts_jax.training import Hyperparameters, lifetimes, probes

RATE = Hyperparameters(*map(jnp.float32, (0.5, 0.9, 0.0)))


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    inputs = jnp.asarray(rng.normal(size=(40, 5)), jnp.float32)
    labels = jnp.asarray(rng.integers(0, 3, 40), jnp.int32)
    return training.Examples(inputs, labels, jnp.ones(5), jnp.zeros(5))


def test_following_a_network_does_not_change_its_training(examples):
    model = MLP((6, 4), "relu", 3)
    params = model.init(jax.random.key(1), jnp.zeros((1, 5)))["params"]
    fields = {"seed": 7, "batch_size": 8, "hyperparameters": RATE, "params": params}
    looks = (0, 1, 3, 10)  # 5 steps are an epoch
    life = lifetimes.follow(model, splits=(examples,) * 3, looks=looks, **fields)
    trained = training.fit(model, examples, epochs=2, **fields)
    for position, now in ((0, params), (3, trained)):
        loss, accuracy, _ = probes.score(model, now, examples)
        np.testing.assert_allclose(life.loss[position], loss, rtol=1e-5)
        assert life.accuracy[position] == life.test_accuracy[position] == accuracy
        for followed, found in zip(life.dead, probes.dead_units(model, now, examples), strict=True):
            assert list(followed[position]) == list(found)
    assert len(set(life.loss.tolist())) == 4


def test_returns_are_counted_per_unit():
    dead = np.array([[1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 0, 1]], bool)
    deaths, returned = lifetimes.returns(dead)
    assert list(deaths) == [1, 2, 0, 2]
    assert list(returned) == [0, 1, 0, 1]
