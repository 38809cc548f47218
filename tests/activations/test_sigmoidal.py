"""Facts about the S-shaped activations."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations import (
    algebraic,
    generalized_logistic,
    gudermannian,
    hard_tanh,
    sigmoid,
    softsign,
    tanh,
)
from acts_jax.activations.catalogue import get, names
from acts_jax.activations.derivative import derivative

X = np.float32(np.linspace(-30, 30, 601))


def test_sigmoid_and_tanh_derivatives_survive_in_the_tails():
    """Where jax.nn returns 0, ours is e^-|x| to rounding."""
    assert jax.grad(jax.nn.sigmoid)(40.0) == 0
    np.testing.assert_allclose(derivative(sigmoid)(40.0), math.exp(-40), rtol=1e-6)
    np.testing.assert_allclose(derivative(tanh)(-20.0), 4 * math.exp(-40), rtol=1e-6)


def test_sigmoid_applied_again_and_again():
    """Its derivatives at 0 tend to 0; tanh's stays exactly 1."""

    def times(f, n):
        return f if n == 1 else lambda x: f(times(f, n - 1)(x))

    slopes = [derivative(times(sigmoid, n))(0.0) for n in range(1, 6)]
    np.testing.assert_allclose(slopes, [0.25, 0.05875, 0.01335, 0.003008, 0.000676], rtol=1e-3)
    assert all(derivative(times(tanh, n))(0.0) == 1 for n in range(1, 6))
    from_two = [derivative(times(tanh, n))(2.0) for n in range(1, 6)]
    np.testing.assert_allclose(from_two, [0.07065, 0.03133, 0.01878, 0.01289, 0.00957], rtol=1e-3)


def test_sigmoid_fixed_point():
    x = 0.5
    for _ in range(30):
        x = sigmoid(x)
    np.testing.assert_allclose(x, 0.6590461, rtol=1e-6)
    np.testing.assert_allclose(derivative(sigmoid)(x), 0.2247043, rtol=1e-6)


def test_special_cases_of_the_families():
    np.testing.assert_allclose(generalized_logistic(X, alpha=1.0), sigmoid(X), rtol=5e-6)
    np.testing.assert_allclose(gudermannian(X), np.arcsin(np.tanh(X)), atol=1e-3)


def test_algebraic_has_softsign_the_root_and_hard_tanh_as_special_cases():
    np.testing.assert_allclose(algebraic(X, k=1.0), softsign(X), rtol=1e-6)
    np.testing.assert_allclose(algebraic(X, k=2.0), X / np.sqrt(1 + X * X), rtol=1e-6)
    np.testing.assert_allclose(algebraic(X, k=200.0), hard_tanh(X), atol=0.005)


@pytest.mark.parametrize("name", [name for name in names() if get(name).family == "sigmoidal"])
def test_increasing_from_one_end_of_the_range_to_the_other(name):
    value = np.asarray(get(name)(X), np.float64)
    assert np.all(np.diff(value) >= -2.5e-7)  # 2 ULP
    assert np.all(get(name).derivative(X[np.abs(X) < 9]) > 0)
    middle = np.mean(get(name).range)
    symmetric = name != "generalized_logistic"
    assert (abs(float(get(name)(jnp.float32(0))) - middle) < 1e-6) == symmetric
