"""Facts about the gated activations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations import gelu, gelu_tanh, hard_silu, mish, relu, silu, swish
from acts_jax.activations.derivative import derivative


@pytest.mark.parametrize(
    "f, where, minimum",
    [
        (silu, -1.27846456, -0.27846454),
        (swish, -1.27846456, -0.27846454),
        (mish, -1.19243122, -0.30884341),
        (gelu, -0.75179152, -0.16997121),
        (hard_silu, -1.5, -0.375),
    ],
)
def test_minimum(f, where, minimum):
    np.testing.assert_allclose(f(where), minimum, rtol=1e-6)
    np.testing.assert_allclose(derivative(f)(where), 0, atol=1e-6)


def test_largest_slope_of_silu():
    np.testing.assert_allclose(derivative(silu)(2.3993553), 1.09983932, rtol=1e-6)
    np.testing.assert_allclose(derivative(silu, 2)(2.3993553), 0, atol=1e-6)


def test_gelu_forms_differ_by_at_most():
    x = np.float32(np.linspace(-6, 6, 4001))
    np.testing.assert_allclose(np.max(np.abs(gelu(x) - gelu_tanh(x))), 4.7324e-4, rtol=2e-3)
    np.testing.assert_allclose(gelu_tanh(x), jax.nn.gelu(x), atol=1e-6)
    np.testing.assert_allclose(gelu(x), jax.nn.gelu(x, approximate=False), atol=1e-6)


def test_swish_between_line_and_relu():
    x = np.float32(np.linspace(-5, 5, 101))
    np.testing.assert_array_equal(swish(x, beta=0.0), x / 2)
    np.testing.assert_allclose(swish(x, beta=1e4), relu(x), atol=1e-6)
    np.testing.assert_array_equal(swish(x, beta=1.0), silu(x))
    assert swish(jnp.inf, beta=0.0) == jnp.inf


def test_hard_silu_at_its_kinks():
    np.testing.assert_array_equal(derivative(hard_silu)(jnp.float32([-3, 3])), [0, 1])
