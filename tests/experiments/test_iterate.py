"""Iterates, through their own command line, with the known numbers."""

import json

import pytest

from experiments import iterate as script


def test_relu_sigmoid_and_tanh(run_main, tmp_path, capsys):
    arguments = ["--activation=relu,sigmoid,tanh,erf", "--times=400", f"--workdir={tmp_path}"]
    assert run_main(script, *arguments, workdir="runs/iterate") == 0
    assert "Verdict: holds partly" in capsys.readouterr().out
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".json"}
    record = json.loads((tmp_path / "iterate.json").read_text())
    verdicts = {check["statement"]: check["verdict"] for check in record["checks"]}
    relu, numbers = next(iter(verdicts)), record["numbers"]
    assert relu.startswith("relu applied 2 to 400 times is relu")
    assert verdicts[relu] == "holds"
    steep = {n: f"{n}, 400 times: steepest slope on a grid from −6 to 6" for n in numbers}
    assert verdicts[steep["sigmoid"]] == "holds"
    assert verdicts[steep["tanh"]] == verdicts[steep["erf"]] == "does not hold here"
    exception = "tanh's slope at 0 after 400 applications: an exception"
    assert verdicts[exception] == "holds"
    theorems = {check["statement"] for check in record["checks"] if check["theorem"]}
    assert {relu, exception, "its slope there"} < theorems
    assert not theorems & set(steep.values())
    sigmoid, tanh = numbers["sigmoid"], numbers["tanh"]
    assert sigmoid["fixed_point"] == pytest.approx([0.6590461, 0.2247043], abs=5e-8)
    known = [0.25, 0.05875, 0.01335, 0.003008, 0.000676]
    assert sigmoid["slope_at_0"][1:6] == pytest.approx(known, rel=1e-3)
    known = [0.07065, 0.03133, 0.01878, 0.01289, 0.00957]
    assert tanh["slope_at_2"][1:6] == pytest.approx(known, abs=5e-6)
    assert set(tanh["slope_at_0"]) == {1.0}
    assert tanh["exponent"] == pytest.approx(1.5, abs=0.02)
    assert numbers["erf"]["slope_at_0"][1] == pytest.approx(1.1283792)
    assert numbers["relu"]["fixed_point"] == [None, None]
