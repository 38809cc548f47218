"""The main job, through its own command line."""

import errno
import functools
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import acts_jax
from acts_jax import load_curves, load_results
from experiments import sweep as script

pytestmark = pytest.mark.slow

SMOKE = ["--config=configs/smoke.py", "--config.epochs=2", "--config.depth=1"]
ALONE = ["--refine=0", "--extend=0", "--confirm=0"]


def sweep(*arguments, data_dir):
    """Runs the script in a process of its own: exit status, standard output, standard error."""
    environment = {**os.environ, "TFDS_DATA_DIR": str(data_dir), "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "experiments.sweep", "--compilation_cache=", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def main(run_main):
    """The script's own main with a command line: its exit status."""
    defaults = {"config": "configs/digits.py", "workdir": "runs/sweep"}
    defaults["uses"] = ("margin", "format")
    return functools.partial(run_main, script, "--compilation_cache=", **defaults)


def test_the_smoke_sweep_trains_reports_and_resumes(main, tmp_path, data_dir, capsys, monkeypatch):
    workdir = tmp_path / "a[/b]"  # what Rich would take for a tag
    arguments = [*SMOKE, *ALONE, f"--workdir={workdir}", f"--data_dir={data_dir}"]
    assert main(*arguments) == 0
    printed = capsys.readouterr().out
    assert "18 cells in 3 groups" in printed
    assert f"report: {workdir}" in printed
    results, curves = load_results(workdir), load_curves(workdir)
    assert len(results) == 18
    assert set(results.activation) == {"sigmoid", "relu", "prelu"}
    assert set(results.status) <= {"ok", "diverged"}
    assert {"prelu.slope", "gradient_norm", "validation_accuracy"} <= set(curves.metric)
    best = results[results.activation == "relu"].groupby("learning_rate").test_accuracy.mean().max()
    assert best > 0.5
    page = (workdir / "report.html").read_text()
    assert "relu" in page
    assert len(list((workdir / "figures").glob("*.png"))) >= 4
    for activation in ("sigmoid", "relu", "prelu"):
        assert re.search(rf"^{activation} +1 ", printed, flags=re.MULTILINE)
    assert main(*arguments) == 0
    assert "run 0.0 s" in capsys.readouterr().out
    assert load_results(workdir).equals(results)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert main(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: cannot write to file {workdir}")
    assert error.endswith(": No space left on device\n")
    assert load_results(workdir).equals(results)
    assert main(*arguments) == 0
    assert main(*arguments, "--config.width=5") == 2
    assert "width: [16] there, [5] now" in capsys.readouterr().err


def test_what_is_reported_comes_from_seeds_and_splits_of_its_own(main, tmp_path, data_dir, capsys):
    workdir = tmp_path / "run"
    small = [*SMOKE, "--config.activation=relu,tanh", "--config.seed=0,1", "--format=pdf,svg"]
    arguments = [*small, f"--workdir={workdir}", f"--data_dir={data_dir}", "--confirm=3"]
    assert main(*arguments, "--refine=1", "--extend=0") == 0
    printed = capsys.readouterr().out
    assert "confirmed" in printed and "tuning-1: " in printed and "confirmation: 6 cells" in printed
    (folder,) = workdir.glob("confirmation-*")
    fresh, tuned = load_results(workdir, stage="confirmed"), load_results(workdir)
    (further,) = workdir.glob("tuning-1-*")
    grid, rounds = (len(list(path.glob("groups/*"))) for path in (workdir, further))
    assert grid == rounds == 2
    assert tuned.learning_rate.nunique() > 3
    assert fresh.equals(load_results(folder))
    assert set(fresh.seed) == {2, 3, 4} and set(tuned.seed) == {0, 1}
    assert set(fresh.split_seed) == {1, 2, 3}
    examples = acts_jax.load_examples(workdir)
    means = examples.groupby("cell", observed=True)["score"].mean()
    np.testing.assert_allclose(means[fresh.cell], fresh.test_accuracy, atol=1e-6)
    page = (workdir / "report.html").read_text()
    for name, cells in fresh.groupby("activation", observed=True):
        score = f"{100 * cells.test_accuracy.mean():.1f}%"
        assert re.search(rf"<td>{name}</td>.*?<td>{score}</td>", page)
    assert {p.suffix for p in (workdir / "figures").iterdir()} == {".pdf", ".svg"}
    assert {p.name for p in (workdir / "tables").iterdir()} == {
        "scores.csv", "scores.tex", "comparisons.csv", "comparisons.tex",
    }  # fmt: skip
    before = {p: p.stat().st_mtime_ns for p in workdir.rglob("*.parquet")}
    assert main(*arguments, "--refine=1", "--extend=0") == 0
    assert before == {p: p.stat().st_mtime_ns for p in workdir.rglob("*.parquet")}


def test_an_interrupted_sweep_says_how_to_go_on_and_does(main, tmp_path, data_dir, capsys):
    workdir = tmp_path / "run"
    arguments = [*SMOKE, *ALONE, f"--workdir={workdir}", f"--data_dir={data_dir}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.sweep", "--compilation_cache=", *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(workdir.glob("groups/*.parquet")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    assert error.endswith("interrupted; the same command goes on from here\n")
    assert "Traceback" not in error
    kept = {path: path.stat().st_mtime_ns for path in workdir.glob("groups/*.parquet")}
    assert 1 <= len(kept) < 3
    assert main(*arguments) == 0
    assert len(load_results(workdir)) == 18
    assert kept.items() <= {p: p.stat().st_mtime_ns for p in workdir.glob("groups/*")}.items()


def test_a_dry_run_counts_and_trains_nothing(tmp_path, data_dir):
    status, out, _ = sweep("--dry_run", f"--workdir={tmp_path / 'run'}", data_dir=data_dir)
    assert status == 0
    assert "504 cells in 24 groups (24 compiles), 272,160 steps" in out
    assert "then at most 216 cells to tune learning rates further and 288 cells from 12" in out
    assert not (tmp_path / "run").exists()


def test_a_full_disk_behind_standard_output_is_one_line(data_dir):
    arguments = ["--dry_run", f"--data_dir={data_dir}", "--compilation_cache="]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "experiments.sweep", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "error: cannot write to standard output: No space left on device\n"


def test_help_names_the_flags(data_dir):
    _, out, _ = sweep("--help", data_dir=data_dir)
    for flag in ("config", "workdir", "dry_run", "data_dir", "pack", "compilation_cache"):
        assert f"--{flag}:" in out or f"--[no]{flag}:" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config.activation=rleu"], "did you mean 'relu'"),
        (
            ["--shard=0/2", "--confirm=5"],
            "--confirm has no meaning for a --shard, of which",
        ),
        (["--activation=rleu,tanh"], "did you mean 'relu'"),
        (["--config.activation=relu,gleu"], "or 'gelu'"),
        (["--config.dataset=digit"], "digits"),
        (["--config.optimizer=adm"], "did you mean 'adam'?"),
        (["--config.learning_rat=1"], "did you mean 'learning_rate'?"),
        (["--config.width=-4"], "width must be at least 1 and at most 1,000,000, not -4"),
        (["--config.seed="], "seed has no values"),
        (["--config.batch_size", "5000"], "batch_size 5000 exceeds the 1157 training examples"),
        (["--config=configs/nothing.py"], "no config file 'configs/nothing.py'"),
        (["--workdir=/proc/nowhere"], "cannot write to workdir /proc/nowhere"),
        (["stray"], "unexpected argument 'stray'"),
        (["--format=pgn"], "unknown --format 'pgn'; did you mean 'png'?"),
        (["--margin=0"], "flag --margin=0: 0.0 is not a number in the range [1e-06, 1.0]"),
        (["--confirm=-1"], "--confirm"),
    ],
)
def test_bad_input_is_one_line_before_any_compute(
    main, data_dir, monkeypatch, tmp_path, capsys, arguments, message
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir))
    defaults = [] if any("workdir" in a for a in arguments) else [f"--workdir={tmp_path / 'run'}"]
    assert main(*defaults, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in error
    assert not list(tmp_path.glob("run/groups/*"))
