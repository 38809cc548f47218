"""The shared numerics where the activations alone would not reach them."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from acts_jax.activations.numerics import elementwise, with_derivatives
from acts_jax.activations.special_functions import power


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


def test_arguments_that_are_not_differentiated_cost_nothing():
    """Their partial is never computed: here it would raise."""

    def forbidden(x, p):
        raise AssertionError("computed")

    @with_derivatives(lambda x, p: 2 * x * p, forbidden)
    def f(x, p):
        return x * x * p

    assert jax.grad(f)(3.0, 2.0) == 12
    with pytest.raises(AssertionError, match="computed"):
        jax.grad(f, argnums=1)(3.0, 2.0)


def test_linear_in_the_tangents_under_vmap_scan_and_both_modes():
    @elementwise(lambda x, p: 3 * p * x**2, lambda x, p: x**3)
    def cubic(x, p=1.0):
        return p * x**3

    def loss(p, x):
        def step(carry, v):
            return carry + cubic(v, p).sum(), None

        return jax.lax.scan(step, 0.0, x)[0]

    x = jnp.float32(np.random.default_rng(0).normal(size=(4, 3)))
    by_p = jax.vmap(jax.grad(loss), (0, None))(jnp.float32([1, 2]), x)
    np.testing.assert_allclose(by_p, [(x**3).sum()] * 2, rtol=1e-5)
    hessian = jax.jacfwd(jax.grad(lambda v: cubic(v, 2.0).sum()))(x[0])
    np.testing.assert_allclose(hessian, np.diag(12 * x[0]), rtol=1e-5)
