"""Facts about the functions that change the last axis."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations import crelu, geglu, glu, maxout, reglu, swiglu
from acts_jax.activations.catalogue import get, names

X = np.float32(np.random.default_rng(0).normal(scale=2, size=(3, 8)))


def test_gated_linear_units_are_those_of_jax():
    a, b = np.split(X, 2, axis=-1)
    np.testing.assert_allclose(glu(X), jax.nn.glu(X), rtol=1e-6)
    np.testing.assert_allclose(reglu(X), a * jax.nn.relu(b), rtol=1e-6)
    np.testing.assert_allclose(geglu(X), a * jax.nn.gelu(b, approximate=False), rtol=1e-5)
    np.testing.assert_allclose(swiglu(X), a * jax.nn.silu(b), rtol=1e-5)


@pytest.mark.parametrize("f", [glu, reglu, geglu, swiglu])
def test_any_axis_may_hold_the_halves(f):
    np.testing.assert_array_equal(f(X.T, 0), f(X).T)
    with pytest.raises(ValueError, match="an even axis 0, not shape"):
        f(X, 0)
    with pytest.raises(ValueError, match="an even axis 3, not shape"):
        f(X, axis=3)


def test_crelu_keeps_both_signs():
    positive, negative = np.split(crelu(X), 2, axis=-1)
    np.testing.assert_array_equal(positive - negative, X)
    assert np.all(crelu(X) >= 0)


def test_maxout_of_neighbours():
    x = jnp.float32([[1, 2, 4, 3, -1, -2]])
    np.testing.assert_array_equal(maxout(x), [[2, 4, -1]])
    np.testing.assert_array_equal(maxout(x, 3), [[4, 3]])
    gradient = jax.grad(lambda x: maxout(x).sum())(x)
    np.testing.assert_array_equal(gradient, [[0, 1, 1, 0, 1, 0]])


@pytest.mark.parametrize("f", [glu, reglu, geglu, swiglu, maxout])
def test_an_axis_that_does_not_divide_is_refused(f):
    with pytest.raises(ValueError, match="last axis"):
        f(X[:, :7])


@pytest.mark.parametrize("name", names(elementwise=False))
def test_what_changes_the_shape_says_so(name):
    x = jax.ShapeDtypeStruct((2, 4), jnp.bfloat16)
    result = jax.eval_shape(get(name), x)
    assert (result.shape == x.shape) == get(name).shape_preserving
    assert result.dtype == x.dtype
    assert jax.eval_shape(get(name), jax.ShapeDtypeStruct((4,), jnp.int32)).dtype == jnp.float32
