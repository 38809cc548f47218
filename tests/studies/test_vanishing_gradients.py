"""The vanishing gradient on small networks: its numbers against theory."""

import math

import numpy as np
import pytest
from rich.console import Console

from acts_jax.studies import vanishing_gradients
from acts_jax.studies.vanishing_gradients.measure import change_of_weights
from acts_jax.sweep.config import read_config
from acts_jax.sweep.options import Options

pytestmark = pytest.mark.slow

TINY = {
    "activation": "sigmoid,relu",
    "depth": "4",
    "width": "64",
    "learning_rate": "0.05",
    "epochs": "1",
    "seed": "0,1",
}


def test_the_factors_are_those_of_theory(tmp_path, data_dir):
    options = Options(read_config("configs/vanishing_gradients.py"), tmp_path, data_dir)
    claim = vanishing_gradients.study(options.with_fields(**TINY), Console(quiet=True))
    checks = {check.statement: check for check in claim.checks}
    assert checks["largest slope of the sigmoid"].measured == 0.25
    assert checks["f′ alone: largest factor in a sigmoid layer"].holds
    # 0.25 per layer is the bound of f' alone, and no constant: it falls with the depth
    (limit,) = [check for name, check in checks.items() if "gradient of the first over" in name]
    assert limit.threshold == f"at most {0.25**3:.3g}"
    (kept,) = [check for name, check in checks.items() if name.startswith("relu, second-moment")]
    assert kept.measured == pytest.approx(0, abs=0.3)
    networks = claim.numbers["networks"]
    assert len(networks) == 2 * 2 * 2 * 2  # activations, inits, seeds, moments
    gain = {"sigmoid": 1 / math.sqrt(0.29338), "relu": math.sqrt(2)}  # E[f(z)^2]
    for row in networks[networks["moment"] == "at initialisation"].to_dict("records"):
        # Random weights of variance v / fan_in multiply an error by sqrt(v), the readout by 1.
        scale = gain[row["activation"]] ** (3 / 4) if row["init"] == "second_moment" else 1.0
        assert row["weight"] == pytest.approx(scale, rel=0.15)
        if row["activation"] == "sigmoid":
            assert 0.17 < row["slope"] < 0.25
            assert row["ratio"] < 0.1
        else:
            assert row["slope"] == pytest.approx(math.sqrt(0.5), rel=0.15)
    assert len(claim.figures) == 4


def test_the_change_of_weights_is_relative_and_by_layer():
    start = np.ones((1, 2, 3))
    initial = {f"hidden_{i}": {"kernel": start * scale} for i, scale in enumerate((1.0, 5.0), 1)}
    params = {f"hidden_{i}": {"kernel": start * scale} for i, scale in enumerate((1.5, 4.0), 1)}
    assert change_of_weights(initial, params, 2) == pytest.approx(np.array([[0.5, 0.2]]))
