"""The scale that all of them share, and the identities between them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax import derivative
from acts_jax.activations.catalogue import get
from acts_jax.theory import scaled_sigmoids


@pytest.mark.parametrize("name", [*scaled_sigmoids.CATALOGUE, *scaled_sigmoids.MADE])
def test_value_slope_and_range(name):
    f, slope = jax.jit(get(name)), jax.jit(derivative(get(name)))
    x = np.linspace(-8, 8, 801, dtype=np.float32)
    values, slopes = np.asarray(f(x)), np.asarray(slope(x))
    assert x[400] == 0
    assert values[400] == pytest.approx(0, abs=2e-7)
    assert slopes[400] == pytest.approx(1, rel=1e-6)
    assert np.diff(values).min() > -2e-7  # rounding
    assert (slopes >= 0).all()
    assert slopes.max() < 1.3
    np.testing.assert_allclose(f(np.float32([-1e7, 1e7])), [-1, 1], atol=1e-6)


def test_the_logistic_functions_are_tanh():
    x = np.linspace(-5, 5, 101)
    with jax.enable_x64(True):
        np.testing.assert_allclose(scaled_sigmoids.logistic(jnp.asarray(x)), np.tanh(x), atol=1e-15)
        general = scaled_sigmoids.generalized_logistic(jnp.asarray(x), alpha=1.0)
    np.testing.assert_allclose(general, np.tanh(x), atol=1e-15)
