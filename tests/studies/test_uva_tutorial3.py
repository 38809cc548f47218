"""The published study on digits and tiny networks, and its rules on made-up counts."""

import numpy as np
import pandas as pd
import pytest

from acts_jax import load_curves, load_results
from acts_jax.studies import uva_tutorial3
from acts_jax.studies.uva_tutorial3 import claim, measure
from acts_jax.studies.uva_tutorial3.published import ACCURACY, DEAD, DEEP, WIDE

pytestmark = pytest.mark.slow


def test_numbers_are_those_of_the_sweeps_at_each_networks_best_epoch(told, tmp_path):
    tiny = {"dataset": "digits", "hidden_sizes": "16-8", "epochs": "4", "evals": "4"}
    tiny |= {"patience": "1", "seed": "0,1", "learning_rate": "0.3", "batch_size": "64"}
    study, asked = uva_tutorial3.study, {"deep": "8-6-4-4"}
    numbers = told(study, tmp_path, asked, **tiny).numbers
    wide, deep = (load_results(tmp_path / folder) for folder in ("wide", "deep"))
    assert set(deep.activation) == {"relu"}
    assert set(deep.hidden_sizes) == {"8-6-4-4"}
    epochs = numbers["epochs"].set_index("activation")["best"]
    for name, rows in wide.groupby("activation"):
        np.testing.assert_allclose(numbers["test_accuracy"][name], rows.test_accuracy)
        assert epochs[name] == rows.epoch.mean()
    curves = load_curves(tmp_path / "deep", ["dead_fraction"])
    best = curves[curves.epoch == curves.cell.astype(str).map(deep.set_index("cell").epoch)]
    shares = best.pivot(index="seed", columns="layer", values="value")
    counts = numbers["dead_units"]["after, 8-6-4-4"]
    np.testing.assert_allclose(counts, shares * [8, 6, 4, 4], atol=1e-6)
    norms = load_curves(tmp_path / "wide", ["gradient_norm"])
    norms = norms[(norms.epoch == 0) & (norms.activation == "tanh") & (norms.seed == 1)]
    rms = numbers["gradient_rms_at_initialisation"]
    np.testing.assert_allclose(
        rms["tanh"][rms["seed"] == 1],
        norms.sort_values("layer")["value"] / np.sqrt([65 * 16, 17 * 8, 9 * 10]),
    )


def wrong():
    """The checks of made-up sweeps that contradict everything the tutorial says."""
    accuracy = pd.DataFrame([[0.85, 0.80, 0.75, 0.70, 0.60, 0.50]] * 2, columns=ACCURACY.index)
    index = pd.MultiIndex.from_product([[0, 1], [1, 2]], names=["seed", "layer"])
    first, readout = dict.fromkeys(ACCURACY.index, 1e-3), dict.fromkeys(ACCURACY.index, 1.0)
    gradients = pd.DataFrame([first | {"sigmoid": 0.5}, readout] * 2, index=index)
    many = pd.DataFrame([[100, 100, 100, 100]] * 2, columns=[1, 2, 3, 4])
    found = measure.Repeated(accuracy, pd.DataFrame(), gradients, {("before", WIDE): many})
    return [
        *claim.of_accuracy(found),
        *claim.of_gradients(found),
        *claim.of_dead_units(found),
    ]


def test_results_that_contradict_the_tutorial_fail_every_check():
    assert [check.statement for check in wrong() if check.holds is not False] == []
    assert len(wrong()) == 10


def test_dead_units_are_held_to_the_published_counts_of_the_same_shape():
    few = pd.DataFrame([DEAD["before", WIDE]["JAX"]] * 3, columns=[1, 2, 3, 4])
    many = pd.DataFrame(np.full((3, 10), 100), columns=range(1, 11))
    dead = {("before", WIDE): few, ("before", DEEP): many, ("before", "16-8"): few[[1, 2]]}
    found = measure.Repeated(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), dead)
    same, different = claim.of_dead_units(found)
    assert same.holds
    assert same.measured == pytest.approx(10 / 1152)
    assert different.holds is False
    assert different.measured == pytest.approx(1000 / 1920)
