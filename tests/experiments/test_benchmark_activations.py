"""The speed table, through its own command line; how fast anything is, is not tested."""

import functools
import json

import pytest

from experiments import benchmark_activations as script

pytestmark = pytest.mark.slow


@pytest.fixture
def main(run_main):
    """The script's own main with a command line: its exit status."""
    return functools.partial(run_main, script, workdir="runs/benchmark", uses=("activation",))


def test_a_tiny_run(main, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert not main(
        "--activation=tanh,sbaf", "--size=256", "--repeats=2", f"--workdir={tmp_path}"
    )  # fmt: skip
    record = json.loads((tmp_path / "benchmark.json").read_text())
    assert (record["size"], record["repeats"]) == (256, 2)
    assert {"processor", "cores", "load", "versions"} <= set(record)
    timed = {(t["activation"], t["library"], t["kind"]) for t in record["timings"]}
    ours = {(name, "acts_jax", kind) for name in ("tanh", "sbaf") for kind in ("f", "f'", "both")}
    assert ours <= timed
    assert ("tanh", "jax.nn", "both") in timed
    assert not any(name == "sbaf" and library != "acts_jax" for name, library, _ in timed)
    printed = capsys.readouterr().out
    assert printed.index("sbaf ") < printed.index("tanh ")
    assert "load" in printed
    assert "jax 0." in printed
    assert all(len(line) <= 100 for line in printed.splitlines()[:5])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activation=sigmoyd"], "did you mean 'sigmoid'"),
        (["--activation=softmax"], "softmax acts on whole vectors"),
        (["--size=0"], "flag --size=0: 0 is not an integer in the range [1, 1073741824]"),
    ],
)
def test_bad_input_is_one_line(main, arguments, message, tmp_path, capsys):
    assert main(*arguments, f"--workdir={tmp_path / 'new'}") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()
