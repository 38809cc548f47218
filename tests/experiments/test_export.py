"""The export's command line: what lies where, and what it says."""

import dataclasses
import functools

import numpy as np
import pandas as pd
import pytest

from acts_jax import load_results
from acts_jax.activations import catalogue
from acts_jax.sweep import grid, store
from acts_jax.sweep.config import make_config
from experiments import export as script

pytestmark = pytest.mark.slow


@pytest.fixture
def main(run_main):
    """The script's own main with a command line: its exit status."""
    return functools.partial(run_main, script, workdir="runs/sweep")


@pytest.fixture
def workdir(tmp_path):
    """A sweep of two groups with three cells each, the second of which is the best."""
    config = make_config(activation="relu,tanh", width=4, seed="0,1,2")
    plan = grid.plan(config, catalogue.get, lambda name: None)
    with store.open_workdir(tmp_path / "run", plan) as workdir:
        for group in plan.groups:
            accuracy = np.array([[0.1, 0.5], [0.1, 0.9], [0.1, 0.7]])
            metrics = {f"{s}_accuracy": accuracy for s in ("validation", "test")}
            metrics |= {f"{s}_loss": 1 - accuracy for s in ("validation", "test")}
            times = np.array([0, 1])
            never, last = np.full(3, -1), np.ones(3, int)
            outcome = store.Outcome(times, times, metrics, never, last, last)
            hits = {"test_hits": np.ones((3, 5), bool)}  # as of record="examples"
            store.write(workdir, group, dataclasses.replace(outcome, examples=hits))
    return workdir


def test_csv_holds_all_cells_or_the_best_ones(main, workdir, tmp_path, capsys):
    assert main(f"--workdir={workdir}") == 0
    assert f"{workdir}/results.csv: 6 rows" in capsys.readouterr().out
    written, results = pd.read_csv(workdir / "results.csv"), load_results(workdir)
    assert list(written) == list(results) and list(written.cell) == list(results.cell)
    assert len(pd.read_csv(workdir / "curves.csv")) == 6 * 4 * 2
    assert main(f"--workdir={workdir}", "--cells=best", f"--out={tmp_path / 'best'}") == 0
    assert list(pd.read_csv(tmp_path / "best" / "results.csv").seed) == [1, 1]
    assert set(pd.read_csv(tmp_path / "best" / "curves.csv").seed) == {1}


def test_tensorboard_gets_the_best_cells_or_all(main, workdir, tmp_path, capsys):
    assert main(f"--workdir={workdir}", "--to=tensorboard") == 0
    folder = workdir / "tensorboard"
    assert f"2 runs; look at them with: tensorboard --logdir={folder}" in capsys.readouterr().out
    assert {run.name for run in folder.iterdir()} == {"relu", "tanh"}
    every = tmp_path / "every"
    assert main(f"--workdir={workdir}", "--to=tensorboard", "--cells=all", f"--out={every}") == 0
    assert len(list(every.glob("relu,seed=*/events.out.tfevents.*"))) == 3
    assert len(load_results(workdir)) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workdir=/proc/nowhere"], "no results in /proc/nowhere"),
        (["--out=/proc/nowhere"], "cannot write to folder /proc/nowhere"),
        (["--to=tensorboard", "--out=/proc/nowhere"], "cannot write to folder /proc/nowhere"),
        (["--config=configs/smoke.py"], "Unknown command line flag 'config'"),
    ],
)
def test_what_cannot_be_done_is_one_line(main, workdir, capsys, arguments, message):
    assert main(f"--workdir={workdir}", *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
