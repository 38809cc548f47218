"""Slices: every example is in one place, and what fills a slice up is known."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax import training
from acts_jax.training import slices


def some(size, weights=True, start=0):
    """Examples whose only feature and label are their number."""
    number = np.arange(start, start + size)
    ones = np.ones(1, np.float32)
    weight = number.astype(np.float32) if weights else None
    return training.Examples(number[:, None], number.astype(np.int32), ones, 0 * ones, weight)


@pytest.mark.parametrize("sizes", [(600, 256, 3), (512,), (7, 9), (1, 255)])
def test_a_walk_meets_every_example_once_with_its_set(sizes):
    starts = np.cumsum([0, *sizes])
    joined = slices.join(*map(some, sizes, [True] * len(sizes), starts))
    walk = joined.walk()
    assert joined.sizes == sizes
    assert joined.width == min(slices.WIDTH, max(sizes)) == walk.labels.shape[1]
    np.testing.assert_array_equal(walk.labels[walk.real], np.arange(sum(sizes)))
    np.testing.assert_array_equal(walk.inputs[walk.real][:, 0], np.arange(sum(sizes)))
    np.testing.assert_array_equal(walk.weights[walk.real], np.arange(sum(sizes)))
    owner = np.broadcast_to(walk.owner[:, None], walk.real.shape)
    np.testing.assert_array_equal(owner[walk.real], np.repeat(np.arange(len(sizes)), sizes))
    # What fills a slice up is of the same set.
    np.testing.assert_array_equal(owner, np.searchsorted(starts[1:], walk.labels, side="right"))


def test_examples_of_the_first_set_are_rows_under_their_own_index():
    joined = slices.join(some(300), some(40, start=300))
    features, labels = joined.rows.take(np.array([0, 299, 17]))
    np.testing.assert_array_equal(labels, [0, 299, 17])
    np.testing.assert_array_equal(features, [[0], [299], [17]])


def test_sets_on_the_host_stay_there_and_those_on_a_device_too():
    on_host = slices.join(some(300), some(40))
    assert isinstance(on_host.rows.inputs, np.ndarray)
    on_device = jax.jit(lambda *sets: slices.join(*sets).walk())(*map(jnp_of, (300, 40)))
    jax.tree.map(np.testing.assert_array_equal, on_device, on_host.walk())


def jnp_of(size):
    return jax.tree.map(jnp.asarray, some(size))


def test_sets_may_have_no_weights():
    assert slices.join(some(5, weights=False), some(3, weights=False)).walk().weights is None


@pytest.mark.parametrize("weights", [True, False])
def test_a_scan_of_one_of_several_divisions_meets_its_examples_alone(weights):
    sizes = (600, 40, 3)
    divisions = [
        slices.join(*(some(size, weights, start=first + 1000 * i) for i, size in enumerate(sizes)))
        for first in (0, 10_000, 20_000)
    ]
    divisions = [
        dataclasses.replace(own, rows=dataclasses.replace(own.rows, scale=np.float32([i + 1])))
        for i, own in enumerate(divisions)
    ]
    stacked = slices.stack(divisions)

    @jax.jit
    def seen(stacked, division):
        own = stacked.of(division)
        body = lambda _, batch: (None, batch)  # noqa: E731
        return own.scan(body, None)[1], own.rows.take(own.index(np.array([0, 599, 7])))

    for i, alone in enumerate(divisions):
        found, (features, labels) = seen(stacked, np.int32(i))
        jax.tree.map(np.testing.assert_array_equal, found, alone.walk())
        np.testing.assert_array_equal(labels, 10_000 * i + np.array([0, 599, 7]))
        np.testing.assert_array_equal(features[:, 0], (i + 1) * labels)
    assert slices.stack(divisions[:1]) is divisions[0]
