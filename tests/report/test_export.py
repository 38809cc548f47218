"""Exports: what pandas and TensorBoard read back is what the sweep has stored."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from acts_jax import load_curves, load_results
from acts_jax.activations import catalogue
from acts_jax.errors import StoreError
from acts_jax.report import export
from acts_jax.sweep import grid, store
from acts_jax.sweep.config import make_config

METRICS = {
    "validation_loss": (),
    "validation_accuracy": (),
    "test_loss": (),
    "test_accuracy": (),
    "gradient_norm": (3,),
    "prelu.slope": (2, 4),
}


def outcome_of(group):
    """Random numbers; the second cell diverges at the second of three evaluations."""
    rng = np.random.default_rng(int(group.key[:5]))
    learned = bool(group.static.learned)
    metrics = {
        name: rng.random((group.size, 3, *shape), np.float32)
        for name, shape in METRICS.items()
        if learned or name != "prelu.slope"
    }
    for values in metrics.values():
        values[1, 1:] = np.nan
    diverged = np.where(np.arange(group.size) == 1, 20, -1)
    return store.Outcome(
        np.arange(3), 18 * np.arange(3), metrics, diverged, *np.full((2, group.size), 2)
    )


def plan_of():
    """Two groups of four cells."""
    config = make_config(
        activation="relu,prelu", share="channel", width=4, learning_rate="0.1,1", seed="0,1"
    )
    return grid.plan(config, catalogue.get, lambda name: None)


@pytest.fixture
def frames(tmp_path):
    """Results and curves of the plan."""
    plan = plan_of()
    with store.open_workdir(tmp_path / "run", plan) as workdir:
        for group in plan.groups:
            store.write(workdir, group, outcome_of(group))
    return load_results(workdir), load_curves(workdir)


def read(run):
    accumulator = EventAccumulator(str(run))
    accumulator.Reload()
    return accumulator


def test_csv_reads_back_every_digit_and_every_gap(frames, tmp_path):
    for frame in frames:
        read_back = pd.read_csv(export.to_csv(frame, tmp_path / "new" / "frame.csv"))
        assert list(read_back) == list(frame)
        for column in frame:
            there, here = read_back[column].to_numpy(object), frame[column].to_numpy(object)
            gaps = pd.isna(there)
            assert np.array_equal(gaps, pd.isna(here)), column
            texts = [*map(str, there[~gaps])] == [*map(str, here[~gaps])]
            assert texts or np.array_equal(there[~gaps].astype(float), here[~gaps].astype(float))


def test_every_number_of_every_cell_is_in_its_tensorboard_run(frames, tmp_path):
    results, curves = frames
    runs = export.to_tensorboard(results, curves, tmp_path / "board")
    assert len(runs) == len(results) == 8
    tags = {"validation_loss": "loss/validation", "test_accuracy": "accuracy/test"}
    for run, cell in zip(runs, results["cell"], strict=True):
        events = read(run)
        curve = curves[(curves.cell == cell) & curves.value.notna()]
        for (metric, layer), rows in curve.groupby(
            ["metric", "layer"], observed=True, dropna=False
        ):
            tag = tags.get(metric, metric) if pd.isna(layer) else f"{metric}/layer{layer}"
            if tag not in ("validation_accuracy", "test_loss"):
                means = rows.groupby("step").value.mean()
                seen = events.Scalars(tag)
                assert [e.step for e in seen] == list(means.index)
                np.testing.assert_allclose([e.value for e in seen], means, rtol=1e-6)
            if metric == "prelu.slope":
                histogram = events.Histograms(f"{tag}/channels")[-1].histogram_value
                last = rows[rows.step == rows.step.max()].value
                assert (histogram.min, histogram.max, histogram.num) == (last.min(), last.max(), 4)


def test_tensorboard_knows_the_hyperparameters_and_the_scores(frames, tmp_path):
    results, curves = frames
    runs = export.to_tensorboard(results, curves, tmp_path / "board")
    metadata = read(runs[5]).summary_metadata
    plugin = metadata["_hparams_/session_start_info"].plugin_data.content
    given = HParamsPluginData.FromString(plugin).session_start_info.hparams
    assert given["activation"].string_value == "prelu"
    assert given["learning_rate"].number_value == results.learning_rate[5] == 0.1
    assert given["seed"].number_value == results.seed[5] == 1
    assert given["status"].string_value == "diverged"
    assert set(given) == {"activation", "learn", "share", "learning_rate", "seed", "status"} | {
        "prelu.slope"
    }
    words = read(runs[5]).Tensors("hyperparameters/text_summary")[0].tensor_proto.string_val[0]
    assert b"| hidden_sizes | 4-4 |" in words
    assert b"| layer_norm | False |" in words
    plugin = metadata["_hparams_/experiment"].plugin_data.content
    scores = HParamsPluginData.FromString(plugin).experiment.metric_infos
    assert {score.name.tag for score in scores} == {
        "accuracy/validation", "loss/validation", "accuracy/test", "loss/test"
    }  # fmt: skip


def test_runs_are_named_by_what_tells_them_apart(frames):
    results, _ = frames
    names = export.run_names(results)
    assert names[:2] == ["relu,learning_rate=0.1,seed=0", "relu,learning_rate=0.1,seed=1"]
    assert len(set(names)) == 8
    assert export.run_names(results.iloc[[0, 4]]) == ["relu", "prelu"]
    mine = results.iloc[[0]].assign(activation="my/mod.x:fn")
    assert export.run_names(mine) == ["my_mod.x_fn"]
    split = pd.concat([results.iloc[:2].assign(split_seed=s) for s in (0, 1)])
    assert export.run_names(split)[1:3] == ["relu,seed=1,split_seed=0", "relu,seed=0,split_seed=1"]
    twice = pd.concat([mine, mine.assign(cell="another/0")])
    assert len(set(export.run_names(twice))) == 2


def test_a_groups_best_cell_is_chosen_on_validation(frames):
    results, _ = frames
    results = results.assign(validation_accuracy=0.5, validation_loss=[1.0, 0.1, 0.9, 0.95] * 2)
    assert list(export.best_cells(results).index) == [2, 6]  # 1 and 5 have diverged
    results.loc[3, "validation_accuracy"] = 0.6
    assert list(export.best_cells(results).index) == [3, 6]
    regression = results.assign(validation_accuracy=np.nan)
    regression.loc[3, "validation_loss"] = 0.8
    assert list(export.best_cells(regression).index) == [3, 6]


def test_an_export_replaces_an_earlier_one_and_nothing_else(frames, tmp_path):
    results, curves = frames
    folder = tmp_path / "board"
    export.to_tensorboard(results, curves, folder)
    (run,) = export.to_tensorboard(results.iloc[[4]], curves, folder)
    assert list(folder.iterdir()) == [run]
    assert len(list(run.iterdir())) == 1
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"notes\.txt is not of an earlier export"):
        export.to_tensorboard(results, curves, folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"board", "run"}


def test_a_folder_that_cannot_be_written_is_one_sentence(frames):
    with pytest.raises(StoreError, match="cannot write to folder /proc/nowhere"):
        export.to_csv(frames[0], Path("/proc/nowhere/results.csv"))
    with pytest.raises(StoreError, match="cannot write to folder /proc/nowhere"):
        export.to_tensorboard(*frames, Path("/proc/nowhere/board"))


def test_cells_that_failed_have_no_run_and_are_never_best(frames, tmp_path):
    workdir, plan = tmp_path / "run", plan_of()
    (path,) = (workdir / "groups").glob("00001*")
    path.unlink()
    with store.open_workdir(workdir, plan):
        store.write(workdir, plan.groups[1].part(0, 2), outcome_of(plan.groups[1].part(0, 2)))
        failure = store.Failure("ValueError: no", "in line 1")
        store.write_failure(workdir, plan.groups[1].part(2, 4), failure)
    results, curves = load_results(workdir), load_curves(workdir)
    assert list(results.status[4:]) == ["ok", "diverged", "failed", "failed"]
    assert list(export.best_cells(results).status) == ["ok", "ok"]
    assert len(export.to_tensorboard(results, curves, tmp_path / "board")) == 6
