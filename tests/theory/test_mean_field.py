"""Gains, against a fine sum and the figures of the literature."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations.catalogue import Activation, get
from acts_jax.theory.description import describe
from acts_jax.theory.mean_field import gain, gain_of_vectors, normal_mean
from tests.theory.known import KNOWN


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("identity", 1.0),
        ("relu", math.sqrt(2)),
        ("tanh", 1.59253741972),
        ("selu", 1.0),
        ("erf", 1 / math.sqrt(2 / math.pi * math.asin(2 / 3))),
        ("softplus", 1.0418667),
    ],
)
def test_known_gains(activation, expected):
    assert gain(activation) == pytest.approx(expected, rel=3e-6)


def test_gain_is_traceable_in_the_parameters():
    slopes = jnp.array([0.0, 0.01, 0.25, -0.5])
    gains = jax.jit(jax.vmap(lambda slope: gain("prelu", slope=slope)))(slopes)
    np.testing.assert_allclose(gains, np.sqrt(2 / (1 + np.square(slopes))), rtol=3e-6)
    change = jax.grad(lambda slope: gain("prelu", slope=slope))(0.25)
    assert change == pytest.approx(-math.sqrt(2) * 0.25 / 1.0625**1.5, rel=1e-4)


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_gain_of_the_whole_catalogue_against_mpmath(known):
    assert gain(known.name, **known.parameters) == pytest.approx(known.gain, rel=1e-6)


MOVING = [known for known in KNOWN if get(known.name).moved_kinks or known.name == "sine"]


@pytest.mark.parametrize("known", MOVING, ids=str)
def test_gain_is_as_right_where_the_kinks_are_traced(known):
    parameters = {**get(known.name).defaults, **known.parameters}
    traced = {key: jnp.full(2, value) for key, value in parameters.items()}
    gains = jax.vmap(lambda own: gain(known.name, **own), axis_size=2)(traced)
    np.testing.assert_allclose(gains, known.gain, rtol=1e-6)


def test_a_mean_is_right_on_every_scale_and_at_jumps_that_nobody_announced():
    def step(x, place=0.3, size=1.0):
        return jnp.where(x > place, size, 0.0)

    tail = math.erfc(0.4321 / math.sqrt(2)) / 2
    assert describe(step, place=0.4321, size=3.0).gain == pytest.approx(tail**-0.5 / 3, rel=1e-9)
    steep = normal_mean(lambda z: np.tanh(1e4 * z) ** 2)
    assert steep == pytest.approx(1 - 2e-4 / math.sqrt(2 * math.pi), rel=1e-8)
    assert normal_mean(lambda z: np.sin(1e3 * z) ** 2) == pytest.approx(0.5, rel=1e-9)
    assert normal_mean(lambda z: np.exp(90 * z**2)) == math.inf


def test_gain_of_a_bounded_domain_is_that_of_the_squashed_function():
    z = np.linspace(-10, 10, 20_001)
    s = 1 / (1 + np.exp(-z))
    y = 1 / (1 + 0.5 * s**0.2 * (1 - s) ** 0.8)
    moment = np.sum(y**2 * np.exp(-(z**2) / 2)) * (z[1] - z[0]) / math.sqrt(2 * math.pi)
    assert gain("sbaf", k=0.5, alpha=0.2) == pytest.approx(1 / math.sqrt(moment), rel=1e-5)


def test_a_jump_is_integrated_exactly():
    step = Activation("step", lambda x: jnp.where(x > 0.3, 1.0, 0.0), kinks=(0.3,))
    tail = math.erfc(0.3 / math.sqrt(2)) / 2
    assert gain(step) == pytest.approx(1 / math.sqrt(tail), rel=3e-6)


def test_gain_of_vectors_is_that_of_each_unit_where_there_is_no_more_to_it():
    assert gain_of_vectors("tanh", 48) == pytest.approx(float(gain("tanh")), rel=0.01)
    # Of two units softmax is the sigmoid of their difference, whose variance is 2.
    z = np.linspace(-10, 10, 20_001)
    moment = np.sum(np.exp(-(z**2) / 2) / (1 + np.exp(math.sqrt(2) * z)) ** 2) * (z[1] - z[0])
    expected = (moment / math.sqrt(2 * math.pi)) ** -0.5
    assert gain_of_vectors("softmax", 2) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("gated", "gate"), [("glu", "sigmoid"), ("swiglu", "silu")])
def test_gain_of_a_gated_linear_unit_is_that_of_its_gate(gated, gate):
    # The half that is let through has the second moment 1, and is independent of the gate.
    assert gain_of_vectors(gated, 8) == pytest.approx(float(gain(gate)), rel=0.01)


def test_a_function_that_is_zero_has_infinite_gain():
    assert gain(Activation("zero", jnp.zeros_like)) == math.inf


@pytest.mark.parametrize(
    ("activation", "parameters", "message"),
    [
        ("softmax", {}, "softmax is not elementwise"),
        ("prelu", {"slop": 0.1}, "slope"),
        ("tahn", {}, "tanh"),
    ],
)
def test_mistakes_are_named(activation, parameters, message):
    with pytest.raises(ValueError, match=message):
        gain(activation, **parameters)
