"""The score of every test example: those of the networks whose metrics are in the results."""

import numpy as np
import pytest
from rich.console import Console

from acts_jax import load_curves, load_examples, load_results
from acts_jax.activations import catalogue
from acts_jax.errors import StoreError
from acts_jax.sweep import checkpoint, engine, grid, networks, packing, running, store, trainer
from acts_jax.sweep.config import make_config
from acts_jax.sweep.options import Options

pytestmark = pytest.mark.slow

SMALL = {"width": 8, "depth": 1, "epochs": 4, "evals": 4, "batch_size": 64}


@pytest.fixture
def train(data_dir, tmp_path):
    """A function from fields of a config to the sweep that was trained."""

    def train(folder="run", **fields):
        config = make_config(**SMALL | fields)
        options = Options(config, tmp_path / folder, data_dir=data_dir)
        return trainer.train(options, Console(quiet=True), stops_early=True)

    return train


@pytest.mark.parametrize(
    "fields",
    [
        {"dataset": "digits", "split_seed": "0,3", "learning_rate": "0.01,0.3,1e30"},
        {"dataset": "breast_cancer", "preprocessing": "standardize", "activation": "prelu"},
        {"dataset": "diabetes", "split_seed": "0,3", "learning_rate": "0.03,1e30", "depth": 0},
        {"dataset": "mnist1d", "patience": 1, "optimizer": "adam", "learning_rate": "0.1,0.003"},
    ],
    ids=lambda fields: fields["dataset"],
)
def test_the_mean_of_a_cells_scores_is_its_result(train, fields):
    trained = train(seed="0,1", record="examples", **fields)
    results, examples = trained.results, load_examples(trained.workdir)
    assert examples.dtypes.astype(str).to_dict() == {
        "cell": "category",
        "example": "int32",
        "score": "float32",
    }
    means = examples.groupby("cell", observed=True)["score"].mean()
    ok = results[results["status"] == "ok"].set_index("cell")
    assert set(means.index) == set(ok.index) and len(ok) > 0
    regression = fields["dataset"] == "diabetes"
    expected = ok["test_rmse"] ** 2 if regression else ok["test_accuracy"]
    np.testing.assert_allclose(means[ok.index], expected, rtol=1e-5)
    assert len(results) > len(ok) or "1e30" not in str(fields)
    if fields.get("patience"):
        assert (ok["epoch"] < 4).any()
    # Which examples they are.
    dataset = trained.datasets[fields["dataset"]]
    for cell, rows in examples.groupby("cell", observed=True)["example"]:
        seed = ok["split_seed"][cell] if "split_seed" in ok else 0
        np.testing.assert_array_equal(rows, dataset.divided(seed).test_rows)
    others = load_results(trained.workdir), load_curves(trained.workdir)
    assert not [c for c in others[0] if c.startswith(("test_hits", "test_error", "test_rows"))]


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_each_score_is_that_of_the_network_on_this_example(train, name):
    """Against the recorded networks of the same cells, applied to the test split one by one."""
    fields = {"dataset": name, "split_seed": "0,5", "learning_rate": 0.01}
    scores = load_examples(train("scores", record="examples", **fields).workdir)
    trained = train("networks", record="parameters", **fields)
    for one in networks.load(trained):
        cell = one.results["cell"][0]  # the digests in the keys differ
        mine = scores[scores["cell"].cat.codes == int(cell.rpartition("/")[2])]["score"]
        test = one.examples.test
        outputs = one.model.apply({"params": one.network(0)}, test.features(test.inputs))
        if name == "digits":
            expected = np.argmax(outputs, axis=1) == test.labels
        else:
            split = trained.datasets[name].divided(int(one.results["split_seed"][0]))
            expected = (np.asarray(outputs)[:, 0] - test.labels) ** 2 * split.target_scale**2
        np.testing.assert_allclose(mine, expected, rtol=1e-3, atol=1e-2)


def test_recording_a_hit_changes_no_metric_and_takes_a_bit(train):
    fields = {"dataset": "mnist1d", "epochs": 1, "evals": 1, "seed": "range(0,40)", "width": 2}
    plain, recorded = (train(r, record=r, **fields) for r in ("metrics", "examples"))
    assert list(plain.results) == list(recorded.results)
    for column in plain.results.columns.drop("cell"):
        assert plain.results[column].equals(recorded.results[column]), column
    (one,), (two,) = (store.contents(t.workdir).stored for t in (plain, recorded))
    # Of 1000 test examples and 40 cells; the rest is of the column itself.
    assert two.path.stat().st_size - one.path.stat().st_size < 1.2 * 40 * 1000 / 8 + 2000


def test_examples_of_the_kept_evaluation_survive_a_checkpoint(digits, tmp_path):
    fields = dict(width=8, epochs=8, evals=8, seed="0,1,2,3", patience=2, record="examples")
    config = make_config(learning_rate="0.1,1.0", **fields)
    (group,) = grid.plan(config, catalogue.get, lambda name: None).groups

    def program():
        there = engine.put(digits, "unit", packing.devices_for(group, 4))
        return engine.build(group, digits, there, 4)

    def save(standing):
        if standing.evaluations == 5:
            checkpoint.save(tmp_path / "point", group, standing)

    whole, again = running.run(program(), group, save), program()
    assert min(whole.last) < 5 < max(whole.last) and (whole.kept < whole.last).any()
    start = checkpoint.load(tmp_path / "point", group, running.beginning(again, group))
    resumed = running.run(again, group, start=start)
    np.testing.assert_array_equal(resumed.examples["test_hits"], whole.examples["test_hits"])
    shares = whole.examples["test_hits"].mean(axis=1)
    kept = whole.metrics["test_accuracy"][np.arange(group.size), whole.kept]
    np.testing.assert_allclose(shares[whole.diverged_step < 0], kept[whole.diverged_step < 0])


def test_a_sweep_without_examples_says_how_to_record_them(train):
    with pytest.raises(StoreError, match=r"no test examples in .*: .*--config.record=examples$"):
        load_examples(train().workdir)
