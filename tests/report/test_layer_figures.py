"""Figures of curves say the numbers that the statistics found."""

import numpy as np
import pytest

from acts_jax.analysis import evaluations, statistics
from acts_jax.report import layer_figures, style
from tests.made_up import make_curves, make_results, texts


def chosen_curves(results, curves):
    cells = statistics.chosen(results, statistics.select(results))["cell"]
    return curves[curves["cell"].isin(cells)]


def test_gradient_norm_labels_the_ratio_and_puts_zero_on_a_named_line(results, curves):
    mine = chosen_curves(results, curves)
    found = texts(layer_figures.gradient_norm_by_layer(mine))
    norms = evaluations.gradient_norms(mine)
    begun = norms[norms["moment"] == "at initialisation"]
    sigmoid = begun.query("activation == 'sigmoid' and depth == 8")["median"]
    assert f"sigmoid {style.brief(sigmoid.iloc[0] / sigmoid.iloc[-1])}" in found
    assert "0" not in found
    mine = mine.copy()
    mine.loc[(mine["activation"] == "relu") & (mine["epoch"] == 10), "value"] = 0.0
    figure = layer_figures.gradient_norm_by_layer(mine)
    found = texts(figure)
    assert "0" in found and "relu" in found
    low, _ = figure.axes[0].get_ylim()
    assert all(np.nanmin(line.get_ydata()) >= low for axes in figure.axes for line in axes.lines)


def test_learned_parameters_draws_a_line_per_seed_and_layer(results, curves):
    figure = layer_figures.learned_parameters(chosen_curves(results, curves))
    for axes, depth in zip(figure.axes, (2, 4, 8), strict=True):
        assert len(axes.lines) == 5 * depth + 1
        initial = min(axes.lines, key=lambda line: line.get_zorder())
        assert set(initial.get_ydata()) == {0.25}
        assert sum(text.get_text().startswith("layer") for text in axes.texts) == depth


@pytest.mark.parametrize(
    ("channels", "share", "label", "lines"),
    [(64, "channel", "layer 2", 2), (0, "network", "all", 5)],
)
def test_learned_parameters_shared_by_channel_and_network(channels, share, label, lines):
    results = make_results(activations=("prelu",), depths=(2,), rates=(0.1,))
    curves = make_curves(results, channels=channels, share=share)
    (axes,) = layer_figures.learned_parameters(curves).axes
    assert len(axes.lines) == lines + 1
    assert any(text.get_text().startswith(label) for text in axes.texts)


def test_curves_without_the_metric_are_an_error(curves):
    losses = curves[curves["metric"] == "train_loss"]
    with pytest.raises(ValueError, match="no learned activation parameter"):
        layer_figures.learned_parameters(losses)
    with pytest.raises(ValueError, match="no gradient_norm"):
        layer_figures.gradient_norm_by_layer(losses)


def test_learned_parameters_keep_cells_of_one_seed_apart():
    results = make_results(activations=("prelu",), depths=(2,), rates=(0.1, 0.3), seeds=3)
    (axes,) = layer_figures.learned_parameters(make_curves(results, 3)).axes
    assert len(axes.lines) == 2 * 6 + 1
