"""What the curves of the cells hold."""

import numpy as np
import pandas as pd
import pytest

from acts_jax.analysis import evaluations


def test_gradient_norms_are_medians_over_seeds(results, curves):
    table = evaluations.gradient_norms(curves).set_index(["moment", "activation", "depth", "layer"])
    rows = curves[(curves["metric"] == "gradient_norm") & (curves["activation"] == "tanh")]
    rows = rows[(rows["depth"] == 4) & (rows["layer"] == 5) & (rows["epoch"] == 0)]
    row = table.loc[("at initialisation", "tanh", 4, 5)]
    assert row["median"] == pytest.approx(rows["value"].median())
    assert row["low"] == rows["value"].min()
    assert list(table.index.unique("moment")) == ["at initialisation", "epoch 10"]
    with pytest.raises(ValueError, match="no gradient_norm"):
        evaluations.gradient_norms(curves[curves["metric"] != "gradient_norm"])


def test_the_end_of_a_cell_that_was_stopped_is_its_last_evaluation(curves):
    stopped = curves["cell"].unique()[0]
    cut = curves[(curves["cell"] != stopped) | (curves["epoch"] < 10)]
    ends = evaluations.ends(cut).groupby("cell", observed=True)["epoch"].unique()
    assert [int(epoch) for epoch in ends[stopped]] == [cut.query("epoch < 10")["epoch"].max()]
    assert all(list(epochs) == [10] for cell, epochs in ends.items() if cell != stopped)
    moments = evaluations.gradient_norms(cut)["moment"].unique()
    assert list(moments) == ["at initialisation", "at the end"]


def test_learned_parameters_are_the_metrics_with_a_dot(curves):
    learned = evaluations.learned_parameters(curves)
    assert set(learned["metric"]) == {"prelu.slope"} and set(learned["activation"]) == {"prelu"}
    assert np.isfinite(learned["value"]).all()
    assert evaluations.learned_parameters(curves.iloc[:0]).empty


def test_networks_without_a_hidden_layer_have_no_gradient_norms_to_compare(curves):
    shallow = curves.assign(depth=0)
    assert evaluations.has_gradients(curves) and not evaluations.has_gradients(shallow)
    with pytest.raises(ValueError, match="no gradient_norm"):
        evaluations.gradient_norms(shallow)
    both = pd.concat([curves, shallow])
    pd.testing.assert_frame_equal(
        evaluations.gradient_norms(both), evaluations.gradient_norms(curves)
    )
