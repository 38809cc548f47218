"""Formulas: every one of the catalogue can be set, and read as a line of text."""

import re

import numpy as np
import pytest

from acts_jax.activations.catalogue import get, names
from acts_jax.report import formula as formulas
from acts_jax.report.formula import as_text, outline, svg

SIGMOID = r"\frac{1}{1 + e^{-x}}"
ELU = r"\begin{cases} x, & x > 0 \\ \alpha (e^x - 1), & x \le 0 \end{cases}"


@pytest.mark.parametrize("name", names())
def test_every_formula_of_the_catalogue_is_set(name):
    formula = get(name).formula
    formulas._row(formula, 12.0)  # `outline` needs no plain text in its place
    assert not re.search(r"[\\&$]", as_text(formula))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (SIGMOID, "1/(1 + e⁻ˣ)"),
        (ELU, "{ x, x > 0; α (eˣ − 1), x ≤ 0 }"),
        (r"\max(x, 0) + a \min(x, 0)", "max(x, 0) + a min(x, 0)"),
        (r"x \, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)",
         "x Φ(x) = x/2 (1 + erf x/√2)"),
        ("x", "x"),
        ("", ""),
    ],
)  # fmt: skip
def test_plain_text(formula, text):
    assert as_text(formula) == text


def test_cases_become_rows_behind_a_brace():
    one, two = outline(r"\alpha (e^x - 1),", 12).get_extents(), outline(ELU, 12).get_extents()
    assert two.height > 2 * one.height
    assert two.width > one.width + 30
    before = outline(r"\lambda " + ELU, 12).get_extents()
    assert before.width > two.width + 5


def test_a_fraction_is_large_unless_it_is_inside_another():
    outer = outline(r"\frac{a}{b}", 12).get_extents().height
    assert outer > 20
    assert outline(r"\frac{a}{\frac{b}{c}}", 12).get_extents().height < 1.6 * outer
    assert outline(r"e^{\frac{a}{b}}", 12).get_extents().height < outer


def test_rows_keep_their_distance():
    rows = [outline(r"\begin{cases} %s \end{cases}" % (r"x \\ " * n), 12) for n in (1, 2, 3, 4)]
    heights = [row.get_extents().height for row in rows]
    np.testing.assert_allclose(np.diff(heights), heights[1] - heights[0], rtol=1e-6)
    assert 12 < heights[1] - heights[0] < 20


def test_size_scales():
    small, large = outline(SIGMOID, 10).get_extents(), outline(SIGMOID, 20).get_extents()
    assert large.width == pytest.approx(2 * small.width, rel=1e-6)
    assert 30 < large.width < 90


def test_what_cannot_be_set_is_drawn_as_text():
    strange = r"\begin{matrix} x \end{matrix} \unknown"
    with pytest.raises(ValueError):
        formulas._row(strange, 12.0)
    assert outline(strange).get_extents().width > 50


def test_svg_is_one_path_in_the_colour_of_the_text():
    drawn = svg(SIGMOID)
    assert re.fullmatch(
        r'<svg class=formula role=img width="[\d.]+" height="[\d.]+" viewBox="[-\d. ]+">'
        r'<path fill="currentColor" d="[MLQCZ\d. -]+"/></svg>',
        drawn,
    )
    assert svg("") == ""
