"""Facts about softmax and its relatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from acts_jax import activations
from acts_jax.activations import (
    entmax15,
    log_softmax,
    sigmoid,
    softmax,
    softmin,
    sparse_sigmoid,
    sparsemax,
)

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


@pytest.mark.parametrize(
    "f, theirs", [(softmax, jax.nn.softmax), (log_softmax, jax.nn.log_softmax)]
)
def test_axis_and_where_as_in_jax_nn(f, theirs):
    some = LOGITS > -1
    for axis in (0, -1, (0, 1)):
        np.testing.assert_allclose(f(LOGITS, axis), theirs(LOGITS, axis), rtol=1e-6)
    np.testing.assert_allclose(f(LOGITS, where=some), theirs(LOGITS, where=some), rtol=1e-6)


@pytest.mark.parametrize("f", [softmin, sparsemax, entmax15])
def test_any_axis_may_hold_the_classes(f):
    np.testing.assert_array_equal(f(LOGITS.T, axis=0), f(LOGITS).T)


@pytest.mark.parametrize("f", [softmax, log_softmax, softmin, sparsemax, entmax15])
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
def test_keeps_the_dtype_and_rounds_once(f, dtype):
    x = LOGITS.astype(dtype)
    assert f(x).dtype == dtype
    np.testing.assert_array_equal(f(x), f(x.astype(jnp.float32)).astype(dtype))
    assert f(jnp.asarray([1, 2])).dtype == jnp.float32


@pytest.mark.parametrize("f", [sparsemax, entmax15])
def test_sparse_distributions(f):
    p = np.asarray(f(LOGITS))
    assert np.all((p >= 0) & (p <= 1)) and np.any(p == 0) and np.any((p > 0) & (p < 1))
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-6)
    np.testing.assert_allclose(f(LOGITS + 3), p, atol=2e-6)
    np.testing.assert_array_equal(f(LOGITS[:, ::-1])[:, ::-1], p)
    np.testing.assert_array_equal(f(jnp.float32([3e38, 0, -3e38])), [1, 0, 0])
    np.testing.assert_allclose(f(jnp.zeros(4)), np.full(4, 0.25), rtol=1e-6)


def test_sparsemax_is_the_projection_onto_the_simplex():
    """No step towards a corner of the simplex comes nearer to the logits."""
    p = np.asarray(sparsemax(LOGITS), np.float64)
    inwards = np.einsum("ni,nij->nj", p - LOGITS, np.eye(10) - p[:, :, None])
    assert np.all(inwards >= -1e-5)


def test_sparsemax_of_two_classes_is_the_sparse_sigmoid_of_the_difference():
    difference = np.float32(np.linspace(-2, 2, 9))
    x = jnp.stack([difference, np.zeros(9, np.float32)], axis=-1)
    np.testing.assert_allclose(sparsemax(x)[:, 0], sparse_sigmoid(difference), atol=1e-7)


def test_entmax_satisfies_its_equation():
    """On the support x / 2 - sqrt(p) is one threshold; off it x / 2 is below."""
    p = np.asarray(entmax15(LOGITS))
    for logits, row in zip(np.asarray(LOGITS) / 2, p, strict=True):
        threshold = logits[row > 0] - np.sqrt(row[row > 0])
        np.testing.assert_allclose(threshold, threshold.mean(), atol=1e-5)
        assert np.all(logits[row == 0] <= threshold.mean() + 1e-5)


@pytest.mark.parametrize("f", [sparsemax, entmax15])
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_of_sparse_distributions(f, order):
    x = LOGITS[0] / 3
    weights = jnp.arange(10.0) ** 0.5
    check_grads(jax.jit(lambda x: weights @ f(x)), (x,), order, atol=2e-2, rtol=2e-2, eps=1e-2)


def test_softmin():
    np.testing.assert_array_equal(softmin(LOGITS), softmax(-LOGITS))


def in_float64(name, x):
    """f [n, classes] and its Jacobian [n, classes, classes], where nothing cancels."""
    below = x[:, :, None] - x[:, None, :]  # of entry i and j
    others = np.exp(-below) * (1 - np.eye(x.shape[1]))
    missing = np.sum(others, 2)  # (1 - s) / s
    s = 1 / (1 + missing)
    one_less = missing * s
    own = np.eye(x.shape[1])
    jacobian = own * one_less[:, :, None] - (1 - own) * s[:, None, :]
    if name == "log_softmax":
        return -np.log1p(missing), jacobian
    return s, s[:, :, None] * jacobian


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize("mode", [jax.jacrev, jax.jacfwd])
def test_value_and_derivative_of_confident_rows_within_the_promise(name, classes, mode):
    """4 (ulp + eps |x| |d result / dx|), of which a relative slope is 2 at most."""
    rng = np.random.default_rng(0)
    x = np.float32(rng.normal(size=(400, classes)))
    x[:, 0] += np.float32(rng.uniform(-20, 80, 400))
    sign = -1 if name == "softmin" else 1
    value, jacobian = in_float64("softmax" if sign < 0 else name, sign * x.astype(np.float64))
    f = getattr(activations, name)
    got = jax.vmap(f)(x), sign * jax.vmap(mode(f))(x)
    widest = np.max(np.abs(x), axis=1)
    for ours, true in zip(got, (value, jacobian), strict=True):
        relative = 4 * np.finfo(np.float32).eps * (1 + 2 * widest)
        bound = np.abs(true) * relative.reshape(-1, *(1,) * (true.ndim - 1))
        normal = np.abs(true) > np.finfo(np.float32).tiny
        assert np.all((np.abs(np.asarray(ours) - true) <= bound)[normal])


def test_the_derivative_of_a_confident_entry_by_itself():
    for gap, slope in [(10, 4.5397868702434395e-05), (20, 2.0611536181902037e-09)]:
        row = jnp.float32([gap, 0])
        by_itself = jax.grad(lambda x: log_softmax(x)[0])(row)[0]
        np.testing.assert_allclose(by_itself, slope, rtol=3e-7)
        np.testing.assert_allclose(log_softmax(row)[0], -np.log1p(np.exp(-gap)), rtol=3e-7)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "sparsemax", "entmax15"])
def test_over_several_axes_all_or_none_of_them(name):
    f = getattr(activations, name)
    x = jnp.float32(np.random.default_rng(0).normal(size=(2, 3, 4)))
    flat = f(x.transpose(1, 0, 2).reshape(3, 8)).reshape(3, 2, 4).transpose(1, 0, 2)
    np.testing.assert_allclose(f(x, axis=(0, 2)), flat, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(f(x, axis=None), f(x.ravel()).reshape(x.shape), rtol=1e-5, atol=1e-6)
    assert f(jnp.zeros((3, 0))).shape == (3, 0) and f([1.0, 2.0]).shape == (2,)
