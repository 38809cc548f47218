"""Linear collapse on small networks: folds, pieces and their growth."""

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from acts_jax.studies import linear_collapse
from acts_jax.studies.linear_collapse import claim as claims
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
    # Rounding can part a network from its fold by so much and no more; a bent one is far beyond.
    assert (linear["excess"] < 0.1).all()
    assert (folded.loc[folded["activation"] == "relu", "excess"] > 1e9).all()
    # scikit-learn's logistic regression on these pixels
    assert claim.numbers["logistic"] == pytest.approx(0.96, abs=0.015)
    assert claim.numbers["regions"]["regions"].min() > 1
    assert set(claim.numbers["growth"]["units"]) == {12, 24, 48, 96}


def measured(**changes):
    """Made-up measurements of two seeds and two depths, in which all holds but for the changes."""
    rows = [
        (name, depth, seed, 0.1, 0.95 + seed / 1e4, 0.9, 1e-7, error, excess)
        for name, error, excess in (("identity", 1e-7, 0.01), ("relu", 10.0, 1e12))
        for depth in (1, 4)
        for seed in (0, 1)
    ]
    names = "activation depth seed learning_rate accuracy folded_accuracy difference error excess"
    counts = [
        (depth, 64, seed, when, regions + seed / 10)
        for when in measure.WHEN
        for depth, regions in ((1, 20), (4, 80))
        for seed in (0, 1)
    ]
    growth = [(1, units, seed, 2 * units + seed / 100) for units in (8, 16) for seed in (0, 1)]
    fields = {
        "folded": pd.DataFrame(rows, columns=names.split()),
        "logistic": 0.95,
        "regions": pd.DataFrame(counts, columns=["depth", "units", "seed", "when", "regions"]),
        "growth": pd.DataFrame(growth, columns=["depth", "units", "seed", "regions"]),
    }
    return claims.Measured(**fields | changes)


def wrong():
    """The checks of measurements that contradict every statement."""
    good = measured()
    folded = good.folded.assign(error=0.01, excess=1.5, accuracy=good.folded["accuracy"] - 0.2)
    regions = good.regions.assign(regions=20 + good.regions["seed"])
    growth = good.growth.assign(regions=good.growth["units"] ** 2)
    return list(claims.checks(measured(folded=folded, regions=regions, growth=growth)))


def test_what_is_measured_decides_every_statement():
    assert {check.holds for check in claims.checks(measured())} == {True}
    assert [check.statement for check in wrong() if check.holds is not False] == []


def test_outputs_that_explode_with_depth_do_not_hide_that_all_folds_fail():
    folded = measured().folded
    deep = folded["activation"].eq("relu") & folded["depth"].eq(4)
    folded.loc[deep, "error"] = [1000.0, 2000.0]  # means over depths 505 and 1005: 755 ± 3177
    (fold,) = (c for c in claims.checks(measured(folded=folded)) if "rms error" in c.statement)
    assert fold.holds is True
    assert fold.measured == pytest.approx((1 + np.log10(1000 * 2000) / 2) / 2)  # decades


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
