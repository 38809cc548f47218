"""The engine's benchmark, through its own command line."""

import functools
import json
import sys

import pytest

from experiments import benchmark_sweep as script

pytestmark = pytest.mark.slow


@pytest.fixture
def main(run_main):
    """The script's own main with a command line: its exit status."""
    return functools.partial(
        run_main, script, workdir="runs/benchmark_sweep", uses=("dataset", "data_dir", "model")
    )


def test_a_tiny_run(main, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # as where it is not installed
    flags = ["--net=6-5-4-3:4", "--population=3", "--steps=4", "--rounds=2", "--matmul=32"]
    assert main(*flags, f"--workdir={tmp_path}") == 0
    record = json.loads((tmp_path / "benchmark_sweep.json").read_text())
    assert {"processor", "cores", "load", "load_after", "versions", "seconds"} <= set(record)
    (comparison,) = record["comparisons"]
    assert comparison["ceiling"] > 0
    assert {t["rival"] for t in comparison["timings"]} == {"acts_jax engine", "jax, step in a loop"}
    for timing in comparison["timings"]:
        assert timing["loss_error"] <= 0.02
        assert 0 < timing["share"] <= 1.5
        assert timing["microseconds"] > 0
        assert timing["share"] == pytest.approx(timing["gflops"] / comparison["ceiling"])
        assert min(timing["cold"], timing["warm"]) >= 0
    assert set(comparison["missing"]) == {
        "torch eager, 1 process", "torch eager, 1 per core", "torch.func.vmap"
    }  # fmt: skip
    printed = " ".join(capsys.readouterr().out.split())
    assert "PyTorch is not installed: pip install acts_jax[bench]" in printed
    assert all(name in printed for name in comparison["missing"])
    assert "load" in printed


@pytest.mark.parametrize(
    ("argument", "message"),
    [("--net=6-5", "nets are written as"), ("--function=relo", "did you mean 'relu'")],
)
def test_bad_input_is_one_line(main, argument, message, tmp_path, capsys):
    assert main(argument, f"--workdir={tmp_path / 'new'}") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()
