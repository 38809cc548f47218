"""The vectorised sine and cosine, on their own range and beyond it."""

import jax
import numpy as np
import pytest

from acts_jax.activations import gcu, snake
from acts_jax.activations.derivative import derivative
from acts_jax.kernels import trigonometric

EPS = 2.0**-23


def points(limit):
    rng = np.random.default_rng(0)
    quarters = np.arange(-40, 40) * np.float32(np.pi / 2)
    x = np.concatenate([rng.uniform(-limit, limit, 3000), rng.uniform(-8, 8, 3000), quarters])
    return x.astype(np.float32)


@pytest.mark.parametrize("limit", [8191, 1e6])
@pytest.mark.parametrize("batched", [False, True])
def test_sine_and_cosine(limit, batched):
    x = points(limit)
    wide = x.astype(np.float64)
    for f, exact, slope in [
        (trigonometric.sine, np.sin(wide), np.cos(wide)),
        (trigonometric.cosine, np.cos(wide), np.sin(wide)),
    ]:
        got = jax.jit(jax.vmap(f) if batched else f)(x)
        bound = 2 * np.spacing(np.abs(exact).astype(np.float32)) + EPS * np.abs(wide * slope)
        assert np.all(np.abs(got - exact) <= bound)


def test_slopes_that_use_both():
    x = points(100)
    wide = x.astype(np.float64)
    for f, exact, curvature in [
        (snake, 1 + np.sin(2 * wide), 2 * np.cos(2 * wide)),
        (gcu, np.cos(wide) - wide * np.sin(wide), 2 * np.sin(wide) + wide * np.cos(wide)),
    ]:
        bound = 4 * np.spacing(np.abs(exact).astype(np.float32)) + 4 * EPS * np.abs(
            wide * curvature
        )
        assert np.all(np.abs(jax.jit(derivative(f))(x) - exact) <= bound + 1e-13)


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("limit", [1e6, 1e12])
def test_growing_cosine_of_large_angles(limit, batched):
    x = points(limit)
    wide = x.astype(np.float64)
    value, slope = wide * np.cos(wide), np.cos(wide) - wide * np.sin(wide)
    for f, exact in [(gcu, value), (derivative(gcu), slope)]:
        got = jax.jit(jax.vmap(f) if batched else f)(x)
        assert np.all(np.abs(got - exact) <= 4 * EPS * (1 + np.abs(wide)))


def test_growing_cosine_has_no_limit():
    assert np.all(np.isnan(gcu(np.float32([np.inf, -np.inf, np.nan]))))


@pytest.mark.parametrize("batched", [False, True])
def test_snake_beside_large_angles(batched):
    """They are computed otherwise, and leave what is beside them as it is."""
    x = points(100)
    both = np.concatenate([x, np.float32([1e4, -3e5, 2e9])])
    wide = both.astype(np.float64)
    for f, exact, slope in [
        (snake, wide + np.sin(wide) ** 2, 1 + np.sin(2 * wide)),
        (derivative(snake), 1 + np.sin(2 * wide), 2 * np.cos(2 * wide)),
    ]:
        f = jax.jit(jax.vmap(f) if batched else f)
        got = f(both)
        np.testing.assert_array_equal(got[: len(x)], f(x))
        ulp = np.spacing(np.abs(exact).astype(np.float32)) + EPS * np.abs(wide * slope)
        assert np.all(np.abs(got - exact) <= 4 * ulp + 1e-13)
