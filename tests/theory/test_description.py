"""Shapes: the numbers of the literature, and agreement with the catalogue's own records."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations.catalogue import Activation, get, names
from acts_jax.report import facts
from acts_jax.theory.description import describe
from acts_jax.theory.mean_field import gain

pytestmark = pytest.mark.slow


def only(items):
    (item,) = items
    return item


@pytest.mark.parametrize(
    ("activation", "x", "value"),
    [
        ("swish", -1.27846454, -0.27846454),
        ("mish", -1.19243122, -0.30884341),
        ("gelu", -0.75179152, -0.16997121),
        ("sbaf", 0.5, 0.67114094),
    ],
)
def test_minima(activation, x, value):
    turn = only(describe(activation).turning_points)
    assert turn.kind == "minimum"
    assert turn.x == pytest.approx(x, abs=1e-8)
    assert turn.value == describe(activation).range[0] == pytest.approx(value, abs=1e-8)
    assert describe(activation).monotone == "no"


@pytest.mark.parametrize(
    ("activation", "value", "where"),
    [
        ("sigmoid", 0.25, ((0, 0),)),
        ("tanh", 1.0, ((0, 0),)),
        ("swish", 1.09983932, ((2.3993573, 2.3993573),)),
        ("relu", 1.0, ((0, math.inf),)),
        ("softplus", 1.0, ((math.inf, math.inf),)),
        ("log_sigmoid", 1.0, ((-math.inf, -math.inf),)),
        ("selu", 1.7580993408, ((0, 0),)),
        ("hard_silu", 1.5, ((3, 3),)),
        ("hard_tanh", 1.0, ((-1, 1),)),
        ("identity", 1.0, ((-math.inf, math.inf),)),
        ("a_relu", math.inf, ((math.inf, math.inf),)),
        ("sbaf", math.inf, ((0, 0), (1, 1))),
    ],
)
def test_largest_slope_and_where(activation, value, where):
    steepest = describe(activation).steepest
    assert steepest.value == pytest.approx(value, rel=1e-8)
    np.testing.assert_allclose(steepest.where, where, atol=1e-6)


def test_fixed_points():
    point = only(describe("sigmoid").fixed_points)
    assert point.low == point.high == pytest.approx(0.6590460684, abs=1e-9)
    assert point.slope == pytest.approx(0.2247043, abs=1e-7)
    assert point.kind == "attracting"

    half_line = only(describe("relu").fixed_points)
    assert (half_line.low, half_line.high, half_line.kind) == (0, math.inf, "neutral")

    low, high = describe("a_relu").fixed_points
    assert (low.low, low.kind) == (0, "attracting")
    assert high.low == pytest.approx(7.7987, abs=1e-4)
    assert high.kind == "repelling"

    inner, end = describe("sbaf").fixed_points
    assert inner.low == pytest.approx(0.68767649, abs=1e-8)
    assert (end.low, end.slope) == (1, math.inf)

    # Slope 1, and yet everything creeps towards it; the tail of silu - x is no fixed point.
    assert [(p.low, p.slope, p.kind) for p in describe("tanh").fixed_points] == [
        (0, 1, "attracting")
    ]
    assert [p.low for p in describe("silu").fixed_points] == [0]
    assert [p.kind for p in describe("erf").fixed_points] == [
        "attracting", "repelling", "attracting",
    ]  # fmt: skip


def test_a_fixed_point_that_is_only_touched():
    touching = describe(Activation("wave", lambda x: x + jnp.square(jnp.sin(x))))
    points = [p.low for p in touching.fixed_points if 0 <= p.low < 10]
    np.testing.assert_allclose(points, [0, math.pi, 2 * math.pi, 3 * math.pi], atol=1e-6)
    assert {p.kind for p in touching.fixed_points} == {"half-stable"}


def test_where_the_slope_exceeds_a_quarter():
    (low, high) = only(describe("tanh").steep)
    assert high == -low == pytest.approx(math.atanh(math.sqrt(3) / 2), abs=1e-11)
    assert describe("sigmoid").steep == ()
    (low, high) = only(describe("sigmoid", threshold=0.1).steep)
    assert high == -low == pytest.approx(2 * math.acosh(math.sqrt(2.5)), abs=1e-9)
    assert describe("relu").steep == ((0, math.inf),)
    assert describe("prelu", slope=0.25).steep == ((0, math.inf),)
    assert describe("prelu", slope=-0.26).steep == ((-math.inf, math.inf),)


@pytest.mark.parametrize(
    ("activation", "parameters", "smoothness", "kinks"),
    [
        ("elu", {"alpha": 1.0}, 1, {0: 2}),
        ("elu", {"alpha": 0.5}, 0, {0: 1}),
        ("relu", {}, 0, {0: 1}),
        ("hard_sigmoid", {}, 0, {-3: 1, 3: 1}),
        ("softsign", {}, 1, {0: 2}),
        ("a_relu", {"n": 1.3}, 1, {0: 2}),
        ("a_relu", {"n": 1.0}, 0, {0: 1}),
        ("a_relu", {"n": 3.0}, 2, {0: 3}),
        ("tanh", {}, math.inf, {}),
        ("gelu", {}, math.inf, {}),
    ],
)
def test_smoothness(activation, parameters, smoothness, kinks):
    shape = describe(activation, **parameters)
    assert shape.smoothness == smoothness
    assert {kink.x: kink.order for kink in shape.kinks} == kinks


def test_an_unannounced_kink_and_a_jump_are_found():
    def broken(x):
        return jnp.where(x > 1.2345678, 3.0, 0.0) + jnp.abs(x + 0.7654321)

    kinks = describe(Activation("broken", broken)).kinks
    assert [kink.order for kink in kinks] == [1, 0]
    np.testing.assert_allclose([kink.x for kink in kinks], [-0.7654321, 1.2345678], atol=1e-9)


def test_a_steep_function_is_not_taken_for_a_broken_one():
    shape = describe(Activation("steep", lambda x: jnp.tanh(300 * x)))
    assert shape.smoothness == math.inf
    assert shape.steepest.value == pytest.approx(300)


def test_tails():
    shape = describe("silu")
    assert shape.limits == (0, math.inf)
    assert shape.asymptotes == ((0, 0), (1, 0))
    line = describe(Activation("bent", lambda x: (jnp.sqrt(x * x + 1) - 1) / 2 + x)).asymptotes
    np.testing.assert_allclose(line, [(0.5, -0.5), (1.5, -0.5)], atol=1e-7)
    assert describe("a_relu").asymptotes[1] is None
    slow = describe(Activation("slow", lambda x: jnp.sign(x) * jnp.log1p(jnp.abs(x))))
    assert slow.range == (-math.inf, math.inf)
    assert slow.asymptotes == (None, None)


def test_waves():
    shape = describe(Activation("sine", jnp.sin))
    assert shape.oscillates == (True, True)
    assert shape.range == pytest.approx((-1, 1))
    assert math.isnan(shape.limits[1])
    growing = describe(Activation("gcu", lambda x: x * jnp.cos(x)))
    assert growing.range == (-math.inf, math.inf)
    assert growing.steepest.value == math.inf


@pytest.mark.parametrize(
    ("activation", "symmetry", "center"),
    [
        ("tanh", "odd", (0, 0)),
        ("sigmoid", "point", (0, 0.5)),
        ("sbaf", "mirror", (0.5, 0)),
        ("silu", "", (0, 0)),
    ],
)
def test_symmetry(activation, symmetry, center):
    shape = describe(activation)
    assert (shape.symmetry, shape.center) == (symmetry, center)


def test_monotone_and_flat():
    assert describe("tanh").monotone == "increasing"
    assert describe("tanh").flat == ()
    assert describe("relu").flat == ((-math.inf, 0),)
    assert describe("relu6").flat == ((-math.inf, 0), (6, math.inf))
    assert describe("elu").flat == ()
    assert describe(Activation("falling", lambda x: -jnp.tanh(x))).monotone == "decreasing"
    constant = describe(Activation("two", lambda x: jnp.full_like(x, 2.0)))
    assert (constant.monotone, constant.range) == ("constant", (2, 2))


@pytest.mark.parametrize("activation", ["relu", "tanh", "sbaf", "hard_shrink"])
def test_gain_is_that_of_mean_field_theory(activation):
    assert describe(activation).gain == pytest.approx(float(gain(activation)), rel=1e-5)


def test_features_are_found_on_every_scale():
    for beta in (1e-3, 1.0, 1e3):
        turn = only(describe("swish", beta=beta).turning_points)
        assert turn.x * beta == pytest.approx(-1.27846454, rel=1e-7)


@pytest.mark.parametrize("name", names(elementwise=True))
def test_the_catalogue_says_the_truth_about_range_and_kinks(name):
    activation, shape = get(name), describe(name)
    for found, recorded in zip(shape.range, activation.range, strict=True):
        assert found == recorded or found == pytest.approx(recorded, rel=1e-7, abs=1e-9)
    kinks = [kink.x for kink in shape.kinks if kink.order <= 1]
    np.testing.assert_allclose(kinks, sorted(activation.kinks), atol=1e-8)


def test_the_switch_for_float64_is_left_as_it_was():
    describe(Activation("cube", lambda x: x**3))
    assert jax.config.jax_enable_x64 is False
    assert jnp.ones(1).dtype == jnp.float32


def test_a_wave_that_is_steep_everywhere_is_so_beyond_the_points_looked_at():
    wave = Activation("wave", lambda x: x + 0.3 * jnp.sin(x))
    assert describe(wave).steep == ((-math.inf, math.inf),)
    assert len(describe(wave, threshold=1.0).steep) > 3
    # x cos x has ever shorter stretches where it is not.
    assert all(math.isfinite(end) for pair in describe("gcu").steep for end in pair)


def test_a_domain_open_on_one_side():
    shape = describe(Activation("log", jnp.log, domain=(0.0, math.inf)))
    assert shape.limits == (-math.inf, math.inf)
    assert shape.symmetry == ""
    assert shape.steepest.where == ((0.0, 0.0),)
    assert facts.tails(shape) == "−∞ as x → 0, ∞ as x → ∞"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (jnp.log, "log: f is NaN around x = -"),
        (lambda x: x * jnp.exp(x) / (1 + jnp.exp(x)), "f is NaN around x = 7"),
        (lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), "f' is NaN around x = -"),
        (lambda x: x - jnp.mean(x, axis=-1, keepdims=True), "not elementwise"),
        (lambda x: x.astype(jnp.float32), "too coarse"),
    ],
)
def test_a_function_of_which_nothing_true_could_be_said_is_refused(function, message):
    with pytest.raises(ValueError, match=message):
        describe(function)


@pytest.mark.parametrize(
    ("activation", "parameters", "message"),
    [
        ("softmax", {}, "not elementwise"),
        ("tahn", {}, "tanh"),
        ("elu", {"alfa": 1.0}, "alpha"),
        ("sbaf", {"alpha": 2.0}, "alpha must be in"),
    ],
)
def test_mistakes_are_named(activation, parameters, message):
    with pytest.raises(ValueError, match=message):
        describe(activation, **parameters)
