"""Derivatives at kinks: a ReLU whose derivative at 0 is chosen, and one-sided derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.theory.kinks import one_sided_slopes, relu_at_zero


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_only_the_derivative_at_zero_is_chosen(slope):
    x = jnp.array([-1.0, 0.0, -0.0, 0.5])
    np.testing.assert_array_equal(relu_at_zero(x, slope), [0, 0, 0, 0.5])
    gradient = jax.grad(lambda x: relu_at_zero(x, slope).sum())(x)
    np.testing.assert_array_equal(gradient, [0, slope, slope, 1])


def test_the_choice_may_differ_within_a_population():
    slopes = jnp.array([0.0, 1.0])
    both = jax.vmap(lambda slope: jax.grad(relu_at_zero)(0.0, slope))(slopes)
    np.testing.assert_array_equal(both, slopes)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_elu_leaves_zero_with_alpha_on_the_left_and_1_on_the_right(alpha):
    assert one_sided_slopes("elu", alpha=alpha) == pytest.approx((alpha, 1), abs=1e-11)


def test_the_sides_of_other_kinks():
    assert one_sided_slopes("relu") == (0, 1)
    assert one_sided_slopes("relu6", 6.0) == (1, 0)
    assert one_sided_slopes("leaky_relu", negative_slope=0.25) == (0.25, 1)
