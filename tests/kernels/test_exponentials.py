"""Exponentials where the activations alone would not reach them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.kernels.exponentials import (
    decay_minus_one,
    exponential,
    exponential_decay,
    lifted_exponential,
    small_power_of_two,
)
from acts_jax.kernels.lifting import LIFT
from acts_jax.kernels.logistic import lifted_sigmoid

EPS = 2.0**-23


def relative_error(got, exact):
    return np.abs(np.asarray(got, np.float64) / exact - 1)


@pytest.mark.parametrize("function, lift", [(exponential, 0), (lifted_exponential, LIFT)])
def test_exponential_is_right_to_an_ulp_down_to_the_last_normal_number(function, lift):
    x = np.linspace(-87.3 - 0.69 * lift, 20, 20001).astype(np.float32)
    got = jax.jit(function)(x)
    exact = 2.0**lift * np.exp(x.astype(np.float64))
    assert relative_error(got, exact).max() < EPS
    ends = function(jnp.float32([-jnp.inf, -200, 0, jnp.nan]))
    np.testing.assert_array_equal(ends, [0, 0, 2.0**lift, jnp.nan])


def test_exponential_is_its_own_derivative_to_any_order():
    x = jnp.float32(-1.5)
    for f in (exponential, jax.grad(exponential), jax.grad(jax.grad(exponential))):
        np.testing.assert_allclose(f(x), np.exp(-1.5), rtol=2e-7)


def test_decay_minus_one_keeps_its_digits_at_zero():
    x = -np.exp(np.linspace(-80, 5, 20001)).astype(np.float32)
    got = jax.jit(decay_minus_one)(x)
    assert relative_error(got, np.expm1(x.astype(np.float64))).max() < 1.5 * EPS
    np.testing.assert_array_equal(decay_minus_one(jnp.float32([0, -jnp.inf])), [0, -1])


def test_sigmoid_is_lifted_as_far_as_its_products_need():
    x = np.linspace(-110, 100, 20001).astype(np.float32)
    got = np.asarray(jax.jit(lifted_sigmoid)(x), np.float64) * 2.0**-LIFT
    assert relative_error(got, 1 / (1 + np.exp(-x.astype(np.float64)))).max() < 2 * EPS
    np.testing.assert_array_equal(
        lifted_sigmoid(jnp.float32([-jnp.inf, 0])), [0, 2.0 ** (LIFT - 1)]
    )


def test_decay_is_the_exponential_of_a_multiple():
    x = np.linspace(-70, 70, 20001).astype(np.float32)
    for rate in (2, 4 / 3, 1):
        got = jax.jit(lambda x, rate=rate: exponential_decay(x, rate, 2.0**LIFT))(x)
        exact = 2.0**LIFT * np.exp(-rate * np.abs(x.astype(np.float64)))
        normal = exact > 1.2e-38
        assert relative_error(got, exact)[normal].max() < 1.5 * EPS
        assert np.all(np.asarray(got)[exact < 1e-39] == 0)


def test_small_powers_of_two_reach_from_zero_to_the_largest():
    exponent = np.linspace(-126, 127, 20001).astype(np.float32)
    for shift in (0, -LIFT):
        inside = exponent[np.abs(exponent + shift) < 125.9]
        got = jax.jit(lambda y, shift=shift: small_power_of_two(y, shift))(inside)
        assert relative_error(got, np.exp2(inside.astype(np.float64) + shift)).max() < EPS
    assert small_power_of_two(jnp.float32(-127)) == 0
