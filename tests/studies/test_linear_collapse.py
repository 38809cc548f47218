"""Linear collapse on small networks: folds, pieces and their growth."""

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from acts_jax.studies import linear_collapse
from acts_jax.studies.linear_collapse import measure
from acts_jax.sweep.config import read_config
from acts_jax.sweep.options import Options

pytestmark = pytest.mark.slow

TINY = {"hidden_sizes": "24,12-12", "learning_rate": "0.1", "seed": "0,1", "epochs": "3"}


def test_linear_networks_fold_and_relu_networks_do_not(tmp_path, data_dir):
    options = Options(read_config("configs/linear_collapse.py"), tmp_path, data_dir)
    claim = linear_collapse.study(options.with_fields(**TINY), Console(quiet=True), lines=2)
    folded = claim.numbers["folded"]
    linear = folded[folded["activation"] == "identity"]
    assert (linear["difference"] < 1e-5).all()
    assert linear["accuracy"].tolist() == linear["folded_accuracy"].tolist()
    assert (folded.loc[folded["activation"] == "relu", "error"] > 0.05).all()
    (fold,) = (
        check for check in claim.checks if "a linear network and its fold" in check.statement
    )
    assert fold.holds
    # scikit-learn's logistic regression on these pixels
    assert claim.numbers["logistic"] == pytest.approx(0.96, abs=0.015)
    assert claim.numbers["regions"]["regions"].min() > 1
    assert set(claim.numbers["growth"]["units"]) == {12, 24, 48, 96}


def test_the_exponent_of_a_power_law_is_found():
    units = np.array([8, 16, 64])
    laws = {0: (3.0, 1.0), 1: (0.5, 1.7)}  # of each seed c and p, at any depth
    growth = pd.concat(
        pd.DataFrame(
            {"depth": depth, "seed": seed, "units": units, "regions": depth * c * units**p}
        )
        for seed, (c, p) in laws.items()
        for depth in (1, 4)
    )
    assert measure.exponents(growth) == pytest.approx([1.0, 1.7], rel=1e-12)
