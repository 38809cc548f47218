"""Facts about the piecewise linear activations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations import hard_sigmoid, hard_tanh, leaky_relu, prelu, relu, relu6, rrelu
from acts_jax.activations.derivative import derivative


def test_relu_of_the_text():
    np.testing.assert_array_equal(relu(jnp.float32([-1, 0.5])), [0, 0.5])
    np.testing.assert_array_equal(derivative(relu)(jnp.float32([-1, 0, 0.5])), [0, 0, 1])


def test_relu_is_idempotent():
    x = jnp.linspace(-3, 3, 101)
    np.testing.assert_array_equal(relu(relu(relu(x))), relu(x))


def test_derivatives_at_kinks():
    assert derivative(leaky_relu)(0.0) == 1
    assert derivative(prelu)(0.0, slope=0.25) == 1
    np.testing.assert_array_equal(derivative(relu6)(jnp.float32([0, 3, 6])), [0, 1, 0])
    np.testing.assert_array_equal(derivative(hard_tanh)(jnp.float32([-1, 0, 1])), [1, 1, 1])
    np.testing.assert_array_equal(derivative(hard_sigmoid)(jnp.float32([-3, 3])), [0, 0])


def test_prelu_slope_gradient_is_the_negative_part():
    x = jnp.float32([-3, -1, 0, 2])
    gradient = jax.jacrev(lambda slope: prelu(x, slope))(0.25)
    np.testing.assert_array_equal(gradient, [-3, -1, 0, 0])


def test_a_slope_of_zero_is_relu_even_at_infinity():
    x = jnp.float32([-jnp.inf, -1, 1, jnp.inf])
    np.testing.assert_array_equal(leaky_relu(x, 0.0), relu(x))


def test_slope_may_be_a_numpy_integer_or_an_array_of_another_dtype():
    x = jnp.float32([-1, 1])
    np.testing.assert_array_equal(leaky_relu(x, np.int64(2)), [-2, 1])
    assert leaky_relu(x.astype(jnp.bfloat16), jnp.float32(0.5)).dtype == jnp.bfloat16


def test_rrelu_draws_a_slope_per_element():
    x = jnp.concatenate([-jnp.ones(4000), jnp.ones(10)])
    drawn = -rrelu(x, 0.1, 0.5, key=jax.random.key(0))[:4000]
    assert np.all((drawn >= 0.1) & (drawn <= 0.5))
    np.testing.assert_allclose([drawn.mean(), drawn.std()], [0.3, 0.4 / 12**0.5], rtol=0.02)
    np.testing.assert_array_equal(rrelu(x, 0.1, 0.5, key=jax.random.key(0))[4000:], 1)
    assert jax.grad(lambda v: rrelu(v, key=jax.random.key(1)))(-2.0) < 1 / 3
    np.testing.assert_allclose(rrelu(-2.0), -2 * (1 / 8 + 1 / 3) / 2, rtol=1e-6)


def test_rrelu_refuses_bounds_in_the_wrong_order():
    with pytest.raises(ValueError, match="lower must be at most upper"):
        rrelu(1.0, 0.5, 0.1)
