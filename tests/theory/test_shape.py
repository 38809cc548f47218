"""The steepest slope, against a fine grid and the figures of the literature."""

import math

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from acts_jax.activations.catalogue import Activation, get, names
from acts_jax.activations.derivative import derivative
from acts_jax.theory.shape import on_real_line, sup_derivative

pytestmark = pytest.mark.slow


def normal_cdf(x):
    return (1 + mpmath.erf(x / mpmath.sqrt(2))) / 2


@pytest.mark.parametrize(
    ("activation", "start", "f"),
    [
        ("silu", 2.0, lambda x: x / (1 + mpmath.exp(-x))),
        ("gelu", 1.4, lambda x: x * normal_cdf(x)),
        ("mish", 1.5, lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x)))),
    ],
)
def test_largest_slope_of_gated_activations(activation, start, f):
    inflection = mpmath.findroot(lambda x: mpmath.diff(f, x, 2), start)
    assert sup_derivative(activation) == pytest.approx(float(mpmath.diff(f, inflection)), rel=1e-4)


@pytest.mark.parametrize(
    ("activation", "parameters", "expected"),
    [
        ("sigmoid", {}, 0.25),
        ("tanh", {}, 1.0),
        ("relu", {}, 1.0),
        ("selu", {}, 1.7580993408),
        ("elu", {"alpha": 3.0}, 3.0),
        ("elu", {"alpha": 0.1}, 1.0),
        ("prelu", {"slope": -2.5}, 2.5),
        ("hard_sigmoid", {}, 1 / 6),
        ("a_relu", {"k": 0.5, "n": 1.3}, math.inf),
        ("a_relu", {"k": 0.5, "n": 1.0}, 0.5),
    ],
)
def test_known_largest_slopes(activation, parameters, expected):
    assert sup_derivative(activation, **parameters) == pytest.approx(expected, rel=1e-5)


def test_largest_slope_is_found_on_every_scale_of_x():
    betas = jnp.array([1e-3, 0.1, 1.0, 7.0, 1e3])
    slopes = jax.jit(jax.vmap(lambda beta: sup_derivative("swish", beta=beta)))(betas)
    np.testing.assert_allclose(slopes, 1.09983932, rtol=1e-4)


@pytest.mark.parametrize("name", names(elementwise=True))
def test_largest_slope_of_the_whole_catalogue_against_a_fine_grid(name):
    x = jnp.concatenate([jnp.linspace(-30, 30, 300_001), jnp.array([-1e6, 1e6])])
    slopes = jnp.abs(jax.jit(derivative(on_real_line(name)))(x, **get(name).defaults))
    largest = sup_derivative(name)
    if jnp.isinf(largest):
        assert slopes[-2:].max() > 10 * slopes[:-2].max()
    else:
        assert largest == pytest.approx(float(slopes.max()), rel=1e-4)


def test_a_kink_away_from_zero_is_seen():
    def spike(x):
        return 50 * jnp.maximum(1e-3 - jnp.abs(x - 2.345), 0.0)

    activation = Activation("spike", spike, kinks=(2.345 - 1e-3, 2.345, 2.345 + 1e-3))
    assert sup_derivative(activation) == pytest.approx(50)


def test_kinks_that_parameters_move_are_seen():
    """The middle line of srelu is between the points of any grid, and the steepest."""
    traced = {"left_threshold": 2.0, "right_threshold": 2.0001}
    slopes = {"left_slope": 0.2, "right_slope": 0.3}
    for sup in (sup_derivative, jax.jit(sup_derivative, static_argnums=0)):
        assert sup("srelu", **slopes, **traced) == pytest.approx(1, rel=1e-6)


def test_a_slope_that_is_not_a_number_far_out_is_left_aside():
    def naive_mish(x):
        return x * jnp.tanh(jnp.log1p(jnp.exp(x)))

    assert jnp.isnan(derivative(naive_mish)(1e3))
    assert sup_derivative(naive_mish) == pytest.approx(1.08849787, rel=1e-4)


def test_a_bounded_domain_is_fed_by_the_sigmoid():
    def square_root(x):
        return jnp.sqrt((x - 2) * (5 - x))

    f = on_real_line(Activation("arc", square_root, domain=(2.0, 5.0)))
    x = jnp.array([-3.0, 0.0, 1.5])
    inside = 2 + 3 / (1 + np.exp(-np.asarray(x)))
    np.testing.assert_allclose(f(x), np.sqrt((inside - 2) * (5 - inside)), rtol=1e-5)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_a_bounded_domain_gives_finite_values_and_slopes_everywhere(dtype):
    x = jnp.asarray([-1e30, -100.0, -16.0, 0.0, 16.0, 100.0, 1e30], dtype)
    f = jax.jit(on_real_line("sbaf"))
    assert f(x).dtype == dtype
    assert jnp.isfinite(f(x)).all()
    assert jnp.isfinite(derivative(f)(x)).all()


def test_largest_slope_of_a_bounded_domain_is_that_of_the_squashed_function():
    s = np.linspace(0, 1, 100_001)
    y = 1 / (1 + 0.98 * s**0.3 * (1 - s) ** 0.7)
    expected = np.abs(y * (1 - y) * (s - 0.3)).max()
    # The largest slope is approached only where sigmoid(x) tends to 0 or 1.
    assert sup_derivative("sbaf", alpha=0.3) == pytest.approx(expected, rel=1e-3)


def test_a_domain_bounded_on_one_side_is_refused():
    with pytest.raises(ValueError, match="domain"):
        on_real_line(Activation("log1p", jnp.log1p, domain=(-1.0, math.inf)))


@pytest.mark.parametrize(
    ("activation", "parameters", "message"),
    [("softmax", {}, "softmax is not elementwise"), ("elu", {"alfa": 1.0}, "alpha")],
)
def test_mistakes_are_named(activation, parameters, message):
    with pytest.raises(ValueError, match=message):
        sup_derivative(activation, **parameters)
