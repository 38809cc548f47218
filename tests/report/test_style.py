"""Labels that do not overlap, numbers as readers expect them, stable and distinct styles."""

import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from acts_jax.report import figures, formula, style
from tests.made_up import make_results


@pytest.mark.parametrize(
    "settings",
    [
        {"text.usetex": True},
        {"font.family": ["No Such Font"], "mathtext.fontset": "stix"},
        {"savefig.format": "jpg", "savefig.bbox": "tight", "savefig.dpi": 7, "figure.dpi": 300},
        {"figure.autolayout": True, "axes.grid": True, "path.sketch": (1, 100, 2)},
        {"axes.facecolor": "red", "image.cmap": "hot", "lines.marker": "x", "axes.xmargin": 0.5},
        {"svg.fonttype": "path", "svg.image_inline": False, "text.parse_math": True},
        {"backend": "tkagg", "interactive": True},
    ],
)
def test_figures_do_not_depend_on_anyones_settings(settings, tmp_path):
    results = make_results(activations=("relu", "tanh"), depths=(2,), seeds=2)

    def drawn():
        formula.outline.cache_clear()
        figure = figures.accuracy_by_learning_rate(results)
        (path,) = figures.save({"table": figure}, tmp_path, dpi=30)
        return figures.svg(figure), path.read_bytes(), formula.svg(r"\frac{x}{2} + \beta")

    plain = drawn()
    with matplotlib.rc_context():
        matplotlib.rcParams.update(settings)
        assert drawn() == plain
        assert all(matplotlib.rcParams[name] == value for name, value in settings.items())


@pytest.mark.parametrize(
    "environment",
    [
        {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},  # from another Python's kernel
        {"MPLBACKEND": "nonsense"},
        {"MATPLOTLIBRC": "unreadable"},
    ],
)
def test_a_setting_that_matplotlib_refuses_is_not_needed(environment, tmp_path):
    (tmp_path / "unreadable").write_bytes(b"font.size: \xff")
    environment = {k: v.replace("unread", f"{tmp_path}/unread") for k, v in environment.items()}
    code = """
import os
before = dict(os.environ)
from acts_jax.report import figures
from matplotlib.figure import Figure
assert dict(os.environ) == before
print(len(figures.svg(Figure())))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


@pytest.mark.parametrize("count", [0, 1, 2, 7, 30])
def test_spread_keeps_order_gap_and_bounds(count):
    positions = np.random.default_rng(count).beta(0.3, 0.3, count)
    placed = style.spread(positions, 0.05)
    assert (np.argsort(placed) == np.argsort(positions)).all()
    gap = min(0.05, 1 / max(count - 1, 1))
    assert (np.diff(np.sort(placed)) >= gap - 1e-9).all()
    assert ((placed > -1e-9) & (placed < 1 + 1e-9)).all()


def test_spread_moves_neighbours_evenly_and_others_not_at_all():
    assert style.spread([0.5, 0.5, 0.9], 0.1) == pytest.approx([0.45, 0.55, 0.9])
    assert style.spread([0.2, 0.4], 0.1) == pytest.approx([0.2, 0.4])


def test_styles_are_fixed_for_the_well_known_and_distinct_for_the_rest():
    few, many = (
        style.styles(["relu", "tanh"]),
        style.styles([*"abcdefghijklmnopqrstuvwxyz", "relu"]),
    )
    assert few["relu"] == many["relu"]
    assert len(set(many.values())) == 27


@pytest.mark.parametrize(
    ("value", "text"), [(0.97412, "97.4%"), (1.0, "100.0%"), (0.0, "0%"), (np.nan, "–")]
)
def test_percent(value, text):
    assert style.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.001, "0.001"), (10.0, "10"), (1e-6, "10⁻⁶"), (1e12, "10¹²")]
)
def test_power_of_ten(value, text):
    assert style.power_of_ten(value) == text


def test_brief_and_shorten():
    assert [style.brief(v) for v in (0.123, 5.63e-05, 3.0)] == ["0.12", "5.6e-5", "3"]
    assert style.shorten("relu") == "relu"
    assert [style.brief(v) for v in (287.0, 2.87e7)] == ["290", "2.9e7"]
    assert style.brief(1000.0, 3) == "1000"
    assert style.shorten("my_package.my_module:my_function", 12) == "…my_function"
    assert style.shorten("my_package.my_module:my_function", 24) == "…my_module:my_function"


def test_errors_keep_their_zeros_and_share_them_with_their_interval():
    assert [style.score(v, "rmse") for v in (59.0, 0.5, 1234.0)] == ["59.0", "0.500", "1234"]
    assert written("rmse", 59.0, 58.66, 59.34) == "59.0 ± 0.3"
    assert written("rmse", 0.5, 0.4213, 0.6) == "0.500 (0.421 to 0.600)"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0.974, 0.9706, 0.9774), "97.4 ± 0.3%"),
        ((0.97, 0.951, 0.98), "97.0% (95.1 to 98.0)"),
        ((0.9704, 0.9675, 0.9726), "97.0% (96.8 to 97.3)"),
        ((0.9706, 0.9612, 0.98), "97.1 ± 0.9%"),  # although 98.0 is 0.9 away and 96.1 a whole one
        ((1.0, 0.989, 1.0), "100.0% (98.9 to 100.0)"),
        ((0.5, 0.5, 0.5), "50.0 ± 0.0%"),
        ((0.5, np.nan, np.nan), "50.0%"),
    ],
)
def test_an_interval_is_plus_minus_only_where_both_sides_are_as_long(numbers, text):
    assert written("accuracy", *numbers, "%") == text


def written(kind, score, low, high, unit=""):
    return style.with_interval({"score": score, "low": low, "high": high}, kind, unit)
