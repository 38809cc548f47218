"""Tanh and other special functions where the activations alone would not reach them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.kernels import hyperbolic, logarithms, normal, trigonometric
from acts_jax.kernels.hyperbolic import stretched_tanh

EPS = 2.0**-23


def relative_error(got, exact):
    return np.abs(np.asarray(got, np.float64) / exact - 1)


@pytest.mark.parametrize("rate, height", [(1, 1), (2 / 3, 1.7159)])
def test_tanh_keeps_its_digits_its_bounds_and_the_sign_of_zero(rate, height):
    sizes = np.exp(np.linspace(np.log(1e-30), np.log(1e4), 20001))
    x = np.concatenate([sizes, -sizes]).astype(np.float32)
    exact = height * np.tanh(rate * x.astype(np.float64))
    got = np.asarray(jax.jit(lambda x: stretched_tanh(x, rate, height))(x))
    assert relative_error(got, exact).max() < 4 * EPS
    assert relative_error(got, exact)[np.abs(x) > 2].max() < 2 * EPS
    assert np.abs(got).max() <= np.float32(height)
    ends = jnp.float32([-0.0, 1.2e-38, jnp.inf, -jnp.inf, jnp.nan])
    expected = np.float32([-0.0, height * rate * 1.2e-38, height, -height, np.nan])
    ends = np.asarray(stretched_tanh(ends, rate, height))
    np.testing.assert_allclose(ends, expected, rtol=2e-7)
    assert np.signbit(ends[0])


@pytest.mark.parametrize(
    "f",
    [
        hyperbolic.hyperbolic_tangent,
        hyperbolic.tanh_excess,
        logarithms.log1p_over,
        logarithms.log1p_within_one,
        logarithms.log_cosh_of_half,
        logarithms.two_artanh_over,
        normal.normal_tail,
        trigonometric.arctan_within_one,
    ],
)
def test_the_float64_branch_agrees_with_float32(f):
    """Of every special function of one argument, at points where it is defined."""
    x = np.float32([1, 3, 35, 37, 300] if f is normal.normal_tail else [0, 0.01, 0.11, 0.3])
    with jax.enable_x64(True):
        np.testing.assert_allclose(f(jnp.asarray(x)), f(jnp.asarray(x, float)), rtol=2e-6)
