"""The elementwise derivative of any order."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations import leaky_relu, relu, sigmoid, softmax, softplus, swish, tanh
from acts_jax.activations.catalogue import get, names
from acts_jax.activations.derivative import derivative


def test_orders_of_sin():
    x = jnp.linspace(-3, 3, 7)
    for order in range(5):
        expected = np.sin(np.asarray(x) + order * math.pi / 2)
        np.testing.assert_allclose(derivative(jnp.sin, order)(x), expected, atol=1e-6)


def test_known_maxima():
    assert derivative(sigmoid)(0.0) == 0.25  # never above 1/4
    assert derivative(tanh)(0.0) == 1
    edge = math.atanh(math.sqrt(3) / 2)  # 1.3169579: where tanh' falls below 1/4
    np.testing.assert_allclose(derivative(tanh)(edge), 0.25, rtol=1e-6)


def test_derivatives_chain():
    x = jnp.linspace(-30, 30, 61)
    np.testing.assert_allclose(derivative(softplus, 2)(x), derivative(sigmoid)(x), rtol=1e-6)
    third = derivative(softplus, 3)(jnp.float32([-20, -1, 0, 1, 20]))
    s = 1 / (1 + np.exp(-np.array([-20, -1, 0, 1, 20.0])))
    np.testing.assert_allclose(third, s * (1 - s) * (1 - 2 * s), rtol=1e-4, atol=1e-12)


def test_parameters_pass_through():
    np.testing.assert_array_equal(derivative(leaky_relu)(-1.0, negative_slope=0.5), 0.5)
    np.testing.assert_array_equal(derivative(get("leaky_relu"))(-1.0, negative_slope=0.5), 0.5)


def test_transforms():
    x = jnp.linspace(-2, 2, 5)
    expected = derivative(swish)(x, beta=1.5)
    np.testing.assert_allclose(jax.jit(derivative(swish))(x, beta=1.5), expected, rtol=1e-6)
    by_vmap = jax.vmap(lambda v: derivative(swish)(v, beta=1.5))(x)
    np.testing.assert_allclose(by_vmap, expected, rtol=1e-6)
    curvature = jax.grad(lambda x: derivative(swish)(x, beta=1.5).sum())(x)
    np.testing.assert_allclose(curvature, derivative(swish, 2)(x, beta=1.5), rtol=1e-5)
    forward = jax.jvp(derivative(swish), (x,), (jnp.ones_like(x),))[1]
    np.testing.assert_allclose(forward, derivative(swish, 2)(x), rtol=1e-5)
    mixed = jax.grad(lambda beta: derivative(swish)(0.5, beta=beta))(1.5)
    step = 1e-2
    slopes = [derivative(swish)(0.5, beta=1.5 + s) for s in (-step, step)]
    np.testing.assert_allclose(mixed, (slopes[1] - slopes[0]) / (2 * step), rtol=1e-3)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_keeps_shape_and_dtype(dtype, order):
    result = derivative(tanh, order)(jnp.ones((2, 3), dtype))
    assert result.shape == (2, 3) and result.dtype == dtype


def test_integers_become_floats():
    assert derivative(relu)(jnp.asarray([-1, 2])).dtype == jnp.float32


def test_function_with_only_a_reverse_rule():
    @jax.custom_vjp
    def clipped(x):
        return x

    clipped.defvjp(lambda x: (x, None), lambda _, g: (3 * g,))
    assert derivative(clipped)(1.0) == 3


def test_parameters_by_position_as_in_the_function_itself():
    x = jnp.float32([-2, 3])
    for order in (1, 2):
        by_name = derivative(swish, order)(x, beta=0.5)
        np.testing.assert_array_equal(derivative(swish, order)(x, 0.5), by_name)
    assert derivative(leaky_relu)(x, 0.5).tolist() == [0.5, 1.0]


def test_what_has_no_derivative():
    with pytest.raises(ValueError, match="takes a function or an Activation, not 'relu'"):
        derivative("relu")
    with pytest.raises(ValueError, match="by a real number, not by complex64"):
        derivative(tanh)(1j)


WHOLE = [get(name).function for name in names(elementwise=False)]
WHOLE += [get("softmax"), jax.nn.softmax, jax.nn.log_softmax, jax.nn.glu]
WHOLE += [jax.jit(softmax), functools.partial(softmax, axis=0), jax.jit(jax.nn.softmax)]


@pytest.mark.parametrize("f", WHOLE)
def test_no_sum_over_the_outputs_of_a_whole_vector_function(f):
    with pytest.raises(ValueError, match=r"acts on whole vectors.*; jax\.jacobian has"):
        derivative(f)
    assert derivative(f, 0) is f


@pytest.mark.parametrize(
    ("f", "parameters"),
    [
        (lambda x: x[:2] * x[2:], {}),
        (jnp.sum, {}),
        (lambda x: jnp.concatenate([x, -x]), {}),
        (leaky_relu, {"negative_slope": np.ones((3, 4), np.float32)}),
    ],
)
def test_no_sum_over_a_shape_that_is_not_that_of_x(f, parameters):
    for x in (jnp.ones(4), np.ones(4, np.int32)):
        with pytest.raises(ValueError, match=r"x's shape \(4,\), not \(.*jax\.jacobian"):
            derivative(f)(x, **parameters)


@pytest.mark.parametrize("order", [-1, 1.0, "1", True, None])
def test_wrong_order(order):
    with pytest.raises(ValueError, match="order must be an integer, 0 or more"):
        derivative(tanh, order)
