"""Training one network: losses, optimizers, batches, divergence."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from acts_jax import training
from acts_jax.models import MLP
from acts_jax.sweep.config import FIELDS


def hyper(learning_rate=0.1, momentum=0.9, weight_decay=0.0):
    values = learning_rate, momentum, weight_decay
    return training.Hyperparameters(*(jnp.float32(value) for value in values))


def test_a_softmax_of_two_is_a_sigmoid_of_the_difference():
    outputs = jnp.array([[1.0, 3.0], [0.5, -2.0], [-40.0, 40.0]])
    labels = jnp.array([0, 1, 0])
    two = training.losses("softmax", outputs, labels)
    one = training.losses("sigmoid", outputs[:, 1:] - outputs[:, :1], labels)
    np.testing.assert_allclose(two, one, rtol=1e-6)
    np.testing.assert_allclose(two, [np.log1p(np.exp(2)), np.log1p(np.exp(2.5)), 80.0], rtol=1e-6)
    assert list(training.hits("softmax", outputs, labels)) == [0.0, 0.0, 0.0]
    assert list(training.hits("sigmoid", outputs[:, 1:], jnp.array([1, 0, 1]))) == [1.0, 1.0, 1.0]


def test_the_linear_head_has_half_the_squared_error_and_no_accuracy():
    outputs, labels = jnp.array([[1.0], [2.0]]), jnp.array([3.0, 2.0])
    assert list(training.losses("linear", outputs, labels)) == [2.0, 0.0]
    assert np.isnan(training.hits("linear", outputs, labels)).all()


@pytest.mark.parametrize("name", training.OPTIMIZERS)
def test_every_optimizer_is_optax_with_traced_hyperparameters(name):
    reference = {
        "sgd": optax.sgd(0.1),
        "momentum": optax.sgd(0.1, momentum=0.9),
        "adam": optax.adam(0.1, b1=0.9),
        "adamw": optax.adamw(0.1, b1=0.9, weight_decay=0.0),
    }[name]
    params = {"hidden_1": {"kernel": jnp.array([[1.0, -2.0]])}}

    def descend(optimizer):
        state, here = optimizer.init(params), params
        for _ in range(3):
            gradient = jax.tree.map(lambda p: p**2, here)
            updates, state = optimizer.update(gradient, state, here)
            here = optax.apply_updates(here, updates)
        return here["hidden_1"]["kernel"]

    traced = jax.jit(lambda h: descend(training.make_optimizer(name, h)))(hyper())
    np.testing.assert_allclose(traced, descend(reference), rtol=1e-6)


def test_planning_knows_the_optimizers_and_initialisers_there_are():
    assert FIELDS["optimizer"].choices == training.OPTIMIZERS
    for name in FIELDS["init"].choices:
        MLP((4,), "relu", 2, initializer=name)
    for name in set(FIELDS["head"].choices) - {"auto"}:
        MLP((4,), "relu", 1, head=name)
    for learn in FIELDS["learn"].choices:
        for share in FIELDS["share"].choices:
            MLP((4,), "prelu", 1, learn=learn, share=share)


@pytest.mark.parametrize("name", training.OPTIMIZERS)
def test_weight_decay_spares_learned_activation_parameters(name):
    params = {"hidden_1": {"kernel": jnp.ones((2, 2))}, "activation_1": {"slope": jnp.ones(())}}
    zero = jax.tree.map(jnp.zeros_like, params)

    def decayed(**options):
        optimizer = training.make_optimizer(name, hyper(weight_decay=0.5), **options)
        updates, _ = optimizer.update(zero, optimizer.init(params), params)
        return optax.apply_updates(params, updates)

    assert (decayed()["hidden_1"]["kernel"] < 1).all()
    assert decayed()["activation_1"]["slope"] == 1
    assert decayed(decay_activations=True)["activation_1"]["slope"] < 1


def test_batches_of_an_epoch_hold_every_example_once_and_depend_on_seed_and_epoch():
    order = training.batch_order(3, 0, num_examples=100, batch_size=20)
    assert order.shape == (5, 20)
    assert order.dtype == jnp.int32
    assert sorted(np.ravel(order)) == list(range(100))
    np.testing.assert_array_equal(order, training.batch_order(3, 0, 100, 20))
    assert not np.array_equal(order, training.batch_order(3, 1, 100, 20))
    assert not np.array_equal(order, training.batch_order(4, 0, 100, 20))


def test_the_remainder_of_an_epoch_sits_out_but_not_always_the_same():
    left_out = [
        set(range(50)) - set(np.ravel(training.batch_order(0, epoch, 50, 16)).tolist())
        for epoch in range(3)
    ]
    assert [len(s) for s in left_out] == [2, 2, 2]
    assert len({frozenset(s) for s in left_out}) > 1


def test_examples_become_features_batch_by_batch():
    examples = training.Examples(
        jnp.array([[0, 255], [51, 102]], jnp.uint8),
        jnp.array([4, 7]),
        jnp.full(2, 2 / 255, jnp.float32),
        jnp.full(2, -1, jnp.float32),
    )
    features, labels = examples.take(jnp.array([1, 0]))
    assert features.dtype == jnp.float32
    np.testing.assert_allclose(features, [[-0.6, -0.2], [-1.0, 1.0]], rtol=1e-6)
    assert list(labels) == [7, 4]


def test_the_step_of_divergence_is_noted_once():
    optimizer = training.make_optimizer("sgd", hyper())
    state = training.init_state({"w": jnp.float32(1)}, optimizer)
    worth = iter([1.0, jnp.nan, jnp.inf])
    for _ in range(3):
        value = next(worth)
        state = training.train_step(lambda p, v=value: v * p["w"], optimizer, state)
    assert state.step == 3
    assert state.diverged_step == 1


def test_the_public_functions_are_documented():
    for name, member in inspect.getmembers(training, inspect.isfunction):
        if member.__module__ == training.__name__:
            assert member.__doc__, name
