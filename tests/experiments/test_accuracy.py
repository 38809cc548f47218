"""The accuracy table, through its own command line."""

import functools
import json
import sys

import pytest

from experiments import accuracy as script

pytestmark = pytest.mark.slow

LIBRARIES = ("acts_jax", "jax.nn")


@pytest.fixture
def main(run_main):
    """The script's own main with a command line: its exit status."""
    return functools.partial(run_main, script, workdir="runs/accuracy", uses=("activation",))


def test_an_exhaustive_run_in_bfloat16(main, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    status = main(
        "--activation=silu", "--dtype=bfloat16", "--exhaustive", f"--workdir={tmp_path}"
    )  # fmt: skip
    assert not status
    record = json.loads((tmp_path / "accuracy_bfloat16.json").read_text())
    assert record["dtype"] == "bfloat16"
    assert "jax" in record["versions"]
    errors = {(e["library"], e["order"]): e for e in record["errors"]}
    normal = 2 * (254 * 128 + 1)  # all finite inputs but the subnormal ones
    assert errors["acts_jax", 0]["inputs"] == normal
    assert errors["acts_jax", 1]["inputs"] == normal - 2  # without 0 and -0
    assert errors["acts_jax", 0]["ulp"] <= 1
    assert errors["acts_jax", 1]["ulp"] <= 1
    assert errors["jax.nn", 1]["ulp"] > 10
    markdown = (tmp_path / "accuracy_bfloat16.md").read_text()
    assert markdown.count("\n") == 3
    assert "| silu | 0." in markdown
    printed = capsys.readouterr().out
    assert "largest error in ULP, bfloat16" in printed
    assert all(len(line) <= 100 for line in printed.splitlines()[:5])


def test_a_function_of_your_own_is_compared_with_itself(main, tmp_path, capsys, monkeypatch):
    (tmp_path / "my_functions.py").write_text(
        "import jax.numpy as jnp\n\ndef wave(x, a=1.0):\n    return a - jnp.exp(-x)\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    spec = "my_functions:wave"
    assert not main(f"--activation={spec}", "--points=4096", f"--workdir={tmp_path}")
    assert f"{spec}: compared with its own float64 evaluation" in capsys.readouterr().out
    (value, slope) = json.loads((tmp_path / "accuracy_float32.json").read_text())["errors"]
    assert value["ulp"] > 1e5
    assert slope["mixed"] < 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activation=sigmoyd"], "did you mean 'sigmoid'"),
        (["--activation=sparsemax"], "sparsemax acts on whole vectors"),
        (["--activation=tanh", "--dtype=float64", "--exhaustive"], "--exhaustive is for"),
        (
            ["--activation=tanh", "--points=0"],
            "flag --points=0: 0 is not an integer in the range",
        ),
    ],
)
def test_bad_input_is_one_line(main, arguments, message, tmp_path, capsys):
    assert main(*arguments, f"--workdir={tmp_path / 'new'}") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()
