"""Exponentials and powers where the activations alone would not reach them."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from acts_jax.activations.exponentials import (
    decay_minus_one,
    lifted_decay,
    lifted_exp,
    power,
    sigmoid_lifted,
    small_power_of_two,
)

EPS = 2.0**-23


def relative_error(got, exact):
    return np.abs(np.asarray(got, np.float64) / exact - 1)


@pytest.mark.parametrize("lift", [0, 2, 16])
def test_exponential_is_right_to_an_ulp_down_to_the_last_normal_number(lift):
    x = np.linspace(-87.3 - 0.69 * lift, 20, 20001).astype(np.float32)
    got = jax.jit(lambda x: lifted_exp(x, lift))(x)
    exact = 2.0**lift * np.exp(x.astype(np.float64))
    assert relative_error(got, exact).max() < EPS
    ends = lifted_exp(jnp.float32([-jnp.inf, -200, 0, jnp.nan]), lift)
    np.testing.assert_array_equal(ends, [0, 0, 2.0**lift, jnp.nan])


def test_exponential_is_its_own_derivative_to_any_order():
    x = jnp.float32(-1.5)
    for f in (lifted_exp, jax.grad(lifted_exp), jax.grad(jax.grad(lifted_exp))):
        np.testing.assert_allclose(f(x), np.exp(-1.5), rtol=2e-7)


def test_decay_minus_one_keeps_its_digits_at_zero():
    x = -np.exp(np.linspace(-80, 5, 20001)).astype(np.float32)
    got = jax.jit(decay_minus_one)(x)
    assert relative_error(got, np.expm1(x.astype(np.float64))).max() < 1.5 * EPS
    np.testing.assert_array_equal(decay_minus_one(jnp.float32([0, -jnp.inf])), [0, -1])


def test_sigmoid_is_lifted_as_far_as_its_products_need():
    x = np.linspace(-110, 100, 20001).astype(np.float32)
    got = np.asarray(jax.jit(sigmoid_lifted)(x), np.float64) * 2.0**-40
    assert relative_error(got, 1 / (1 + np.exp(-x.astype(np.float64)))).max() < 2 * EPS
    np.testing.assert_array_equal(sigmoid_lifted(jnp.float32([-jnp.inf, 0])), [0, 2.0**39])


def test_decay_is_the_exponential_of_a_multiple():
    x = np.linspace(-70, 70, 20001).astype(np.float32)
    for rate, lift in [(2, 2), (4 / 3, 3), (1, 16)]:
        got = jax.jit(lambda x, rate=rate, lift=lift: lifted_decay(x, rate, lift))(x)
        exact = 2.0**lift * np.exp(-rate * np.abs(x.astype(np.float64)))
        normal = exact > 1.2e-38
        assert relative_error(got, exact)[normal].max() < 1.5 * EPS
        assert np.all(np.asarray(got)[exact < 1e-39] == 0)


def test_small_powers_of_two_reach_from_zero_to_the_largest():
    exponent = np.linspace(-126, 127, 20001).astype(np.float32)
    for lift in (0, -40):
        inside = exponent[np.abs(exponent + lift) < 125.9]
        got = jax.jit(lambda y, lift=lift: small_power_of_two(y, lift))(inside)
        assert relative_error(got, np.exp2(inside.astype(np.float64) + lift)).max() < EPS
    assert small_power_of_two(jnp.float32(-127), 0) == 0


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
