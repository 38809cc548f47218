"""From a formula to an activation, where the activations alone would not reach them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.elementwise import elementwise


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
    @elementwise()
    @with_derivatives(lambda x, p: 3 * p * x**2, lambda x, p: x**3)
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


def test_a_wrong_call_names_the_function_and_the_nearest_argument():
    @elementwise()
    def bent(x, left_slope=1.0):
        return left_slope * x

    with pytest.raises(TypeError, match=r"^bent: .*'slope'; did you mean 'left_slope'\?"):
        bent(1.0, slope=2.0)
    with pytest.raises(TypeError, match=r"^bent: missing a required argument: 'x'"):
        bent()
    with pytest.raises(TypeError, match=r"^bent: too many positional arguments\."):
        bent(1.0, 2.0, 3.0)
