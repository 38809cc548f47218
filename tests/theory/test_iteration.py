"""Iterates: the numbers of the literature, exactness, and the chain rule."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from acts_jax.theory.iteration import iterates

EVERY_BFLOAT16 = np.arange(2**16, dtype=np.uint16).view(ml_dtypes.bfloat16).astype(np.float32)


def test_relu_is_idempotent_exactly():
    size = np.abs(EVERY_BFLOAT16)  # XLA takes subnormal numbers for 0
    x = EVERY_BFLOAT16[(size == 0) | ((size >= np.finfo(np.float32).tiny) & (size < np.inf))]
    values, slopes = iterates("relu", x, 5)
    for n in range(2, 6):
        np.testing.assert_array_equal(values[n], values[1])
        np.testing.assert_array_equal(slopes[n], slopes[1])
    np.testing.assert_array_equal(values[1], np.maximum(x, 0))


def test_the_sigmoid_contracts_to_its_fixed_point():
    with jax.enable_x64(True):
        values, slopes = iterates("sigmoid", jnp.array([0.0, -1e3, 1e3]), 60)
        factor = slopes[31, 0] / slopes[30, 0]
    np.testing.assert_allclose(values[-1], 0.6590461, atol=5e-8)
    np.testing.assert_allclose(factor, 0.2247043, atol=5e-8)
    known = np.array([0.25, 0.05875, 0.01335, 0.003008, 0.000676])
    assert (np.abs(np.asarray(slopes)[1:6, 0] - known) < [1e-16, 5e-6, 5e-6, 5e-7, 5e-7]).all()


def test_tanh_keeps_its_slope_at_zero_and_loses_it_slowly_elsewhere():
    _, slopes = iterates("tanh", np.float32([0, 2]), 1000)
    assert (slopes[:, 0] == 1).all()
    known = [0.07065, 0.03133, 0.01878, 0.01289, 0.00957]
    np.testing.assert_allclose(slopes[1:6, 1], known, atol=5e-6)
    exponent = np.log2(slopes[500, 1] / slopes[1000, 1])
    assert exponent == pytest.approx(1.5, abs=0.01)


def test_softsign_has_a_closed_form():
    x = np.linspace(-5, 5, 21).astype(np.float32)
    values, slopes = iterates("softsign", x, 7)
    n = np.arange(8, dtype=np.float32)[:, None]
    np.testing.assert_allclose(values, x / (1 + n * np.abs(x)), rtol=1e-6)
    np.testing.assert_allclose(slopes, 1 / (1 + n * np.abs(x)) ** 2, rtol=1e-5)


def test_parameters_and_dtypes_are_kept():
    x = jnp.ones((2, 3), jnp.bfloat16)
    values, slopes = iterates("leaky_relu", -x, 3, negative_slope=0.5)
    assert values.shape == (4, 2, 3)
    assert values.dtype == slopes.dtype == jnp.bfloat16
    assert values[:, 0, 0].tolist() == [-1, -0.5, -0.25, -0.125]
    assert slopes[:, 0, 0].tolist() == [1, 0.5, 0.25, 0.125]


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="0 or more"):
        iterates("relu", 1.0, -1)
    with pytest.raises(ValueError, match="not elementwise"):
        iterates("softmax", 1.0, 1)
