"""Split seeds as an axis: a cell among several divisions of its dataset is the cell alone."""

import dataclasses

import jax
import numpy as np
import pytest
from rich.console import Console

from acts_jax import data, load_results
from acts_jax.activations import catalogue
from acts_jax.analysis import statistics
from acts_jax.errors import ConfigError, DatasetError, StoreError
from acts_jax.sweep import engine, grid, launch, networks, packing, running, store, trainer
from acts_jax.sweep.config import make_config
from acts_jax.sweep.options import Options
from acts_jax.training import probes

pytestmark = pytest.mark.slow

SMALL = {"width": 8, "depth": 1, "epochs": 2, "evals": 2, "batch_size": 64}


def plan(**fields):
    return grid.plan(make_config(**SMALL | fields), catalogue.get, lambda name: None)


def zipped(split_seeds, **fields):
    """A group of the seeds 5, 6, ..., each with a split seed of its own."""
    (group,) = plan(seed=range(5, 5 + len(split_seeds)), **fields).groups
    traced = {**group.traced, "split_seed": np.array(split_seeds)}
    return grid.make_group(0, group.static, traced, group.parameters)


def run(dataset, group, compiled):
    there = engine.put(dataset, group.static.preprocessing, jax.local_devices(), group.split_seeds)
    return running.run(engine.build(group, dataset, there, 2, compiled=compiled), group)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("digits", {"activation": "prelu", "depth": 2}),
        ("diabetes", {"activation": "tanh", "learning_rate": 0.01}),
        ("mnist1d", {"optimizer": "adam", "learning_rate": 0.01}),
    ],
)
def test_a_cell_among_several_divisions_is_the_cell_trained_on_its_own(name, fields, data_dir):
    """Bit for bit in its parameters; its evaluations up to the order of their sums."""
    dataset = data.load(name, data_dir=data_dir)
    fields = {"preprocessing": "standardize", "record": "parameters"} | fields
    group = zipped((3, 0, 1, 3), **fields)
    assert (group.split_seeds, group.division.tolist()) == ((0, 1, 3), [2, 0, 1, 2])
    compiled = {}
    together = run(dataset, group, compiled)
    for i, seed in enumerate(group.traced["split_seed"]):
        # As if the division were the dataset as it comes.
        division = dataclasses.replace(dataset.divided(seed), split_seed=0)
        (same,) = plan(seed=5 + i, **fields).groups
        assert same.split_seeds == (0,)
        alone = run(division, same, compiled)
        for path, values in alone.parameters.items():
            np.testing.assert_array_equal(together.parameters[path][i], values[0], err_msg=path)
        for metric, values in alone.metrics.items():
            found = together.metrics[metric][i]
            np.testing.assert_allclose(found, values[0], rtol=2e-5, atol=1e-6, err_msg=metric)


def test_groups_share_a_program_that_has_room_for_their_seeds_and_divisions(digits, monkeypatch):
    (plain,) = plan(seed="0,1,2").groups
    groups = plain, zipped((4, 4, 4)), zipped((1, 2, 3)), zipped(range(7)), zipped(range(13))

    def programs():
        compiled, chunks = {}, []
        for group in groups:
            there = engine.put(digits, "unit", jax.local_devices(), group.split_seeds)
            chunks.append(engine.build(group, digits, there, 2, compiled=compiled).chunk)
        return [chunks.index(chunk) for chunk in chunks]

    assert programs() == [0, 0, 0, 0, 4]
    # Room that would idle in too many bytes is not made.
    monkeypatch.setattr(engine, "FILLED", 0)
    assert programs() == [0, 0, 2, 3, 4]


def test_room_that_is_left_idle_changes_nothing(digits, monkeypatch):
    group = zipped((1, 2, 3), epochs=2)
    there = engine.put(digits, "unit", jax.local_devices(), group.split_seeds)
    roomy = running.run(engine.build(group, digits, there, 2), group)
    monkeypatch.setattr(engine, "FILLED", 0)
    there = engine.put(digits, "unit", jax.local_devices(), group.split_seeds)
    narrow = running.run(engine.build(group, digits, there, 2), group)
    for metric, values in narrow.metrics.items():
        np.testing.assert_array_equal(roomy.metrics[metric], values, err_msg=metric)


def sweep(workdir, data_dir, **fields):
    planned = launch.make_plan(make_config(**SMALL | fields))
    datasets = launch.load_datasets(planned, data_dir)
    with store.open_workdir(workdir, planned):
        progress, _ = launch.run(planned, datasets, workdir, pack=2)
    return progress, load_results(workdir)


def test_a_sweep_over_split_seeds_repeats_every_setting_and_goes_on_where_it_was(
    tmp_path, data_dir
):
    fields = {"activation": "relu,tanh", "seed": "0,1", "split_seed": "0,2,5"}
    _, results = sweep(tmp_path / "run", data_dir, **fields)
    assert len(results) == 12 and results["split_seed"].dtype == np.int64
    pairs = results.groupby("activation")[["split_seed", "seed"]].apply(
        lambda g: set(map(tuple, g.to_numpy()))
    )
    assert (pairs == {(d, s) for d in (0, 2, 5) for s in (0, 1)}).all()
    assert not {"seed", "split_seed"} & set(statistics.axes(results))
    # A division has its own results, and split seed 0 those of a sweep without the axis.
    _, plain = sweep(tmp_path / "plain", data_dir, **fields | {"split_seed": 0})
    assert "split_seed" not in plain
    keys = ["activation", "seed"]
    first = results[results["split_seed"] == 0].set_index(keys)["test_loss"]
    np.testing.assert_allclose(first, plain.set_index(keys)["test_loss"], rtol=1e-5)
    assert results.groupby(keys)["test_loss"].nunique().eq(3).all()
    # What is missing, a part of other divisions than the whole, is trained as it was.
    one = store.contents(tmp_path / "run").stored[0]
    assert {n: len(d) for n, d in one.record.sources.items() if n.startswith("dataset")} == {
        name: 64
        for name in (
            "dataset digits",
            "dataset digits (split_seed 2)",
            "dataset digits (split_seed 5)",
        )
    }
    one.path.unlink()
    progress, again = sweep(tmp_path / "run", data_dir, **fields)
    assert progress.steps_taken * 2 == progress.steps and again.equals(results)


def test_results_of_another_division_are_told_by_their_digest(tmp_path, data_dir, monkeypatch):
    fields = {"split_seed": "0,2"}
    sweep(tmp_path, data_dir, **fields)
    divided = data.Dataset.divided
    other = lambda self, seed: divided(self, seed + 1 if seed else 0)  # noqa: E731
    monkeypatch.setattr(data.Dataset, "divided", other)
    with pytest.raises(StoreError, match=r"^dataset digits \(split_seed 2\) has changed since 2 "):
        sweep(tmp_path, data_dir, **fields)


def test_groups_with_and_without_the_axis_go_together(tmp_path, data_dir):
    """As when only some datasets of a sweep can be divided anew."""
    config = make_config(**SMALL | {"activation": "relu,tanh", "seed": "0,1"})
    planned = launch.make_plan(config)
    plain, other = planned.groups
    traced = {**other.traced, "split_seed": np.array([1, 2])}
    groups = plain, grid.make_group(1, other.static, traced, other.parameters)
    planned = dataclasses.replace(planned, groups=groups)
    datasets = launch.load_datasets(planned, data_dir)
    with store.open_workdir(tmp_path, planned):
        launch.run(planned, datasets, tmp_path)
    results = load_results(tmp_path)
    assert results["split_seed"].tolist() == [0, 0, 1, 2]
    alone = run(datasets["digits"], groups[1], {})
    np.testing.assert_allclose(results["test_loss"][2:], alone.metrics["test_loss"][:, -1], 1e-5)


def test_recorded_networks_come_with_the_splits_they_were_trained_on(tmp_path, data_dir):
    config = make_config(**SMALL, record="parameters", split_seed="0,4", seed="0,1")
    options = Options(config, tmp_path / "run", data_dir=data_dir)
    found = networks.load(trainer.train(options, Console(quiet=True)))
    assert [n.results["split_seed"].tolist() for n in found] == [[0, 0], [4, 4]]
    for one in found:
        for row, result in one.results.iterrows():
            scores = probes.probe(one.model, one.network(row), one.examples.test)
            assert float(scores.loss) == pytest.approx(result["test_loss"], rel=1e-5)


def test_a_split_seed_that_cannot_be_is_refused_before_anything_is_trained(data_dir, digits):
    few = dataclasses.replace(digits, train=digits.validation)
    planned = launch.make_plan(make_config(split_seed="0,1"))
    with pytest.raises(DatasetError, match="'digits' keeps its splits, which were given as arrays"):
        launch.load_datasets(planned, data_dir, {"digits": few})
    with pytest.raises(
        ConfigError, match="split_seed must be at least 0 and at most 2,147,483,647"
    ):
        plan(split_seed=-1)


def test_divisions_that_do_not_fit_into_memory_are_trained_in_parts_or_refused(digits, monkeypatch):
    monkeypatch.setattr(engine, "FILLED", 0)
    (group,) = plan(split_seed="range(0,12)").groups
    each = packing.data_bytes(group.part(0, 2), digits)
    examples = sum(
        s.inputs.nbytes + 8 * len(s.labels) for s in (digits.train, digits.validation, digits.test)
    )
    assert each == examples and packing.data_bytes(group, digits) == 11 * each
    assert len(packing.parts(group, digits, pack=2)) == 1
    working = 4 * packing.cell_bytes(group.static, digits)
    memory = working + 2 * 11 * each  # on two devices
    monkeypatch.setattr(packing, "memory", lambda: memory / packing.SHARE)
    parts = packing.parts(group, digits, pack=2)
    assert [part.split_seeds for part in parts] == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)]
    packing.check_fits(group, digits, pack=2)
    monkeypatch.setattr(packing, "memory", lambda: 2 * 3 * each)
    said = r"^4 divisions of digits take 0.0007.. GiB, and .*; give fewer values of split_seed$"
    with pytest.raises(ConfigError, match=said):
        packing.check_fits(group, digits, pack=2)
