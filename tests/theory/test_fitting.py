"""Fits, against problems whose solution is known, and against FACTS' numbers."""

import numpy as np
import pytest

from acts_jax.theory.fitting import best_fit, compare, rms_distances


def square(x, a=1.0):
    return a * x**2


def test_parameters_are_found_where_the_fit_is_exact():
    fit = best_fit("prelu", "leaky_relu", (-1, 1), {"slope": (0, 1)})
    assert fit.parameters["slope"] == pytest.approx(0.01, abs=1e-9)
    assert fit.worst < 1e-9
    fit = best_fit("a_relu", "relu", (0, 10), {"k": (0.1, 10), "n": (0.5, 3)})
    assert (fit.parameters["k"], fit.parameters["n"]) == pytest.approx((1, 1), abs=1e-6)


def test_a_fit_is_the_least_squares_one():
    # of k x^1.3 to x on [0, 10]: k = (3.6 / 3.3) 10^-0.3
    fit = best_fit("a_relu", "relu", (0, 10), {"k": (0.1, 10)})
    assert fit.parameters == {"k": pytest.approx(3.6 / 3.3 * 10**-0.3, rel=1e-6), "n": 1.3}


def test_the_output_is_scaled_and_shifted_only_when_asked():
    # of s x + o to x^2 on [0, 1]: x - 1/6, which is 1/6 off at both ends and sqrt(1/180) on average
    fit = best_fit("identity", square, (0, 1), {}, affine=True)
    assert (fit.scale, fit.offset) == pytest.approx((1, -1 / 6), abs=1e-5)
    assert fit.worst == pytest.approx(1 / 6, abs=1e-5)
    assert fit.rms == pytest.approx(180**-0.5, rel=1e-4)
    plain = best_fit("identity", square, (0, 1), {})
    assert (plain.scale, plain.offset, plain.worst) == (1, 0, pytest.approx(0.25))
    assert plain.worst_at == pytest.approx(0.5)


def test_the_input_is_mapped_linearly():
    fit = compare("sigmoid", "tanh", (-3, 3), onto=(-6, 6), scale=2, offset=-1)
    assert fit.worst < 1e-15  # tanh(x) = 2 sigmoid(2 x) - 1
    np.testing.assert_allclose(fit(np.array([-3, 0.5])), np.tanh([-3, 0.5]), rtol=1e-14)
    assert compare("sigmoid", "tanh", (-3, 3)).worst > 0.5


def test_a_parameter_may_end_on_its_bound():
    # for alpha > 0 SBAF is 1 at 0, for alpha = 0 it is 1 / (1 + k): only there is it near the relu
    fit = best_fit("sbaf", "relu", (0, 1), {"k": (1e-3, 1e3), "alpha": (0, 1)})
    assert fit.parameters["alpha"] == 0
    assert fit.worst == pytest.approx(1 / (1 + fit.parameters["k"]), abs=1e-9)


def test_the_grid_agrees_with_the_fit():
    grid = {"k": np.array([0.3, 0.54, 0.8]), "n": np.array([1.0, 1.3])}
    distances = rms_distances("a_relu", "relu", (0, 10), grid)
    assert distances.shape == (3, 2)
    one = compare("a_relu", "relu", (0, 10), {"k": 0.54, "n": 1.3})
    assert distances[1, 1] == pytest.approx(one.rms, rel=1e-4)


def test_a_relu_as_published():
    fit = compare("a_relu", "relu", (0, 7.7987), {"k": 0.54, "n": 1.3})
    assert fit.worst == pytest.approx(0.75056, abs=1e-5)
    assert fit.worst_at == pytest.approx(3.2524, abs=2e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sbaf", "relu", (0, 1), {"kk": (0, 1)}), "'k'"),
        (("sbaf", "relu", (0, 1), {"alpha": (0, 2)}), r"alpha must be in \[0, 1\], got 2"),
        (("sbaf", "softmax", (0, 1), {}), "softmax is not elementwise"),
        (("sbfa", "relu", (0, 1), {}), "sbaf"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        best_fit(*arguments)
