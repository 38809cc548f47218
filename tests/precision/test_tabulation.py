"""Tables against the functions they were made from."""

import math

import numpy as np
import pytest

from acts_jax.precision.tabulation import tabulate


def sizes():
    rng = np.random.default_rng(0)
    return np.concatenate([np.exp(rng.uniform(-87, 88, 2000)), rng.uniform(0, 100, 2000)])


@pytest.mark.parametrize(
    ("function", "breaks"),
    [
        (math.atan, ()),
        (lambda x: math.exp(-abs(x)), (0.0,)),
        (lambda x: math.exp(-min(x * x, 700)), ()),
        (lambda x: x * min(max(x + 3, 0), 6) / 6, (-3.0, 3.0)),
        (lambda x: math.expm1(x) if x < 0 else x, ()),
    ],
)
def test_a_table_gives_the_function(function, breaks):
    x = np.sort(np.concatenate([sizes(), -sizes()]))
    true = np.array([function(v) for v in x])
    got, _ = tabulate(function, breaks)(x)
    assert np.mean(np.isnan(got)) < 0.01
    error = np.abs(got - true) / np.maximum(np.abs(true), 1e-40)
    assert np.nanmax(error) < 1e-9


def test_and_its_derivative():
    x = np.sort(sizes())
    _, slope = tabulate(math.atan)(x)
    true = 1 / (1 + x * x)
    # Rounding the values tilts a series of degree 16, over an interval about as wide as x, by the
    # sum of n^2 roundings over its width.
    tilt = 16**3 / 3 * np.finfo(float).eps * np.arctan(x) / x
    assert np.all(np.abs(slope - true) <= 1e-6 * true + tilt)


def test_roots_breaks_and_fast_oscillations_are_left_out():
    table = tabulate(lambda x: (x - 1.28) * (1 if x < 5 else 2), (5.0,))
    value, _ = table(np.array([1.0, 1.28, 2.0, 5.0, 6.0]))
    np.testing.assert_array_equal(np.isnan(value), [False, True, False, True, False])
    value, _ = tabulate(lambda x: math.sin(30 * x))(np.array([0.011, 1e6]))
    np.testing.assert_array_equal(np.isnan(value), [False, True])


def test_nothing_is_known_outside_of_the_domain():
    table = tabulate(lambda x: math.log(x) if 0.5 <= x <= 3 else 1 / 0, domain=(0.5, 3))
    value, _ = table(np.array([-1.0, 0.25, 0.75, 2.5, 3.5]))
    np.testing.assert_allclose(value, [np.nan, np.nan, math.log(0.75), math.log(2.5), np.nan])


def test_empty():
    value, slope = tabulate(math.atan)(np.empty(0))
    assert value.shape == slope.shape == (0,)
