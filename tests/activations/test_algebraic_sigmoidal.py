"""Facts about the sigmoids of powers alone."""

import numpy as np

from acts_jax.activations import algebraic, hard_tanh, softsign

X = np.float32(np.linspace(-30, 30, 601))


def test_algebraic_has_softsign_the_root_and_hard_tanh_as_special_cases():
    np.testing.assert_allclose(algebraic(X, k=1.0), softsign(X), rtol=1e-6)
    np.testing.assert_allclose(algebraic(X, k=2.0), X / np.sqrt(1 + X * X), rtol=1e-6)
    np.testing.assert_allclose(algebraic(X, k=200.0), hard_tanh(X), atol=0.005)
