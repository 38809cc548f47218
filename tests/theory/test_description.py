"""Shapes: the numbers of the literature, and agreement with the catalogue's own records."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations.catalogue import Activation, get, names
from acts_jax.report import facts
from acts_jax.theory.description import describe
from tests.theory.known import KNOWN

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
    (low, high) = only(describe("sigmoid", 0.1).steep)
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


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_what_mathematics_says_wherever_the_parameters_are(known):
    shape = describe(known.name, **known.parameters)
    assert shape.parameters == {**get(known.name).defaults, **known.parameters}
    assert shape.gain == pytest.approx(known.gain, rel=1e-9)
    for line, expected in zip(shape.asymptotes, (known.left, known.right), strict=True):
        assert line == (expected and pytest.approx(expected, abs=1e-7))
    found = (shape.symmetry, *shape.center)
    if isinstance(known.symmetry, str):
        assert found == (known.symmetry, 0, 0)
    else:
        assert found[0] == known.symmetry[0]
        assert found[1:] == pytest.approx(known.symmetry[1:], abs=1e-9)
    assert [kink.order for kink in shape.kinks] == list(known.kinks.values())
    assert [kink.x for kink in shape.kinks] == pytest.approx(list(known.kinks), abs=1e-9)


def test_every_parameter_of_the_catalogue_is_moved():
    moved = {(known.name, name) for known in KNOWN for name in known.parameters}
    assert {known.name for known in KNOWN} == set(names(elementwise=True))
    not_moved = {(name, key) for name in names(elementwise=True) for key in get(name).parameters}
    assert not_moved - moved == {("rational", "p1"), ("rational", "p2"), ("rational", "p3")}


def test_no_name_of_a_parameter_is_taken():
    """`steep` is by position: whatever else is named is a parameter."""
    assert describe("soft_shrink", 0.5, threshold=1.3).parameters == {"threshold": 1.3}
    with pytest.raises(ValueError, match="sigmoid has no parameter 'threshold'"):
        describe("sigmoid", threshold=0.1)

    def awkward(x, activation=1.0, steep=2.0, threshold=3.0):
        return activation * jnp.tanh(steep * x) + threshold

    shape = describe(awkward, activation=0.5, steep=8.0, threshold=-1.0)
    assert shape.steepest.value == pytest.approx(4)
    assert shape.center == (0, -1)


@pytest.mark.parametrize(
    "slope", [math.log(2), 0.12345678901204, 1 / 3 + 5e-14, 1 / 7, 1e-13, 2e6, -math.pi]
)
def test_no_asymptote_is_lost_to_the_digits_of_its_slope(slope):
    for name, key in (
        ("leaky_relu", "negative_slope"),
        ("prelu", "slope"),
        ("srelu", "left_slope"),
    ):
        assert describe(name, **{key: slope}).asymptotes == ((slope, 0), (1, 0))


@pytest.mark.parametrize(
    ("activation", "parameters", "lines"),
    [
        ("squareplus", {"b": 1e6}, ((0, 0), (1, 0))),  # it comes near as b / (4 x)
        ("softplus", {"beta": 1e-4}, ((0, 0), (1, 0))),
        ("algebraic", {"k": 0.1}, ((0, -1), (0, 1))),  # 1 - 10 x^-0.1
        ("a_relu", {"n": 1.0, "k": 1 / 3}, ((0, 0), (1 / 3, 0))),
    ],
)
def test_an_asymptote_that_is_reached_late(activation, parameters, lines):
    np.testing.assert_allclose(describe(activation, **parameters).asymptotes, lines, atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "parameters", "symmetry", "center"),
    [
        ("soft_clipping", {"alpha": 1000.0}, "point", (0.5, 0.5)),
        ("generalized_logistic", {"alpha": 1.0}, "point", (0, 0.5)),
        ("prelu", {"slope": 1.0}, "odd", (0, 0)),
        ("swish", {"beta": 0.0}, "odd", (0, 0)),
        ("rrelu", {"lower": -1.5, "upper": -0.5}, "even", (0, 0)),
        (
            "srelu",
            {"left_threshold": -0.3, "left_slope": 0.1, "right_threshold": 0.8, "right_slope": 0.1},
            "point",
            (0.25, 0.25),
        ),
        # straight between -8 and 8, and yet not odd
        (
            "srelu",
            {
                "left_threshold": -20.0,
                "left_slope": 0.1,
                "right_threshold": 20.0,
                "right_slope": 0.3,
            },
            "",
            (0, 0),
        ),
        ("threshold", {"threshold": 100.0}, "", (0, 0)),
        ("exp", {}, "", (0, 0)),
    ],
)
def test_what_a_function_is_symmetric_about(activation, parameters, symmetry, center):
    shape = describe(activation, **parameters)
    assert shape.symmetry == symmetry
    assert shape.center == pytest.approx(center, abs=1e-12)


def test_a_small_kink_beside_a_steep_part_is_found():
    def both(x):
        return jnp.tanh(40 * x) + 0.01 * jnp.abs(x - 2.7182818)

    (kink,) = describe(both).kinks
    assert kink.order == 1
    assert kink.x == pytest.approx(2.7182818, abs=1e-9)


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
    assert len(describe(wave, 1.0).steep) > 3
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
