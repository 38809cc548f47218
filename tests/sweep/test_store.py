"""The store: what is written is what is read, whole or not at all."""

import dataclasses
import os
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from acts_jax import load_curves, load_results
from acts_jax.activations import catalogue
from acts_jax.errors import StoreError
from acts_jax.files import write_atomically
from acts_jax.sweep import grid, store
from acts_jax.sweep.config import make_config


def plan(**fields):
    return grid.plan(make_config(**fields), catalogue.get, lambda name: None)


def outcome_of(group, evals=3):
    """An outcome in which every number is another one; the second cell has diverged."""
    rng = np.random.default_rng(int(group.key[:5]))
    layers = len(group.static.hidden_sizes)
    shapes = {"train_loss": (), "test_accuracy": (), "gradient_norm": (layers + 1,)}
    if group.static.learned:
        channels = group.static.hidden_sizes[:1] if group.static.share == "channel" else ()
        shapes["prelu.slope"] = (layers, *channels)
    diverged = np.full(group.size, -1)
    diverged[1] = 40
    metrics = {
        name: rng.random((group.size, evals, *shape), np.float32) for name, shape in shapes.items()
    }
    for values in metrics.values():
        values[1, 1:] = np.nan
    end = np.full(group.size, evals - 1)
    return store.Outcome(np.arange(evals), 18 * np.arange(evals), metrics, diverged, end, end)


@pytest.fixture
def planned():
    return plan(activation="relu,prelu", depth="2,3", width=4, learning_rate="0.1,1", seed="0,1")


@pytest.fixture
def stored(tmp_path, planned):
    outcomes = [outcome_of(group) for group in planned.groups]
    with store.open_workdir(tmp_path / "run", planned) as workdir:
        for group, outcome in zip(planned.groups, outcomes, strict=True):
            store.write(workdir, group, outcome)
    return workdir, outcomes


def test_results_have_one_row_per_cell_named_as_the_flags(stored, planned):
    workdir, outcomes = stored
    results = load_results(workdir)
    assert len(results) == planned.cells
    assert results["cell"].is_unique
    first = results.iloc[0]
    assert (first.activation, first.depth, first.width, first.learning_rate) == ("relu", 2, 4, 0.1)
    assert list(results.seed[:4]) == [0, 1, 0, 1]
    assert results.test_accuracy[0] == pytest.approx(outcomes[0].metrics["test_accuracy"][0, -1])
    assert results["prelu.slope"].notna().sum() == planned.cells / 2
    final = results[results.activation == "prelu"]["final.prelu.slope"].iloc[0]
    assert final == pytest.approx(outcomes[2].metrics["prelu.slope"][0, -1].mean())


def test_diverged_cells_say_so_and_have_no_metrics(stored):
    results = load_results(stored[0])
    diverged = results[results.status == "diverged"]
    assert list(diverged.diverged_step) == [40] * 4
    assert diverged[["train_loss", "test_accuracy"]].isna().all(axis=None)
    assert results[results.status == "ok"].diverged_step.isna().all()


def test_curves_hold_every_number_at_its_place(stored, planned):
    workdir, outcomes = stored
    curves = load_curves(workdir)
    assert len(curves) == sum(v.size for o in outcomes for v in o.metrics.values())
    for group, outcome in zip(planned.groups, outcomes, strict=True):
        for name, values in outcome.metrics.items():
            cell = f"{group.key}/2"
            rows = curves[(curves.cell == cell) & (curves.metric == name)]
            assert np.array_equal(rows.value, values[2].ravel())
            assert list(rows.step.unique()) == [0, 18, 36]
            layers = list(rows.layer.dropna().unique())
            assert layers == list(range(1, values.shape[2] + 1) if values.ndim > 2 else [])
            assert rows.channel.isna().all()
    assert set(curves.activation) == {"relu", "prelu"}


def test_networks_without_hidden_layers_have_no_numbers_of_them(tmp_path):
    (group,) = plan(activation="relu", depth=0, seed="0,1").groups
    outcome = outcome_of(group)
    metrics = outcome.metrics | {"dead_fraction": np.zeros((2, 3, 0), np.float32)}
    with store.open_workdir(tmp_path, plan(activation="relu", depth=0, seed="0,1")) as workdir:
        store.write(workdir, group, dataclasses.replace(outcome, metrics=metrics))
    assert load_results(workdir).dead_fraction.isna().all()
    assert set(load_curves(workdir).metric) == set(outcome.metrics)


def test_curves_of_channels_and_of_chosen_metrics(tmp_path):
    planned = plan(activation="prelu", share="channel", width=4, seed="0,1")
    outcome = outcome_of(planned.groups[0])
    with store.open_workdir(tmp_path, planned) as workdir:
        store.write(workdir, planned.groups[0], outcome)
    curves = load_curves(workdir, metrics=["prelu.slope"])
    assert set(curves.metric) == {"prelu.slope"}
    one = curves[(curves.seed == 0) & (curves.epoch == 2) & (curves.layer == 2)]
    assert np.array_equal(one.value, outcome.metrics["prelu.slope"][0, 2, 1])
    assert list(one.channel) == [1, 2, 3, 4]


def file_of(workdir, group):
    return workdir / "groups" / f"{store.name_of(group)}.parquet"


@pytest.mark.parametrize("size", [0, 100, -100])
def test_a_file_cut_short_is_named_and_tidied_away(stored, planned, size):
    workdir, _ = stored
    assert store.missing(workdir, planned.groups) == []
    path = file_of(workdir, planned.groups[1])
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(StoreError, match=f"{path.name} is damaged; run the sweep again"):
        load_results(workdir)
    store.tidy(workdir)
    (part,) = store.missing(workdir, planned.groups)
    assert (part.key, part.first, part.size) == (planned.groups[1].key, 0, 4)


def test_a_flipped_bit_is_never_read_as_a_result(stored, planned):
    workdir, _ = stored
    right = load_results(workdir)
    path = file_of(workdir, planned.groups[1])
    whole = path.read_bytes()
    noticed = 0
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")  # what follows the data
    for place in range(4, footer, 47):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        store.tidy(workdir)
        if path.exists():
            assert load_results(workdir).equals(right)
        else:
            noticed += 1
    assert noticed > 10


def test_parts_of_a_group_are_stored_apart_and_read_as_one(tmp_path, planned):
    group, *others = planned.groups
    outcome = outcome_of(group)

    def cut(first, last):
        metrics = {name: values[first:last] for name, values in outcome.metrics.items()}
        diverged = outcome.diverged_step[first:last]
        part = store.Outcome(
            outcome.epochs, outcome.steps, metrics, diverged, *np.full((2, last - first), 2)
        )
        return group.part(first, last), part

    with store.open_workdir(tmp_path / "whole", planned) as whole:
        store.write(whole, group, outcome)
    with store.open_workdir(tmp_path / "parts", planned) as workdir:
        store.write(workdir, *cut(3, 4))
        store.write(workdir, *cut(1, 2))
        missing = store.missing(workdir, planned.groups)
        assert [(p.first, p.size) for p in missing] == [(0, 1), (2, 1), (0, 4), (0, 4), (0, 4)]
        assert list(missing[1].traced["seed"]) == [0]
        assert missing[1].traced["learning_rate"] == [1.0]
        store.write(workdir, *cut(0, 1))
        store.write(workdir, *cut(2, 3))
        missing = store.missing(workdir, planned.groups)
        assert [part.key for part in missing] == [other.key for other in others]
    assert load_results(workdir).equals(load_results(whole))
    pd.testing.assert_frame_equal(
        load_curves(workdir).sort_values(
            ["cell", "metric", "step"], kind="stable", ignore_index=True
        ),
        load_curves(whole).sort_values(
            ["cell", "metric", "step"], kind="stable", ignore_index=True
        ),
    )


def test_failed_cells_have_a_reason_and_are_tried_again(stored, planned):
    workdir, outcomes = stored
    group = planned.groups[2]
    file_of(workdir, group).unlink()
    store.write_failure(workdir, group, store.Failure("TypeError: no", "Traceback ..."))
    results, curves = load_results(workdir), load_curves(workdir)
    failed = results[results.status == "failed"]
    assert list(failed.cell) == [f"{group.key}/{i}" for i in range(4)]
    assert set(failed.reason) == {"TypeError: no"}
    assert failed.train_loss.isna().all()
    assert set(results[results.status == "diverged"].reason) == {
        "the loss is not finite at step 40"
    }
    assert len(results) == planned.cells
    assert not set(curves.cell) & set(failed.cell)
    after = curves[curves.cell == f"{planned.groups[3].key}/2"]
    assert np.array_equal(
        after[after.metric == "train_loss"].value, outcomes[3].metrics["train_loss"][2]
    )
    store.tidy(workdir)
    assert [part.key for part in store.missing(workdir, planned.groups)] == [group.key]


def test_what_a_killed_process_left_unfinished_is_tidied_away(stored):
    workdir, _ = stored
    kept = set(workdir.rglob("*"))
    (workdir / "groups" / ".00000-relu.parquet.77.unfinished").write_bytes(b"half of")
    (workdir / ".config.json.77.unfinished").write_bytes(b"{")
    store.tidy(workdir)
    assert set(workdir.rglob("*")) == kept


def test_a_killed_write_leaves_the_old_file(tmp_path):
    """The process dies in the middle of writing: the file is the old one, whole."""
    path = tmp_path / "result"
    path.write_bytes(b"old")
    code = """
        import os, sys
        from pathlib import Path
        from acts_jax.sweep.store import write_atomically
        def fill(file):
            file.write(b"new, but only half of")
            file.flush()
            os.kill(os.getpid(), 9)
        write_atomically(Path(sys.argv[1]), fill)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)], check=False)
    assert done.returncode == -9
    assert path.read_bytes() == b"old"


def test_whoever_reads_the_old_file_keeps_it(tmp_path):
    path = tmp_path / "result"
    path.write_bytes(b"old")
    with path.open("rb") as old:
        write_atomically(path, lambda file: file.write(b"new"))
        assert old.read() == b"old"
    assert path.read_bytes() == b"new"


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    def fill(file):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_atomically(tmp_path / "result", fill)
    assert list(tmp_path.iterdir()) == []


def test_another_config_in_the_same_workdir_is_refused(tmp_path, planned):
    for _ in range(2):
        with store.open_workdir(tmp_path, planned):
            pass
    other = plan(activation="relu,prelu", depth="2,3", width=8, learning_rate="0.1", seed="0,1")
    with pytest.raises(StoreError) as error, store.open_workdir(tmp_path, other):
        pass
    assert "learning_rate: [0.1, 1.0] there, [0.1] now; width: [4] there, [8] now" in str(
        error.value
    )


def test_a_workdir_in_use_is_refused_and_its_holder_named(tmp_path, planned):
    inner = store.open_workdir(tmp_path, planned)
    with store.open_workdir(tmp_path, planned):
        message = f"in use by process {os.getpid()} on host .*choose another --workdir"
        with pytest.raises(StoreError, match=message), inner:
            pass
    with store.open_workdir(tmp_path, planned):
        pass


def test_a_workdir_that_cannot_be_written_is_refused(tmp_path, planned):
    (tmp_path / "file").write_text("")
    opened = store.open_workdir(tmp_path / "file" / "run", planned)
    with pytest.raises(StoreError, match="cannot write to workdir"), opened:
        pass


def test_a_workdir_without_results_says_so(tmp_path):
    with pytest.raises(StoreError, match="no results in"):
        load_results(tmp_path)


def test_frames_are_ready_for_pandas(stored):
    results, curves = load_results(stored[0]), load_curves(stored[0])
    assert isinstance(curves.activation.dtype, pd.CategoricalDtype)
    assert results.groupby("activation").test_accuracy.mean().notna().all()
    assert os.fspath(stored[0])
