"""Cards: one for everything in the catalogue; what is drawn is where it should be."""

import copy
import io
import math
import pickle
import re

import numpy as np
import pytest
from rich.console import Console

from acts_jax.activations.catalogue import get, names
from acts_jax.precision.counterparts import torch_functional
from acts_jax.report import card, figures

pytestmark = pytest.mark.slow


def printed(made, width=100):
    console = Console(width=width, file=io.StringIO())
    console.print(card.terminal(made))
    return console.file.getvalue()


@pytest.mark.parametrize("name", names())
def test_everything_in_the_catalogue_gets_a_card(name):
    made = card.make(name)
    assert name in printed(made)
    drawn = card.figure(made)
    assert len(drawn.axes) == (3 if get(name).elementwise else 2)
    for axes in drawn.axes:
        low, high = axes.get_ylim()
        assert low < high
        line = axes.lines[0].get_ydata()
        shown = line[np.isfinite(line)]
        assert ((shown >= low) & (shown <= high)).mean() > 0.2


def test_the_picture_of_tanh():
    drawn = card.figure(card.make("tanh"))
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
    main, first, _ = card.figure(card.make("leaky_relu")).axes
    x, y = first.lines[0].get_data()
    assert np.isnan(y[x == 0]).all()
    np.testing.assert_allclose(y[x < 0], 0.01)
    np.testing.assert_allclose(y[x > 0], 1)
    dots = [line.get_data() for line in first.lines if line.get_marker() == "o"]
    assert [(float(a[0]), float(b[0])) for a, b in dots] == [(0, 1)]
    assert np.isfinite(main.lines[0].get_ydata()[np.abs(main.lines[0].get_xdata()) > 0]).all()


def test_the_window_shows_the_fixed_point():
    low, high = card.window(card.make("a_relu").shape)
    assert low < 0 < 7.7987 < high
    assert card.window(card.make("sbaf").shape) == (0, 1)


def test_parameters_are_used_and_shown():
    made = card.make("prelu", {"slope": -0.75})
    assert made.shape.steep == ((-math.inf, math.inf),)
    assert "slope = −0.75 (default 0.25)" in printed(made)
    with pytest.raises(ValueError, match="slope"):
        card.make("prelu", {"slop": 1.0})
    made = card.make("soft_shrink", {"threshold": 1.3}, steep=0.5)
    assert "threshold = 1.3 (default 0.5)" in printed(made)
    assert card.text(made)["|f′| > 0.5"] == "|x| > 1.3"
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


def test_accuracy_is_measured_when_asked_for():
    assert "accuracy" not in card.text(card.make("relu"))
    line = card.text(card.make("relu", inputs=256))["accuracy"]
    assert re.search(r"float32 inputs.* f 0\.0, f′ 0\.0 .*jax\.nn: f 0\.0, f′ 0\.0", line)
    # beside PyTorch exactly where it is installed
    assert ("torch: f 0.0, f′ 0.0" in line) == bool(torch_functional())


def test_the_picture_is_saved(tmp_path):
    (path,) = figures.save({"silu": card.figure(card.make("silu"))}, tmp_path)
    assert path.stat().st_size > 10_000
