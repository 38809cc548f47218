"""Facts in words: conditions, numbers and the lines of a card."""

import math

import pytest

from acts_jax.activations.catalogue import get
from acts_jax.precision.accuracy import Error
from acts_jax.report import facts
from acts_jax.theory.description import describe

INF = math.inf


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.65904607, "0.659046"), (-1.0, "−1"), (math.pi / 2, "π/2"), (-math.pi, "−π"),
     (INF, "∞"), (-INF, "−∞"), (5.1e-7, "5.1e−7"), (-0.0, "0"), (math.nan, "–")],
)  # fmt: skip
def test_numbers(value, text):
    assert facts.number(value) == text


@pytest.mark.parametrize(
    ("intervals", "text"),
    [
        ([], "nowhere"),
        ([(-INF, INF)], "all x"),
        ([(0, INF)], "x > 0"),
        ([(-INF, -1.5)], "x < −1.5"),
        ([(-2, 2)], "|x| < 2"),
        ([(-3, -2.25), (-0.75, INF)], "−3 < x < −2.25 or x > −0.75"),
        ([(-INF, -0.5), (0.5, INF)], "|x| > 0.5"),
        ([(-2, -1), (1, 2)], "1 < |x| < 2"),
        ([(0, 0)], "x = 0"),
        ([(-1, -1), (1, 1)], "x = ±1"),
        ([(0, 0), (1, 1)], "x = 0, 1"),
        ([(INF, INF)], "as x → ∞"),
        ([(-INF, -INF), (INF, INF)], "as x → ±∞"),
    ],
)
def test_conditions(intervals, text):
    assert facts.where(intervals) == text


@pytest.mark.parametrize(
    ("activation", "line", "text"),
    [
        ("relu", "range", "[0, ∞)"),
        ("tanh", "range", "(−1, 1)"),
        ("hard_tanh", "range", "[−1, 1]"),
        ("silu", "range", "[−0.278465, ∞)"),
        ("arctan", "range", "(−π/2, π/2)"),
        ("sbaf", "range", "[0.671141, 1]"),
        ("sbaf", "domain", "[0, 1]"),
        ("sbaf", "sup |f′|", "∞ at x = 0, 1"),
        ("sbaf", "gain", "1.43837 of f(sigmoid(z))"),
        ("tanh", "|f′| > 0.25", "|x| < 1.31696"),
        ("sigmoid", "|f′| > 0.25", "nowhere"),
        ("sigmoid", "sup |f′|", "0.25 at x = 0"),
        ("sigmoid", "fixed points", "0.659046 (slope 0.224704, attracting)"),
        ("sigmoid", "symmetry", "odd about (0, 0.5)"),
        ("relu", "fixed points", "x ≥ 0 (each stays where it is)"),
        ("relu", "sup |f′|", "1 for x > 0"),
        ("relu", "smoothness", "C⁰: f′ jumps at 0"),
        ("relu", "monotone", "increasing, flat for x ≤ 0"),
        ("elu", "smoothness", "C¹: f″ jumps at 0"),
        ("softplus", "sup |f′|", "1 as x → ∞"),
        ("selu", "tails", "−1.7581 as x → −∞, 1.0507 x as x → ∞"),
        ("relu", "gain", "1.41421"),
    ],
)
def test_lines(activation, line, text):
    assert facts.lines(describe(activation))[line] == text


@pytest.mark.parametrize(
    ("activation", "text"),
    [
        ("softmax", "(0, 1); float32 rounds to 0 and 1 where inputs lie far apart"),
        ("log_softmax", "(−∞, 0); float32 rounds to 0 where inputs lie far apart"),
        ("sparsemax", "[0, 1]"),
        ("crelu", "[0, ∞)"),
        ("glu", "(−∞, ∞)"),
    ],
)
def test_the_range_of_whole_vectors_has_the_ends_that_are_reached(activation, text):
    assert facts.vector_range(get(activation), {}) == text


def test_parameters():
    assert facts.parameters(get("prelu"), {}) == "slope = 0.25, learned"
    assert facts.parameters(get("sbaf"), {"k": 0.5}).startswith("k = 0.5 (default 0.98) in (0, ∞)")


def test_the_accuracy_row_has_every_library_that_was_measured():
    worst = {("acts_jax", 0): 0.52, ("acts_jax", 1): 2.4, ("jax.nn", 0): 0.5,
             ("jax.nn", 1): 1.7e7, ("torch", 0): 0.6, ("torch", 1): 450.0}  # fmt: skip
    errors = [
        Error("tanh", library, order, "mpmath", ulp=ulp, mixed=ulp / 2, inputs=1000)
        for (library, order), ulp in worst.items()
    ]
    assert facts.accuracy(errors) == (
        "largest of 1,000 float32 inputs, in ulp: f 0.5, f′ 2.4 (in ulp + ε |x f′|: 0.3, 1.2); "
        "jax.nn: f 0.5, f′ 17,000,000; torch: f 0.6, f′ 450.0"
    )
