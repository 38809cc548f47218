"""The bulk searches, on functions whose features are known."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.theory.features import Curve, bisect, jet, jumps, regions, roots, snap

LINE = (-math.inf, math.inf)


def value(x, jet):
    return jet[0]


def test_the_jet_is_float64():
    x = np.array([0.3, 1.7])
    f, slope, curvature = jet(jnp.sin, {}, x)
    assert f.dtype == np.float64
    np.testing.assert_allclose(f, np.sin(x), rtol=1e-15)
    np.testing.assert_allclose(slope, np.cos(x), rtol=1e-15)
    np.testing.assert_allclose(curvature, -np.sin(x), rtol=1e-15)


def test_the_jet_of_many_points_and_of_none():
    x = np.linspace(-1, 1, 10_001)
    np.testing.assert_allclose(jet(jnp.tanh, {}, x)[0], np.tanh(x), rtol=1e-14)
    assert jet(jnp.tanh, {}, []).shape == (3, 0)


def test_bisection_in_bulk():
    found = bisect(lambda x: x**2 > 2, [0.0, -2.0], [2.0, 0.0])
    np.testing.assert_allclose(found, [math.sqrt(2), -math.sqrt(2)], rtol=1e-15)


def test_roots_are_points_and_rests():
    curve = Curve(lambda x: jnp.maximum(x - 1, 0) * (x - 3), {}, LINE, (1.0,))
    rest, point = roots(curve, value, np.zeros_like)
    assert rest == (-math.inf, 1.0)
    assert point == (pytest.approx(3.0),) * 2


def test_an_underflow_is_no_rest_and_a_jump_no_root():
    assert roots(Curve(jnp.exp, {}, LINE), value, np.zeros_like) == ()
    step = Curve(lambda x: jnp.where(x > 0.123, 1.0, -1.0), {}, LINE)
    assert roots(step, value, np.zeros_like) == ()
    assert jumps(step, 0) == [pytest.approx(0.123)]
    assert jumps(Curve(lambda x: jnp.tanh(50 * x), {}, LINE), 0) == []


def test_regions_reach_to_infinity_and_to_the_ends_of_a_domain():
    square = Curve(jnp.square, {}, LINE)
    left, right = regions(square, lambda jet: jet[0] > 4)
    np.testing.assert_allclose([*left, *right], [-math.inf, -2, 2, math.inf], rtol=1e-12)
    root = Curve(jnp.sqrt, {}, (0.0, 9.0))
    assert regions(root, lambda jet: jet[0] > 2) == ((pytest.approx(4.0), 9.0),)


def test_a_domain_is_not_left():
    curve = Curve(jnp.log, {}, (1.0, 2.0))
    assert curve.x[0] == 1.0
    assert curve.x[-1] == 2.0
    assert np.isfinite(curve.f).all()


def test_snap():
    assert snap(0.1 + 0.2) == 0.3
    assert snap(math.pi) == pytest.approx(math.pi, abs=1e-12)
    assert snap(1 / 3 + 1e-10, [1 / 3]) == 1 / 3
    assert math.copysign(1, snap(-1e-17)) == 1
