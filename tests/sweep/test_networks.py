"""Networks kept in memory: the same as a sweep's cells, and chosen as its settings are."""

import time

import jax
import numpy as np
import pytest

from acts_jax.activations import catalogue
from acts_jax.sweep import engine, grid, networks, running
from acts_jax.sweep.config import ConfigError, make_config


def groups_of(**fields):
    defaults = {"width": 8, "depth": 1, "epochs": 2, "evals": 1}
    config = make_config(**(defaults | fields))
    return grid.plan(config, catalogue.get, lambda name: None).groups


def test_the_networks_are_the_cells_of_the_sweep(digits):
    """Nine, which no pack of six or less divides but into ones and threes."""
    groups = groups_of(
        activation=("prelu", "identity"),
        learning_rate=(0.01, 0.1, 1e-3),
        seed=(0, 4, 5),
        init_gain=1.5,
    )
    trained = networks.fit_groups(groups, {"digits": digits})
    assert [n.model.activation for n in trained] == ["prelu", "identity"]
    group, (found, _) = groups[0], trained
    splits = engine.put(digits, "unit", jax.local_devices()[:1])
    outcome = running.run(engine.build(group, digits, splits, 2), group, lambda *_: None)
    for name in ("train_loss", "val_loss", "test_loss", "test_accuracy"):
        np.testing.assert_allclose(found.results[name], outcome.metrics[name][:, -1], rtol=1e-4)
    outputs = found.model.apply({"params": found.network(3)}, np.zeros((1, 64), np.float32))
    assert outputs.shape == (1, 10)
    start, end = found.network(3, initial=True)["hidden_1"], found.network(3)["hidden_1"]
    assert np.abs(start["kernel"] - end["kernel"]).max() > 0.01
    best = found.best()
    assert best.results["seed"].tolist() == [0, 4, 5]
    assert best.results["learning_rate"].nunique() == 1
    row = found.results.index[found.results["cell"] == best.results["cell"][1]][0]
    np.testing.assert_array_equal(
        best.network(1)["readout"]["kernel"], found.network(row)["readout"]["kernel"]
    )


def test_what_one_program_serves_is_worked_on_together():
    """In the order of the items, whatever the order of the work, and always on the same device."""
    groups = groups_of(
        activation=("tanh", "relu"), depth=(1, 3), init=("lecun_normal", "he_normal")
    )
    calls = []

    def work(mine, device):
        assert jax.numpy.zeros(1).devices() == {device}
        calls.append((device, {(g.static.activation, len(g.static.hidden_sizes)) for g in mine}))
        return [(g.static.activation, g.static.hidden_sizes, g.static.init) for g in mine]

    statics = [group.static for group in groups]
    found = networks.over_programs(work, groups, statics)
    assert found == [(s.activation, s.hidden_sizes, s.init) for s in statics]
    assert all(len(programs) == 1 for _, programs in calls)
    first = {str(programs): device for device, programs in calls}
    assert len(first) == len(calls) == 4
    depths = {device: [] for device in jax.local_devices()}
    for device, ((_, depth),) in calls:
        depths[device].append(depth)
    assert all(mine == [3, 1] for mine in depths.values())
    calls.clear()
    networks.over_programs(work, groups, statics)
    assert {str(programs): device for device, programs in calls} == first


def test_an_error_ends_the_work():
    groups = groups_of(activation=("tanh", "relu", "elu", "gelu", "silu", "mish"))
    begun = []

    def work(mine, device):
        begun.append(mine)
        if mine[0] is groups[0]:
            raise ConfigError("no")
        time.sleep(0.3)
        return mine

    with pytest.raises(ConfigError, match="no"):
        networks.over_programs(work, groups, [group.static for group in groups])
    assert len(begun) < len(groups)


def test_a_diverged_network_says_so(digits):
    (trained,) = networks.fit_groups(
        groups_of(activation="identity", learning_rate=1e30), {"digits": digits}
    )
    assert trained.results["status"].tolist() == ["diverged"]
    assert trained.results["test_accuracy"].isna().all()


def test_what_a_study_cannot_take_is_refused(digits):
    with pytest.raises(ConfigError, match="takes one dataset, not digits, mnist1d"):
        networks.only_classification({"digits": digits, "mnist1d": digits})
    groups = groups_of(activation="elu", elu={"alpha": (0.5, 1)})
    with pytest.raises(ConfigError, match=r"elu\.alpha takes one value here"):
        networks.fit_groups(groups, {"digits": digits})
