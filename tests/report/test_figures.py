"""What the figures show: every activation, every key number, at every shape of sweep."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from acts_jax.analysis import stages, statistics
from acts_jax.report import figures, style
from tests.made_up import ACTIVATIONS, judged, make_results, texts


def test_accuracy_by_learning_rate_names_every_choice(results):
    figure = figures.accuracy_by_learning_rate(results, chance=0.1)
    found = texts(figure)
    assert set(ACTIVATIONS) <= set(found)
    for row in statistics.select(results).itertuples():
        edge = ", edge" if row.at_edge else ""
        assert f"{100 * row.validation_accuracy:.1f}% at {row.learning_rate:g}{edge}" in found
    assert any("chance, 10.0%" in text for text in found)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["depth 2", "depth 4", "depth 8"]


def test_accuracy_by_learning_rate_crosses_exactly_the_rates_with_diverged_seeds(results):
    figure = figures.accuracy_by_learning_rate(results)
    drawn = sum(
        len(line.get_xdata())
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() == "x"
    )
    lost = results[results["status"] == "diverged"]
    assert drawn == len(lost[["activation", "depth", "learning_rate"]].drop_duplicates()) > 0


def test_accuracy_line_is_the_mean_over_seeds_with_diverged_as_zero(results):
    figure = figures.accuracy_by_learning_rate(results)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    color = style.styles(ACTIVATIONS)["relu"][0]
    line = next(
        line
        for line in figure.axes[0].lines
        if to_hex(line.get_color()) == color and len(line.get_xdata()) == 7
    )
    base = len(names) - 1 - names.index("relu")
    cells = results[(results["activation"] == "relu") & (results["depth"] == 2)]
    mean = (
        cells.assign(v=cells["validation_accuracy"].fillna(0)).groupby("learning_rate")["v"].mean()
    )
    np.testing.assert_allclose((line.get_ydata() - base) / style.Sheet.fill, mean, atol=1e-9)


def test_dead_units_draws_the_affected_and_names_the_rest(results):
    figure = figures.dead_units(results)
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert set(rows) == {"relu", "sigmoid", "tanh"}
    found = " ".join(texts(figure))
    relu = statistics.select(results).query("activation == 'relu' and depth == 8").iloc[0]
    assert f"{100 * relu['dead_fraction']:.1f}% dead" in found
    for name in ("elu", "leaky_relu", "prelu", "sbaf", "silu"):
        assert name in found


def test_an_activation_keeps_its_colour_from_figure_to_figure(results):
    renamed = results.assign(activation=results["activation"].replace("relu", "zebra"))
    renamed.loc[renamed["activation"] == "silu", "activation"] = "aardvark"
    color = style.styles(renamed["activation"].unique())["zebra"][0]
    for draw in (figures.accuracy_by_learning_rate, figures.dead_units):
        figure = draw(renamed)
        names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        row = len(names) - 1 - names.index("zebra")
        inside = [
            to_hex(line.get_color())
            for line in figure.axes[0].lines
            if row <= np.min(line.get_ydata(), initial=np.inf) < row + 1
            and line.get_marker() != "x"
        ]
        assert set(inside) == {color}


def test_networks_without_hidden_units_are_not_said_to_have_diverged():
    results = make_results(("relu", "tanh"), depths=(0, 2), seeds=2, diverge_from=9.0)
    results.loc[results["depth"] == 0, ["dead_fraction", "saturated_fraction"]] = np.nan
    figure = figures.dead_units(results)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["depth 2"]
    assert not any("diverged" in text for text in texts(figure))


def table(results):
    """The table of what is chosen from some results, not confirmed."""
    kind = statistics.score_name(results)
    return figures.accuracy_table(stages.by_stage(statistics.select(results)), kind)


def test_accuracy_table_says_every_mean_and_interval(results):
    reported, _ = judged(results)
    found = texts(figures.accuracy_table(reported, "accuracy"))
    assert "Test accuracy at the chosen setting, confirmed, %" in found
    for _, row in reported.iterrows():
        assert style.with_interval(row, "accuracy") in found
    assert any("±" in text for text in found) and any(" to " in text for text in found)
    found = texts(table(results))
    assert "Test accuracy at the chosen setting, tuned, %" in found
    assert any("too high" in text for text in found)


def test_figures_are_saved_in_every_format_twice_the_same(results, tmp_path):
    beginnings = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    assert set(beginnings) == set(figures.FORMATS)
    for form, beginning in beginnings.items():
        (path,) = figures.save({"t": table(results)}, tmp_path, form=form)
        first = path.read_bytes()
        assert path.name == f"t.{form}" and first.startswith(beginning)
        assert first == figures.save({"t": table(results)}, tmp_path, form=form)[0].read_bytes()


def all_diverged():
    results = make_results(depths=(2,), rates=(0.1,), seeds=2)
    scores = [c for c in results if c.endswith(("_loss", "_accuracy", "_fraction"))]
    return results.assign(status="diverged", **dict.fromkeys(scores, np.nan))


@pytest.mark.parametrize(
    "results",
    [
        make_results(activations=("relu",), depths=(3,), rates=(0.1,), seeds=1),
        make_results(tuple(f"package.module:f_{i}" for i in range(30)), depths=(2,), seeds=2),
        make_results(activations=("relu", "$a_b$ <i> [red] \\x {y}"), depths=(2,), seeds=2),
        make_results(depths=(1, 2, 3, 4, 5), activations=("relu", "tanh"), seeds=2),
        make_results(depths=(8,), seeds=2, diverge_from=0.01),
        make_results(depths=(2, 4), seeds=2, regression=True),
        all_diverged(),
    ],
    ids=["one", "thirty", "names", "depths", "diverging", "regression", "all diverged"],
)
def test_any_sweep_can_be_drawn(results, tmp_path):
    drawn = {
        "rate": figures.accuracy_by_learning_rate(results, 0.1),
        "dead": figures.dead_units(results),
        "table": table(results),
    }
    paths = figures.save(drawn, tmp_path, dpi=30)
    assert [path.name for path in paths] == ["rate.png", "dead.png", "table.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    names = [style.shorten(name) for name in results["activation"].unique()]
    assert set(names) <= set(texts(drawn["rate"])) & set(texts(drawn["table"]))


def test_missing_combinations_leave_gaps(results):
    some = results[(results["activation"] != "relu") | (results["depth"] == 2)]
    assert "relu" in texts(figures.accuracy_by_learning_rate(some))
    assert "relu" in texts(table(some))


def test_figures_leave_the_global_style_alone(results):
    before = dict(matplotlib.rcParams)
    table(results)
    assert dict(matplotlib.rcParams) == before


def test_svg_is_self_contained_and_repeats_itself(results):
    one = figures.svg(table(results))
    assert one == figures.svg(table(results))
    assert one.startswith("<svg") and one.rstrip().endswith("</svg>")
    assert ">leaky_relu<" in one and "<script" not in one and "<g id" not in one


def test_names_are_not_read_as_mathematics():
    results = make_results(activations=("$a_b$", "<i>"), depths=(2,), seeds=2)
    drawn = figures.svg(table(results))
    assert ">$a_b$<" in drawn and ">&lt;i&gt;<" in drawn


def test_what_diverged_everywhere_says_so():
    results = all_diverged()
    for draw in (figures.accuracy_by_learning_rate, table):
        assert sum("diverged" in text for text in texts(draw(results))) >= 8
