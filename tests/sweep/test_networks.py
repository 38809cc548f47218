"""Networks kept in memory: the same as a sweep's cells, and chosen as its settings are."""

import time

import jax
import numpy as np
import pytest
from rich.console import Console

from acts_jax import load_curves, load_results, training
from acts_jax.activations import catalogue
from acts_jax.errors import ConfigError
from acts_jax.sweep import engine, grid, networks, running, trainer
from acts_jax.sweep.config import make_config
from acts_jax.sweep.options import Options
from acts_jax.training import probes


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


@pytest.fixture
def train(data_dir, tmp_path):
    """A function from fields of a config to the sweep that recorded its networks."""

    def train(**fields):
        config = make_config(**{"width": 8, "depth": 1, "epochs": 2, "evals": 1} | fields)
        options = Options(config, tmp_path / "run", data_dir=data_dir)
        return trainer.train(options, Console(quiet=True))

    return train


def test_recorded_networks_are_those_that_were_measured(train):
    fields = {"activation": ("prelu", "identity"), "learning_rate": (0.01, 0.1, 1e-3)}
    trained = train(record="parameters", seed=(0, 4, 5), init_gain=1.5, **fields)
    found, _ = loaded = networks.load(trained)
    assert [n.model.activation for n in loaded] == ["prelu", "identity"]
    for row, result in found.results.iterrows():
        scores = probes.score(found.model, found.network(row), found.examples.test)
        assert float(scores.loss) == pytest.approx(result["test_loss"], rel=1e-5)
    start = found.network(3, initial=True)
    model = found.model.clone(gain=1.5)
    drawn = model.init(training.key_for(0, "init"), np.zeros((1, 64), np.float32))["params"]
    np.testing.assert_array_equal(start["hidden_1"]["kernel"], drawn["hidden_1"]["kernel"])
    best = found.best()
    assert best.results["seed"].tolist() == [0, 4, 5]
    assert best.results["learning_rate"].nunique() == 1
    row = found.results.index[found.results["cell"] == best.results["cell"][1]][0]
    np.testing.assert_array_equal(
        best.network(1)["readout"]["kernel"], found.network(row)["readout"]["kernel"]
    )
    results, curves = load_results(trained.workdir), load_curves(trained.workdir)
    assert not [name for name in results if name.startswith("network.")]
    assert not [name for name in curves["metric"].unique() if "kernel" in name]


def test_recorded_units_are_dead_as_the_share_says(train):
    fields = {"activation": "relu", "learning_rate": (0.1, 3.0), "depth": 2}
    trained = train(record="units", eval_spacing="geometric", evals=5, **fields)
    curves = load_curves(trained.workdir)
    assert "dead_unit" not in set(curves["metric"])
    share = curves[curves["metric"] == "dead_fraction"]
    units = load_curves(trained.workdir, ["dead_unit"])
    assert set(units["channel"]) == set(range(1, 9))
    keys = ["learning_rate", "step", "layer"]
    means = units.groupby(keys, observed=True)["value"].mean()
    np.testing.assert_allclose(means, share.groupby(keys, observed=True)["value"].mean())
    assert means.max() > 0


def test_networks_as_they_were_at_their_best_are_not_recorded(train):
    with pytest.raises(ConfigError, match="takes patience 0, not 2"):
        train(record="parameters", patience=2)


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
