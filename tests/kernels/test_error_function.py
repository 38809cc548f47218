"""The error function where the activations alone would not reach it."""

import jax
import mpmath
import numpy as np

from acts_jax.kernels import error_function


def test_error_function_is_better_than_that_of_xla():
    x = np.linspace(-5, 5, 4001).astype(np.float32)
    exact = np.array([float(mpmath.erf(float(v))) for v in x])
    ulp = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64) + 1e-45
    ours, theirs = (np.abs(np.asarray(f(x), np.float64) - exact) / ulp for f in
                    (error_function.erf, jax.lax.erf))  # fmt: skip
    assert ours.max() < 3 < theirs.max()
