"""Facts about softmax and log_softmax."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations import log_softmax, sigmoid, softmax

LOGITS = jnp.float32(np.random.default_rng(0).normal(scale=3, size=(5, 10)))


def test_softmax_is_a_distribution():
    p = softmax(LOGITS)
    assert np.all((p > 0) & (p < 1))
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-6)
    np.testing.assert_allclose(jnp.log(p), log_softmax(LOGITS), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(softmax(LOGITS + 100), p, rtol=1e-4)


def test_two_classes_are_the_sigmoid_of_the_difference():
    a, b = jnp.float32(1.3), jnp.float32(-0.4)

    def first(a):
        return softmax(jnp.stack([a, b]))[0]

    np.testing.assert_allclose(first(a), sigmoid(a - b), rtol=1e-6)
    np.testing.assert_allclose(jax.grad(first)(a), jax.grad(sigmoid)(a - b), rtol=1e-6)


def test_huge_logits_do_not_overflow():
    x = jnp.float32([3e38, 0, -3e38])
    np.testing.assert_array_equal(softmax(x), [1, 0, 0])
    assert np.all(np.isfinite(log_softmax(x / 2)))


@pytest.mark.parametrize("f", [softmax, log_softmax])
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
def test_keeps_the_dtype_and_rounds_once(f, dtype):
    x = LOGITS.astype(dtype)
    assert f(x).dtype == dtype
    np.testing.assert_array_equal(f(x), f(x.astype(jnp.float32)).astype(dtype))
    assert f(jnp.asarray([1, 2])).dtype == jnp.float32
