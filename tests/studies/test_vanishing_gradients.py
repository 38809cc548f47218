"""The vanishing gradient on small networks: its numbers against theory."""

import math
from itertools import islice

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from acts_jax.studies import vanishing_gradients
from acts_jax.studies.vanishing_gradients import claim, measure
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


def measured(slope, ratio, changed, accuracies, steepest=(0.25, 0.0), kept=1.0):
    """Made-up measurements of 8 layers, two seeds that differ by a thousandth.

    Args:
        slope: Of every sigmoid layer; the weights multiply by 1.
        ratio: The gradient of the first sigmoid layer over that of the last.
        changed: The same of the change of the weights.
        accuracies: Of sigmoid networks, and of relu networks.
        steepest: The largest slope of the sigmoid, and where it is.
        kept: The ratio of the gradients of relu networks.
    """
    rows = [
        (init, name, 8, seed, moment, by * (1 + seed / 1e3), changed, f, 1.0, score + seed / 1e3)
        for init in ("lecun_normal", "second_moment")
        for name, by, f, score in (
            ("sigmoid", ratio, slope, accuracies[0]),
            ("relu", kept, 0.7, accuracies[1]),
        )
        for seed in (0, 1)
        for moment in measure.MOMENTS
    ]
    names = [*measure.NETWORK, "ratio", "changed", "slope", "weight", "test_accuracy"]
    networks = pd.DataFrame(rows, columns=names)
    layers = networks[["activation", "depth", "slope"]]
    return claim.Measured(steepest, layers, networks.assign(factor=slope), chance=0.1)


def checks_of(found):
    return [*claim.of_factors(found), *claim.of_deep_networks(found), *claim.of_others(found)]


def wrong():
    """The checks of measurements that contradict every statement."""
    return checks_of(measured(0.3, 0.5, 0.9, (0.95, 0.96), steepest=(0.3, 0.1), kept=100.0))


def test_what_is_measured_decides_every_statement():
    right = checks_of(measured(0.2, 1e-6, 0.01, (0.1, 0.95)))
    assert {check.holds for check in right} == {True}
    assert len(wrong()) == len(right)
    assert [check.statement for check in wrong() if check.holds is not False] == []


def test_a_low_accuracy_is_not_enough_where_the_budget_trains_nothing():
    found = measured(0.2, 1e-6, 0.01, accuracies=(0.10, 0.12))
    low, behind = list(claim.of_deep_networks(found))[-2:]
    assert low.holds is True
    assert behind.holds is False


def test_the_bound_of_the_slope_has_room_for_rounding_and_no_more():
    rounded, above = (measured(s, 1e-6, 0.01, (0.1, 0.9)) for s in (0.2500005, 0.2501))
    assert [next(islice(claim.of_factors(f), 2, None)).holds for f in (rounded, above)] == [
        True,
        False,
    ]


def test_the_factors_are_those_of_theory(tmp_path, data_dir):
    options = Options(read_config("configs/vanishing_gradients.py"), tmp_path, data_dir)
    found = vanishing_gradients.study(options.with_fields(**TINY), Console(quiet=True))
    checks = {check.statement: check for check in found.checks}
    assert checks["largest slope of the sigmoid"].measured == 0.25
    assert checks["f′ alone: largest factor in a sigmoid layer"].holds
    # 0.25 per layer is the bound of f' alone, and no constant: it falls with the depth
    (limit,) = [
        check for name, check in checks.items() if "4 sigmoid layers, LeCun weights: log" in name
    ]
    assert limit.threshold == f"at most {3 * math.log10(0.25):.2f}".replace("-", "−")
    (kept,) = [check for name, check in checks.items() if name.startswith("relu, second-moment")]
    assert kept.measured == pytest.approx(0, abs=0.3)
    networks = found.numbers["networks"]
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
    assert len(found.figures) == 4


def test_the_change_of_weights_is_relative_and_by_layer():
    start = np.ones((1, 2, 3))
    initial = {f"hidden_{i}": {"kernel": start * scale} for i, scale in enumerate((1.0, 5.0), 1)}
    params = {f"hidden_{i}": {"kernel": start * scale} for i, scale in enumerate((1.5, 4.0), 1)}
    assert measure.change_of_weights(initial, params, 2) == pytest.approx(np.array([[0.5, 0.2]]))
