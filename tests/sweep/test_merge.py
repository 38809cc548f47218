"""Merging: shards together are the whole, each cell once, and nothing else."""

import dataclasses

import numpy as np
import pytest

from acts_jax import load_curves, load_results
from acts_jax.activations import catalogue
from acts_jax.errors import StoreError
from acts_jax.sweep import grid, merge, store
from acts_jax.sweep.config import make_config

FIELDS = {"activation": "relu,prelu", "depth": "1,2", "width": 4, "seed": "0,1,2,3,4"}


def plan(**fields):
    return grid.plan(make_config(**FIELDS | fields), catalogue.get, lambda name: None)


def outcome_of(part):
    """What training would give: the same for a cell whatever it is trained with."""
    cells = np.arange(part.first, part.first + part.size, dtype=float) + float(part.key[:5]) / 8
    learned = {"prelu.slope": np.tile(cells[:, None, None], (2, 1))} if part.static.learned else {}
    metrics = {"validation_loss": np.stack([cells, cells / 3], axis=1)} | learned
    diverged = np.where(np.arange(part.first, part.first + part.size) == 1, 7, -1)
    return store.Outcome(
        np.arange(2), np.arange(2) * 18, metrics, diverged, *np.ones((2, part.size), int)
    )


def stored(workdir, planned, parts=None, failed=()):
    """A store of a plan with its groups, or these parts of them."""
    with store.open_workdir(workdir, planned):
        for part in planned.groups if parts is None else parts:
            store.write(workdir, part, outcome_of(part))
        for part in failed:
            store.write_failure(workdir, part, store.Failure("ValueError: no", "in line 1"))
    return workdir


def merged(workdir, planned, *shards):
    with store.open_workdir(workdir, planned):
        return merge.merge(workdir, planned, shards)


def assert_same(workdir, another):
    for load in (load_results, load_curves):
        keys = [c for c in ("cell", "metric", "epoch", "layer") if c in load(workdir)]
        frames = [load(w).sort_values(keys).reset_index(drop=True) for w in (workdir, another)]
        assert frames[0].equals(frames[1])


def files(workdir):
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (workdir / "groups").iterdir()}


@pytest.mark.parametrize("of", [1, 2, 3])
def test_shards_together_are_the_whole(tmp_path, of):
    planned = plan()
    whole = stored(tmp_path / "whole", planned)
    shards = [stored(tmp_path / f"shard{i}", planned.shard(i, of)) for i in range(of)]
    result = merged(tmp_path / "all", planned, *shards)
    assert (result.copied, result.present, result.missing) == (20, 0, [])
    assert_same(tmp_path / "all", whole)


def test_merging_again_changes_nothing(tmp_path):
    planned = plan()
    shard = stored(tmp_path / "shard", planned.shard(0, 2))
    merged(tmp_path / "all", planned, shard)
    before = files(tmp_path / "all")
    result = merged(tmp_path / "all", planned, shard, shard)
    assert (result.copied, result.present) == (0, 10)
    assert files(tmp_path / "all") == before


def test_what_is_missing_is_told(tmp_path):
    planned = plan()
    second = planned.groups[1]
    shard = stored(tmp_path / "shard", planned, [second.part(0, 1), second.part(3, 4)])
    missing = merged(tmp_path / "all", planned, shard).missing
    cells = [(part.key, part.first, part.first + part.size) for part in missing]
    first, _, third, fourth = (group.key for group in planned.groups)
    assert cells == [
        (first, 0, 5), (second.key, 1, 3), (second.key, 4, 5), (third, 0, 5), (fourth, 0, 5)
    ]  # fmt: skip


def test_every_cell_comes_once_however_the_shards_have_split_it(tmp_path):
    planned = plan()
    group = planned.groups[3]
    parts = [[group.part(0, 3)], [group.part(1, 2), group.part(2, 5)], [group]]
    shards = [stored(tmp_path / f"shard{i}", planned, these) for i, these in enumerate(parts)]
    merged(tmp_path / "all", planned, *shards)
    assert list(load_results(tmp_path / "all").seed) == [0, 1, 2, 3, 4]
    assert_same(tmp_path / "all", stored(tmp_path / "whole", planned, [group]))


def test_a_failure_is_kept_only_where_nobody_had_a_result(tmp_path):
    planned = plan()
    first, second = planned.groups[:2]
    failing = stored(tmp_path / "a_failing", planned, [], failed=[first, second])
    better = stored(tmp_path / "better", planned, [first.part(0, 2)])
    again = stored(tmp_path / "again", planned, [], failed=[second.part(0, 4)])
    result = merged(tmp_path / "all", planned, failing, better, again)
    statuses = load_results(tmp_path / "all").groupby(["depth", "status"]).size()
    assert dict(statuses) == {(1, "diverged"): 1, (1, "ok"): 1, (1, "failed"): 3, (2, "failed"): 5}
    assert result.copied == 2
    merged(tmp_path / "all", planned, stored(tmp_path / "whole", planned))
    assert set(load_results(tmp_path / "all").status) == {"ok", "diverged"}


def test_the_records_of_failures_that_were_there_stay_until_results_come(tmp_path):
    planned = plan()
    first, second = planned.groups[:2]
    workdir = stored(tmp_path / "all", planned, [], failed=[first, second])
    again = stored(tmp_path / "again", planned, [], failed=[first.part(2, 5), second])
    before = files(workdir)
    merged(workdir, planned, again)
    assert files(workdir) == before
    merged(workdir, planned, again, stored(tmp_path / "better", planned, [first.part(1, 3)]))
    results = load_results(workdir)
    assert results.cell.is_unique
    failed = results[results.status == "failed"]
    assert sorted(zip(failed.depth, failed.seed, strict=True)) == [
        *((1, seed) for seed in (0, 3, 4)),
        *((2, seed) for seed in range(5)),
    ]
    assert (failed.reason == "ValueError: no").all()


def test_the_target_is_no_shard_of_itself(tmp_path):
    planned = plan()
    workdir = stored(tmp_path / "all", planned.shard(0, 2), failed=[planned.groups[1]])
    shard = stored(tmp_path / "shard", planned.shard(1, 2))
    result = merged(workdir, planned, shard, workdir, tmp_path / "shard" / ".." / "all")
    assert (result.copied, result.present, result.missing) == (10, 10, [])
    assert_same(workdir, stored(tmp_path / "whole", planned))


def test_a_shard_of_another_config_is_refused_with_the_difference(tmp_path):
    planned = plan()
    shard = stored(tmp_path / "shard", planned)
    other = stored(tmp_path / "other", plan(width=8))
    with pytest.raises(StoreError) as error:
        merged(tmp_path / "all", planned, shard, other)
    expected = f"shard {other} is of another config (width: [8] there, [4] now)"
    assert str(error.value) == expected
    assert files(tmp_path / "all") == {}


def test_shards_of_different_versions_of_a_function_are_refused(tmp_path):
    planned = plan()

    def version(number):
        digests = {"activation relu": f"{number} by jax 1", "dataset digits": "5"}
        return [dataclasses.replace(group, sources=digests) for group in planned.groups]

    shards = [stored(tmp_path / f"shard{i}", planned, version(i)[i::2]) for i in range(2)]
    own = stored(tmp_path / "own", planned, version(0)[:1])
    for workdir, others in (("all", shards), ("own", shards[1:])):
        with pytest.raises(StoreError, match=r"relu was not the same for .* and .*: run"):
            merged(tmp_path / workdir, planned, *others)
    assert len(files(own)) == 1
    assert files(tmp_path / "all") == {}
    with store.open_workdir(tmp_path / "mixed", planned) as mixed:
        for i in range(2):
            store.write(mixed, version(i)[i], outcome_of(planned.groups[i]))
    with pytest.raises(StoreError, match="activation relu was not the same"):
        load_results(mixed)


@pytest.mark.parametrize("damage", [lambda b: b[:-50], lambda b: b[:200] + b"?" + b[201:]])
def test_a_damaged_file_is_named_before_anything_is_copied(tmp_path, damage):
    planned = plan()
    shard = stored(tmp_path / "shard", planned)
    path = sorted((shard / "groups").iterdir())[2]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match=f"{path} is damaged; run that shard again"):
        merged(tmp_path / "all", planned, shard)
    assert files(tmp_path / "all") == {}


def test_a_file_of_no_group_is_left_alone_and_a_folder_without_a_sweep_refused(tmp_path, caplog):
    planned = plan()
    shard = stored(tmp_path / "shard", planned)
    path = sorted((shard / "groups").iterdir())[0]
    path.rename(path.with_name(path.name.replace("00000", "00007")))
    assert merged(tmp_path / "all", planned, shard).copied == 15
    assert "1 file of no group of this sweep, left alone: 00007-relu" in caplog.text
    with pytest.raises(StoreError, match="holds no sweep"):
        merged(tmp_path / "all", planned, tmp_path / "nowhere")
