"""Lines in bands, and the names at their ends: where they lie."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from acts_jax.report import drawing

VALUES = pd.Series([1.0, 100.0, 4.0, 4.0], index=[2, 2, 1, 1])


@pytest.mark.parametrize(("scale", "middle"), [("linear", [4.0, 50.5]), ("log", [4.0, 10.0])])
def test_a_band_spans_the_values_around_the_mean_of_its_axis(scale, middle):
    axes = Figure().add_subplot()
    axes.set_yscale(scale)
    found = drawing.band(axes, VALUES, "red")
    assert list(found.index) == [1, 2]
    assert list(found) == pytest.approx(middle)
    (band,) = axes.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((1, 100))


def test_a_band_without_values_is_empty():
    assert drawing.band(Figure().add_subplot(), VALUES[:0], "red").empty


def test_names_stand_at_the_height_of_their_lines():
    axes = Figure().add_subplot()
    axes.set_yscale("log")
    axes.set_ylim(1, 100)
    ends = {"a": (10.0, "middle", "red"), "b": (np.nan, "beyond", "blue")}
    drawing.name_ends(axes, ends, x=1, shift=0.1, gap=0.1)
    places = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert places == pytest.approx({"middle": 0.5, "beyond": 1.0})


def test_a_grid_labels_its_rows_and_titles_its_columns():
    _, panels = drawing.grid(["up", "down"], ["left", "right"], (4, 4))
    assert np.shape(panels) == (2, 2)
    assert [axes.get_ylabel() for axes in panels[:, 0]] == ["up", "down"]
    assert [axes.get_title(loc="left") or axes.get_title() for axes in panels[0]] == [
        "left",
        "right",
    ]
