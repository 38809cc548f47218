"""Shards and the merge, through the command line: together they are the whole sweep."""

import functools

import numpy as np
import pytest

from acts_jax import load_curves, load_results
from acts_jax.activations import catalogue
from acts_jax.sweep import grid, store
from acts_jax.sweep.config import make_config
from experiments import merge as script
from experiments import sweep

pytestmark = pytest.mark.slow

CONFIG = {"activation": "relu,tanh,prelu", "depth": 1, "seed": "0,1", "learning_rate": "0.1,10"}


@pytest.fixture
def main(run_main):
    """The script's own main with a command line: its exit status."""
    return functools.partial(run_main, script, workdir="runs/all")


def planned(**fields):
    return grid.plan(make_config(**CONFIG | fields), catalogue.get, lambda name: None)


def outcome_of(group):
    """What training would give, of each group something else."""
    values = np.arange(2.0 * group.size).reshape(-1, 2) + float(group.key[:5])
    never, last = np.full(group.size, -1), np.ones(group.size, int)
    return store.Outcome(np.arange(2), np.arange(2), {"validation_loss": values}, never, last, last)


def test_shards_trained_apart_and_merged_are_the_whole(main, tmp_path, capsys):
    plan = planned()
    shares = {"whole": plan, "shard0": plan.shard(0, 2), "shard1": plan.shard(1, 2)}
    assert [len(share.groups) for share in shares.values()] == [3, 2, 1]
    for name, share in shares.items():
        with store.open_workdir(tmp_path / name, share) as workdir:
            for group in share.groups:
                store.write(workdir, group, outcome_of(group))
    everything = tmp_path / "all"
    assert main(f"--from={tmp_path / 'shard0'}", f"--workdir={everything}") == 0
    printed = capsys.readouterr().out
    assert "8 of 12 cells; 8 copied" in printed
    assert "missing: tanh at depth 1 (4 cells)" in printed
    assert "trains the 4 missing cells" in printed
    assert main(f"--from={tmp_path}/[as]*", f"--workdir={everything}") == 0  # itself, too
    printed = capsys.readouterr().out
    assert "12 of 12 cells; 4 copied" in printed
    assert "missing" not in printed
    assert load_results(everything).equals(load_results(tmp_path / "whole"))
    assert load_curves(everything).equals(load_curves(tmp_path / "whole"))


def test_joining_needs_no_dataset(main, tmp_path, capsys):
    plan = planned(dataset="of_another_machine")
    with store.open_workdir(tmp_path / "shard", plan) as workdir:
        for group in plan.groups:
            store.write_failure(workdir, group, store.Failure("OSError: lost", ""))
    assert main(f"--from={tmp_path / 'shard'}", f"--workdir={tmp_path / 'all'}") == 0
    assert "0 of 12 cells; 0 copied" in capsys.readouterr().out
    assert set(load_results(tmp_path / "all").reason) == {"OSError: lost"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[]", "config.json is damaged; delete it"),
        ("[" * 10**6, "config.json is damaged; delete it"),
        ('{"a.b": 1}', "unknown config field 'a.b'"),
        ('{"items": [1]}', "unknown config field 'items'"),
        ('{"seed": {"a": [1]}}', "seed takes"),
        ('{"activation": [["relu"], 3]}', "activation takes names"),
        ('{"relu": [1]}', "relu takes its parameters by name"),
    ],
)
def test_a_shard_with_a_config_that_is_none_is_one_line(main, tmp_path, capsys, config, message):
    with store.open_workdir(tmp_path / "shard", planned()):
        pass
    (tmp_path / "shard" / "config.json").write_text(config)
    assert main(f"--from={tmp_path / 'shard'}", f"--workdir={tmp_path / 'all'}") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("shard", "message"),
    [
        ("0/3", "6 cells in 1 group (1 compile)"),
        ("1/2", "6 cells in 1 group (1 compile)"),
        ("3/3", "--shard takes i/n with i from 0 to n-1, not '3/3'"),
        ("1", "--shard takes i/n with i from 0 to n-1, not '1'"),
        ("3/9", "--shard=3/9 is empty: there are 3 groups to share"),
    ],
)
def test_the_shard_of_the_command_line(run_main, data_dir, capsys, shard, message):
    status = run_main(
        sweep,
        "--config=configs/smoke.py",
        "--config.depth=1",
        "--dry_run",
        "--compilation_cache=",
        f"--data_dir={data_dir}",
        f"--shard={shard}",
        config="configs/digits.py",
        workdir="runs/sweep",
        uses=("margin", "format"),
    )
    printed = capsys.readouterr()
    assert status == (2 if message.startswith("--") else 0)
    assert message in (printed.err if status else printed.out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give the shards to join: --from=runs/shard0,runs/shard1"),
        (["--from=/proc/nowhere"], "/proc/nowhere holds no sweep"),
        (["--from=/proc/nowhere", "--shard=0/2"], "Unknown command line flag 'shard'"),
    ],
)
def test_what_cannot_be_joined_is_one_line(main, tmp_path, capsys, arguments, message):
    assert main(f"--workdir={tmp_path / 'all'}", *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
