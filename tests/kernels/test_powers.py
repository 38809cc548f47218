"""Powers where the activations alone would not reach them."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from acts_jax.kernels.powers import power


@pytest.mark.parametrize("exponent", [-7.5, -1.0, 0.1, 1 / 3, 0.5, 1.3, 2.0, 3.7, 12.0])
def test_power_is_right_over_all_exponents(exponent):
    rng = np.random.default_rng(0)
    base = np.exp(rng.uniform(-87, 88, 300)).astype(np.float32)
    exponent = np.float32(exponent)
    exact = np.array([float(mpmath.mpf(float(b)) ** mpmath.mpf(float(exponent))) for b in base])
    normal = (exact > 1.2e-38) & (exact < 3.4e38)
    got = np.asarray(jax.jit(power)(base, jnp.full_like(base, exponent)), np.float64)
    # a ULP or two, and the rounding of log2 of the mantissa times the exponent
    bound = 3 + abs(exponent)
    np.testing.assert_array_less(np.abs(got[normal] / exact[normal] - 1), bound * 2.0**-23)
    assert np.all(got[exact < 1e-39] == 0) and np.all(np.isinf(got[exact > 3.5e38]))


def test_power_at_the_edges():
    base = jnp.float32([0, jnp.inf, jnp.nan, 1, 1.2e-38, 1e38])
    for exponent, expected in [
        (2.0, [0, jnp.inf, jnp.nan, 1, 0, jnp.inf]),
        (0.0, [1, 1, 1, 1, 1, 1]),
        (-2.0, [jnp.inf, 0, jnp.nan, 1, jnp.inf, 0]),
        (1e30, [0, jnp.inf, jnp.nan, 1, 0, jnp.inf]),
    ]:
        got = power(base, jnp.full_like(base, exponent))
        np.testing.assert_array_equal(got, expected)
