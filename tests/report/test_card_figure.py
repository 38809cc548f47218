"""The pictures of cards: what is drawn is where it should be."""

import math

import numpy as np
import pytest

from acts_jax.report import card, card_figure, figures

pytestmark = pytest.mark.slow


def test_the_picture_of_tanh():
    drawn = card_figure.figure(card.make("tanh"))
    main, first, _ = drawn.axes
    x, y = main.lines[0].get_data()
    np.testing.assert_allclose(y, np.tanh(x), rtol=1e-12, atol=1e-12)
    x, y = first.lines[0].get_data()
    np.testing.assert_allclose(y, 1 - np.tanh(x) ** 2, atol=1e-12)
    (band,) = first.patches
    assert band.get_x() == pytest.approx(-math.atanh(math.sqrt(3) / 2))
    assert band.get_width() == pytest.approx(2 * math.atanh(math.sqrt(3) / 2))
    said = [text.get_text() for text in (*main.texts, *first.texts)]
    assert "|f′| > 0.25 for |x| < 1.317" in said
    assert "sup |f′| = 1 at x = 0" in said


def test_a_jump_is_a_gap_with_the_dot_where_the_library_puts_it():
    main, first, _ = card_figure.figure(card.make("leaky_relu")).axes
    x, y = first.lines[0].get_data()
    assert np.isnan(y[x == 0]).all()
    np.testing.assert_allclose(y[x < 0], 0.01)
    np.testing.assert_allclose(y[x > 0], 1)
    dots = [line.get_data() for line in first.lines if line.get_marker() == "o"]
    assert [(float(a[0]), float(b[0])) for a, b in dots] == [(0, 1)]
    assert np.isfinite(main.lines[0].get_ydata()[np.abs(main.lines[0].get_xdata()) > 0]).all()


def test_the_window_shows_the_fixed_point():
    low, high = card_figure.window(card.make("a_relu").shape)
    assert low < 0 < 7.7987 < high
    assert card_figure.window(card.make("sbaf").shape) == (0, 1)


def test_the_picture_is_saved(tmp_path):
    (path,) = figures.save({"silu": card_figure.figure(card.make("silu"))}, tmp_path)
    assert path.stat().st_size > 10_000
