"""Early stopping: inside a group's program, cell by cell, on validation."""

import dataclasses

import numpy as np
import pytest

from acts_jax import load_curves, load_results
from acts_jax.activations import catalogue
from acts_jax.sweep import checkpoint, engine, grid, launch, packing, running, store
from acts_jax.sweep.config import make_config

pytestmark = pytest.mark.slow

EVALS = 12
FIELDS = dict(width=8, depth=1, epochs=EVALS, evals=EVALS, batch_size=64)


def group_of(**fields):
    (group,) = grid.plan(make_config(**FIELDS | fields), catalogue.get, lambda name: None).groups
    return group


def run(dataset, group, **options):
    splits = engine.put(dataset, "unit", packing.devices_for(group, 2))
    return running.run(engine.build(group, dataset, splits, pack=2), group, **options)


def stop_and_best(scores, patience):
    """Index of the last evaluation, and of the best one, of a cell with these scores by then."""
    best = 1
    for now in range(2, len(scores)):
        if scores[now] > scores[best]:
            best = now
        if now - best >= patience:
            return now, best
    return len(scores) - 1, best


@pytest.fixture(scope="module")
def few(digits):
    """Digits with 64 training examples: validation soon gets no better."""
    train = dataclasses.replace(
        digits.train, inputs=digits.train.inputs[:64], labels=digits.train.labels[:64]
    )
    return dataclasses.replace(digits, train=train)


@pytest.mark.parametrize("regression", [False, True], ids=["accuracy", "loss"])
def test_a_cell_stops_once_validation_was_no_better_for_so_many_evaluations(few, regression):
    if regression:
        splits = {
            split: dataclasses.replace(
                getattr(few, split), labels=getattr(few, split).labels.astype(np.float32)
            )
            for split in ("train", "validation", "test")
        }
        few = dataclasses.replace(few, task="regression", class_names=(), **splits)
    cells = dict(learning_rate=(0.003, 0.01, 0.1, 0.3), seed=(0, 1))
    if regression:  # the second cell diverges, after it has stopped while its neighbour goes on
        cells = dict(learning_rate=(0.003, 0.085, 0.04, 1e3), activation="identity")
    full = run(few, group_of(**cells))
    stopping = run(few, group_of(**cells, patience=2))
    assert (full.last == EVALS).all()
    assert (full.kept == EVALS).all()
    values = full.metrics["validation_loss"] if regression else full.metrics["validation_accuracy"]
    diverged = stopping.diverged_step >= 0
    assert (full.diverged_step >= 0).sum() == (2 if regression else 0)
    assert diverged.sum() == (1 if regression else 0)
    for cell in np.flatnonzero(~diverged):
        scores = -values[cell] if regression else values[cell]
        last, best = stop_and_best(scores, patience=2)
        assert (stopping.last[cell], stopping.kept[cell]) == (last, best)
        for name, expected in full.metrics.items():
            found = stopping.metrics[name][cell]
            np.testing.assert_allclose(found[: last + 1], expected[cell][: last + 1], rtol=1e-5)
            assert np.isnan(found[last + 1 :]).all()
    assert len(set(stopping.last[~diverged])) > 1
    assert np.isnan(stopping.metrics["validation_loss"][diverged, stopping.kept[diverged]]).all()


def test_where_a_cell_stops_does_not_depend_on_the_others_of_its_pack(few):
    group = group_of(learning_rate=(0.003, 0.1, 0.03, 0.01), patience=1)
    steps = []
    together = run(few, group, on_chunk=lambda now: steps.append(np.array(now.state[0].step)))
    alone = [run(few, group.part(i, i + 1)) for i in range(group.size)]
    for i, outcome in enumerate(alone):
        assert (outcome.last, outcome.kept) == (together.last[i], together.kept[i])
        for name, values in together.metrics.items():
            np.testing.assert_array_equal(outcome.metrics[name][0], values[i], err_msg=name)
    # A pack is trained until the last of its cells has stopped, and no step more.
    packs = together.last.reshape(2, 2).max(axis=1)
    np.testing.assert_array_equal(steps[-1], np.broadcast_to(packs[:, None], (2, 2)))
    assert len(steps) == 1 + max(packs)
    assert min(packs) < max(packs) < EVALS


def test_a_group_that_stops_early_goes_on_from_a_checkpoint(few, tmp_path):
    group = group_of(learning_rate=(0.003, 0.1, 0.03, 0.01), patience=2)

    def save(standing):
        if standing.evaluations == 5:
            checkpoint.save(tmp_path, group, standing)

    whole = run(few, group, on_chunk=save)
    assert min(whole.last) < 5 < max(whole.last)
    splits = engine.put(few, "unit", packing.devices_for(group, 2))
    program = engine.build(group, few, splits, pack=2)
    start = checkpoint.load(tmp_path, group, running.beginning(program, group))
    resumed = running.run(program, group, start=start)
    for name in ("last", "kept", "diverged_step"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name))
    for name, values in whole.metrics.items():
        np.testing.assert_array_equal(resumed.metrics[name], values, err_msg=name)


def test_results_are_those_of_the_best_evaluation_and_curves_end_where_training_did(
    tmp_path, data_dir
):
    fields = FIELDS | dict(learning_rate=(0.01, 1.0), evals=4, epochs=4, patience=1)
    plan = launch.make_plan(make_config(**fields))
    datasets = launch.load_datasets(plan, data_dir)
    with store.open_workdir(tmp_path / "run", plan) as workdir:
        progress, _ = launch.run(plan, datasets, workdir)
    assert progress.steps_done == progress.steps
    results, curves = (
        load_results(workdir),
        load_curves(workdir, ["validation_accuracy", "test_loss"]),
    )
    stopped = results[results["steps"] < 4 * 18]
    assert len(stopped)
    assert (stopped["steps"] == 18 * (stopped["epoch"] + 1)).all()  # patience was 1
    for _, row in results.iterrows():
        mine = curves[curves["cell"] == row["cell"]]
        mine = mine.pivot(index="epoch", columns="metric", values="value")
        assert mine.index[-1] * 18 == row["steps"]
        assert mine["validation_accuracy"][1:].idxmax() == row["epoch"]
        assert mine["test_loss"][row["epoch"]] == pytest.approx(row["test_loss"])
