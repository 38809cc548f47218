"""Facts about the activations with an exponential side."""

import jax.numpy as jnp
import numpy as np

from acts_jax.activations import celu, elu, log_sigmoid, selu, sigmoid, softplus
from acts_jax.activations.derivative import derivative


def test_elu_derivative_beside_zero():
    """1 just above 0; alpha at 0 and just below."""
    x = jnp.float32([1e-30, 0, -1e-30])
    np.testing.assert_allclose(derivative(elu)(x, alpha=1.7), [1, 1.7, 1.7], rtol=1e-6)
    np.testing.assert_array_equal(derivative(celu)(x, alpha=1.7), [1, 1, 1])
    np.testing.assert_allclose(
        derivative(selu)(x), [1.0507009874, 1.7580993408, 1.7580993408], rtol=1e-6
    )


def test_selu_keeps_mean_zero_and_variance_one():
    z, weights = np.polynomial.hermite_e.hermegauss(200)
    weights = weights / weights.sum()
    value = np.asarray(selu(np.float32(z)), np.float64)
    np.testing.assert_allclose(weights @ value, 0, atol=1e-3)
    np.testing.assert_allclose(weights @ value**2, 1, atol=2e-3)


def test_elu_derivative_survives_in_the_tail():
    np.testing.assert_allclose(derivative(elu)(-60.0), np.exp(-60.0), rtol=1e-5)


def test_softplus_identities():
    x = np.float32(np.linspace(-80, 80, 161))
    np.testing.assert_allclose(softplus(x) - softplus(-x), x, atol=1e-5)
    np.testing.assert_allclose(log_sigmoid(x), -softplus(-x), rtol=1e-6)
    np.testing.assert_allclose(np.exp(log_sigmoid(x)), sigmoid(x), rtol=1e-5)
