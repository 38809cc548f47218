"""Networks and units that a sweep records: those that were measured, and chosen as settings are."""

import numpy as np
import pytest
from rich.console import Console

from acts_jax import load_curves, load_results, training
from acts_jax.errors import ConfigError
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.config import make_config
from acts_jax.sweep.options import Options
from acts_jax.training import probes

pytestmark = pytest.mark.slow


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
        scores = probes.probe(found.model, found.network(row), found.examples.test)
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


def test_a_diverged_network_says_so(train):
    trained = train(record="parameters", activation="identity", learning_rate=1e30)
    (found,) = networks.load(trained)
    assert found.results["status"].tolist() == ["diverged"]
    assert found.results["test_accuracy"].isna().all()
