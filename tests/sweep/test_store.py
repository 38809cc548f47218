"""The store: what is written is what is read, whole or not at all."""

import dataclasses
import os
import random
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acts_jax import load_curves, load_results
from acts_jax.activations import catalogue
from acts_jax.errors import StoreError
from acts_jax.files import write_atomically
from acts_jax.sweep import grid, record, store
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


FIELDS = {
    "activation": "relu,prelu",
    "depth": "2,3",
    "width": 4,
    "learning_rate": "0.1,1",
    "seed": "0,1",
}


@pytest.fixture
def planned():
    return plan(**FIELDS)


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
    store.tidy(workdir, planned)
    (part,) = store.missing(workdir, planned.groups)
    assert (part.key, part.first, part.size) == (planned.groups[1].key, 0, 4)


def test_a_flipped_bit_is_never_read_as_a_result(stored, planned):
    workdir, _ = stored
    path = file_of(workdir, planned.groups[1])
    whole, right = path.read_bytes(), record.read(path)
    draw = random.Random(18)
    for place in draw.sample(range(len(whole)), 300):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << draw.randrange(8)
        path.write_bytes(flipped)
        found = record.read(path)
        assert found is None or found == right
    with pytest.raises(StoreError, match="damaged"):
        load_results(workdir)


def rewritten(change):
    """An attack: the first file as another program would write it, with everything it knew."""

    def attack(first, second):
        table = change(pq.read_table(first))
        pq.write_table(table, first)

    return attack


def swapped(first, second):
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)


def of_another_sweep(first):
    """Puts the file of a sweep that differs in its split of the data only under the same name."""
    other = plan(**FIELDS, validation_fraction=0.2)
    with store.open_workdir(first.parents[2] / "other", other) as workdir:
        store.write(workdir, other.groups[0], outcome_of(other.groups[0]))
    file_of(workdir, other.groups[0]).replace(first)


def with_the_digest_of_another(first, second):
    digests = [path.read_bytes().rpartition(b'"sha256": "')[2][:64] for path in (first, second)]
    first.write_bytes(first.read_bytes().replace(*digests))


def without_content(first, second):
    one = record.read(first)
    record.write(first.parents[1], one.record, one.table.slice(0, 0))


def a_failure(first, second):
    """The record of a failure under the name of results."""
    one = record.read(first)
    failed = record.write(first.parents[1], dataclasses.replace(one.record, failed=True), one.table)
    failed.replace(first)


def a_part_again(first, second):
    """The same cells in one file and in another, as from two runs on two machines."""
    one = record.read(first)
    part = dataclasses.replace(one.record, first=1, last=3)
    record.write(first.parents[1], part, one.table.slice(1, 2))


def linked_to(target):
    def attack(first, second):
        first.unlink()
        first.symlink_to(target)

    return attack


DAMAGED = {
    "swapped": swapped,
    "a copy of another": lambda first, second: first.write_bytes(second.read_bytes()),
    "another sweep's": lambda first, second: of_another_sweep(first),
    "empty": lambda first, second: first.write_bytes(b""),
    "a text": lambda first, second: first.write_text("PAR1 and more PAR1"),
    "zeros": lambda first, second: first.write_bytes(bytes(first.stat().st_size)),
    "more at its end": lambda first, second: first.write_bytes(first.read_bytes() + b"PAR1"),
    "twice": lambda first, second: first.write_bytes(2 * first.read_bytes()),
    "rows reordered": rewritten(lambda table: table.take([1, 0, 2, 3])),
    "rows doubled": rewritten(lambda table: pa.concat_tables([table.slice(0, 2)] * 2)),
    "a column missing": rewritten(lambda table: table.drop_columns(["test_accuracy"])),
    "a column added": rewritten(lambda table: table.append_column("more", pa.array([1] * 4))),
    "a column renamed": rewritten(
        lambda table: table.rename_columns([c.replace("seed", "need") for c in table.column_names])
    ),
    "a column retyped": rewritten(
        lambda table: table.set_column(0, "cell", table["cell"].cast(pa.large_string()))
    ),
    "of an earlier version": rewritten(lambda table: table.replace_schema_metadata(None)),
    "rewritten": rewritten(lambda table: table),
    "the digest of another": with_the_digest_of_another,
    "no rows": without_content,
    "a failure": a_failure,
    "a part again": a_part_again,
    "a link to nowhere": linked_to("nowhere.parquet"),
    "a link to another": lambda first, second: linked_to(second.name)(first, second),
}


@pytest.mark.parametrize("attack", DAMAGED)
def test_what_is_not_what_its_name_says_is_trained_again(stored, planned, caplog, attack):
    workdir, outcomes = stored
    right = load_results(workdir)
    DAMAGED[attack](*(file_of(workdir, group) for group in planned.groups[:2]))
    with pytest.raises(StoreError, match=r"is damaged; run the sweep again to replace it$"):
        load_results(workdir)
    with store.open_workdir(workdir, planned):
        store.tidy(workdir, planned)
        assert "damaged, to be trained again: " in caplog.text
        missing = store.missing(workdir, planned.groups)
        assert {part.key for part in missing} <= {group.key for group in planned.groups[:2]}
        for part in missing:
            store.write(workdir, part, outcomes[int(part.key[:5])])
    assert load_results(workdir).equals(right)
    store.tidy(workdir, planned)
    assert store.missing(workdir, planned.groups) == []


def test_a_part_in_two_files_counts_once(stored, planned):
    workdir, _ = stored
    a_part_again(file_of(workdir, planned.groups[0]), None)
    store.tidy(workdir, planned)
    assert store.missing(workdir, planned.groups) == []
    assert len(store.contents(workdir).stored) == len(planned.groups)


def test_what_is_of_no_group_is_named_and_left_alone(stored, planned, caplog):
    workdir, _ = stored
    right, groups = load_results(workdir), workdir / "groups"
    one = record.read(file_of(workdir, planned.groups[0]))
    key = one.record.key
    beyond = dataclasses.replace(one.record, first=2, last=6)
    foreign = [
        record.write(workdir, beyond, one.table),
        record.write(workdir, dataclasses.replace(one.record, key=f"{key}0"), one.table),
        one.path.with_name("results.parquet"),
        one.path.with_name(f"{key}-0-4 (copy).parquet"),
        one.path.with_name(f"{key}-2-2.parquet"),
        one.path.with_name(f"{key}-3-1.parquet"),
        groups / "folder.parquet",
    ]
    for path in foreign[2:-1]:
        path.write_bytes(one.path.read_bytes())
    foreign[-1].mkdir()
    (groups / "notes.txt").write_text("mine")
    for _ in range(2):
        store.tidy(workdir, planned)
        assert load_results(workdir).equals(right)
    assert store.missing(workdir, planned.groups) == []
    assert all(path.exists() for path in foreign)
    assert caplog.text.count("7 files of no group of this sweep, left alone") == 1


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_in_the_place_of_one_is_one_sentence(stored, planned, make):
    workdir, _ = stored
    path = file_of(workdir, planned.groups[0])
    path.unlink()
    make(path)
    for use in (load_results, load_curves, lambda workdir: store.tidy(workdir, planned)):
        with pytest.raises(StoreError) as error:
            use(workdir)
        assert str(error.value) == f"{path} is no file, as it should be; move it away"


NO_CONFIG = {
    "list": b"[1, 2]",
    "null": b"null",
    "number": b"3",
    "text": b'"dataset"',
    "cut": b'{"dataset": ["digits"',
    "empty": b"",
    "binary": b"\xff\xfe\x00",
    "deep list": b"[" * 10**6,
    "deep": b'{"a":' * 10**6,
    "deep enough": b'{"seed": ' + b"[" * 400 + b"]" * 400 + b"}",
}


@pytest.mark.parametrize("content", NO_CONFIG)
def test_a_config_or_plan_that_is_none_is_one_sentence(stored, planned, content):
    workdir, _ = stored
    right, config = load_results(workdir), (workdir / "config.json").read_bytes()
    (workdir / "config.json").write_bytes(NO_CONFIG[content])
    with pytest.raises(StoreError) as read:
        load_results(workdir)
    with pytest.raises(StoreError) as opened, store.open_workdir(workdir, planned):
        pass
    expected = f"{workdir}/config.json is damaged; delete it to go on in this workdir"
    assert str(read.value) == str(opened.value) == expected
    (workdir / "config.json").write_bytes(config)
    (workdir / "plan.json").write_bytes(NO_CONFIG[content])
    with pytest.raises(StoreError, match=r"plan.json is damaged; run the sweep again$"):
        load_results(workdir)
    with store.open_workdir(workdir, planned):
        assert load_results(workdir).equals(right)


@pytest.mark.parametrize("name", [*store.FOLDERS, *store.FILES])
@pytest.mark.parametrize("wrong", ["other", "link", "pipe"])
def test_a_file_where_a_folder_belongs_and_the_reverse_are_one_sentence(
    tmp_path, planned, name, wrong
):
    path = tmp_path / name
    if wrong == "link":
        path.symlink_to("nowhere")
    elif wrong == "pipe":
        os.mkfifo(path)
    elif name in store.FOLDERS:
        path.write_text("a file")
    else:
        path.mkdir()
    with pytest.raises(StoreError) as error, store.open_workdir(tmp_path, planned):
        pass
    kind = "folder" if name in store.FOLDERS else "file"
    assert str(error.value) == f"{path} is no {kind}, as it should be; move it away"


def test_differences_of_configs_are_told_in_one_short_line():
    there = {f"field{i}": ["long"] * 1000 for i in range(9)} | {"a\nb": "c\nd"}
    said = store.differences(there, {})
    assert "a b: c d there, None now" in said
    assert said.endswith("; and 7 more")
    assert len(said) < 400


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
    store.tidy(workdir, planned)
    assert [part.key for part in store.missing(workdir, planned.groups)] == [group.key]


def test_what_a_killed_process_left_unfinished_is_tidied_away(stored, planned):
    workdir, _ = stored
    kept = set(workdir.rglob("*"))
    (workdir / "groups" / ".00000-relu.parquet.77.unfinished").write_bytes(b"half of")
    (workdir / ".config.json.77.unfinished").write_bytes(b"{")
    store.tidy(workdir, planned)
    assert set(workdir.rglob("*")) == kept


def test_a_killed_write_leaves_the_old_file(tmp_path):
    """The process dies in the middle of writing: the file is the old one, whole."""
    path = tmp_path / "result"
    path.write_bytes(b"old")
    code = """
        import os, sys
        from pathlib import Path
        from acts_jax.files import write_atomically
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
