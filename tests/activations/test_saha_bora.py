"""Facts about sbaf and a_relu."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations import a_relu, sbaf
from acts_jax.activations.derivative import derivative


def test_sbaf_values_of_the_paper():
    np.testing.assert_allclose(sbaf(0.5, k=0.98), 0.67114094, rtol=1e-6)
    np.testing.assert_allclose(sbaf(0.5, k=0.91), 0.68728522, rtol=1e-6)
    np.testing.assert_allclose(sbaf(0.1), 0.77279753, rtol=1e-6)
    np.testing.assert_allclose(derivative(sbaf)(0.1), -0.78036226, rtol=1e-6)
    np.testing.assert_allclose(sbaf(0.68767649), 0.68767649, rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.8])
def test_sbaf_is_u_shaped(alpha):
    """1 at both ends, where it is vertical, and lowest at x = alpha."""
    ends = jnp.float32([0, 1])
    np.testing.assert_array_equal(sbaf(ends, alpha=alpha), [1, 1])
    np.testing.assert_array_equal(derivative(sbaf)(ends, alpha=alpha), [-jnp.inf, jnp.inf])
    assert derivative(sbaf)(np.float32(alpha), alpha=alpha) == 0
    x = np.float32(np.linspace(0.01, 0.99, 99))
    y = np.asarray(sbaf(x, alpha=alpha), np.float64)
    assert abs(x[np.argmin(y)] - alpha) < 0.006
    np.testing.assert_allclose(
        derivative(sbaf)(x, alpha=alpha), y * (1 - y) * (x - alpha) / (x * (1 - x)), atol=2e-5
    )


def test_sbaf_is_monotone_at_the_ends_of_alpha():
    x = np.float32(np.linspace(0, 1, 11))
    np.testing.assert_allclose(sbaf(x, alpha=0.0), 1 / (1 + 0.98 * (1 - x)), rtol=1e-6)
    np.testing.assert_allclose(sbaf(x, alpha=1.0), 1 / (1 + 0.98 * x), rtol=1e-6)
    rising, falling = (derivative(sbaf)(x, alpha=alpha) for alpha in (0.0, 1.0))
    np.testing.assert_allclose(rising, 0.98 / (1 + 0.98 * (1 - x)) ** 2, rtol=1e-5)
    np.testing.assert_allclose(falling, -0.98 / (1 + 0.98 * x) ** 2, rtol=1e-5)


def test_sbaf_outside_its_domain_is_nan():
    x = jnp.float32([-1e-6, 1.000001, -jnp.inf, jnp.inf, jnp.nan])
    assert np.all(np.isnan(sbaf(x)))
    assert np.all(np.isnan(derivative(sbaf)(x)))


def test_a_relu_against_relu():
    """It crosses y = x at 7.7987 and is at worst 0.75056 below it, at 3.2524."""
    np.testing.assert_allclose(a_relu(7.7987), 7.7987, rtol=1e-5)
    np.testing.assert_allclose(3.2524 - a_relu(3.2524), 0.75056, rtol=1e-4)
    np.testing.assert_allclose(derivative(a_relu)(3.2524), 1, rtol=1e-4)


def test_a_relu_at_and_below_zero():
    x = jnp.float32([-jnp.inf, -2, -1e-30, 0])
    zero = np.zeros(4)
    for f in (a_relu, derivative(a_relu), derivative(a_relu, 2)):
        np.testing.assert_array_equal(f(x), zero)
    for key in ("k", "n"):
        gradient = jax.jacfwd(lambda v, key=key: a_relu(x, **{key: v}))(1.3)
        np.testing.assert_array_equal(gradient, zero)


def test_a_relu_with_other_powers():
    x = np.float32([1e-3, 0.5, 2, 30])
    for n in (0.5, 1.0, 2.0, 3.0):
        np.testing.assert_allclose(a_relu(x, k=1.0, n=n), x**n, rtol=1e-6)
        np.testing.assert_allclose(derivative(a_relu)(x, k=1.0, n=n), n * x ** (n - 1), rtol=1e-6)
    assert a_relu(jnp.inf, n=0.5) == jnp.inf
