"""The special functions where the activations alone would not reach them."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from acts_jax.activations import normal, special_functions
from acts_jax.activations.special_functions import error_function, stretched_tanh

EPS = 2.0**-23


def relative_error(got, exact):
    return np.abs(np.asarray(got, np.float64) / exact - 1)


def test_error_function_is_better_than_that_of_xla():
    x = np.linspace(-5, 5, 4001).astype(np.float32)
    exact = np.array([float(mpmath.erf(float(v))) for v in x])
    ulp = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64) + 1e-45
    ours, theirs = (np.abs(np.asarray(f(x), np.float64) - exact) / ulp for f in
                    (error_function, jax.lax.erf))  # fmt: skip
    assert ours.max() < 3 < theirs.max()


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


def test_every_float64_branch_agrees_with_float32():
    """Each special function of one argument, at points where all of them are defined."""
    with jax.enable_x64(True):
        for name in (
            "log1p_over", "two_artanh_over", "error_function_over", "hyperbolic_tangent",
            "normal_tail", "log1p_within_one", "arctan_within_one", "tanh_excess",
            "log_cosh_of_half",
        ):  # fmt: skip
            f = getattr(normal if name == "normal_tail" else special_functions, name)
            x = np.float32([1, 3, 35, 37, 300] if name == "normal_tail" else [0, 0.01, 0.11, 0.3])
            np.testing.assert_allclose(f(jnp.asarray(x)), f(jnp.asarray(x, float)), rtol=2e-6)
