"""The vanishing gradient on small networks: its numbers against theory."""

import json
import math

import numpy as np
import pytest

from acts_jax.studies import vanishing_gradients as gradients
from experiments import vanishing_gradients as script

TINY = [
    "--config.activation=sigmoid,relu",
    "--config.depth=4",
    "--config.width=64",
    "--config.learning_rate=0.05",
    "--config.epochs=1",
    "--config.seed=0,1",
    "--compilation_cache=",
]


def test_the_factors_are_those_of_theory(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/vanishing_gradients.py", "workdir": str(tmp_path)}
    assert run_main(script, *TINY, f"--data_dir={data_dir}", **defaults) == 0
    saved = json.loads((tmp_path / "vanishing_gradients.json").read_text())
    checks = {check["statement"]: check for check in saved["checks"]}
    assert checks["largest slope of the sigmoid"]["measured"] == 0.25
    assert checks["f′ alone: largest factor in a sigmoid layer"]["holds"]
    # 0.25 per layer is the bound of f' alone, and no constant: it falls with the depth
    (limit,) = [c for name, c in checks.items() if "gradient of the first over" in name]
    assert limit["threshold"] == f"at most {0.25**3:.3g}"
    (kept,) = [c for name, c in checks.items() if name.startswith("relu, critical")]
    assert kept["measured"] == pytest.approx(0, abs=0.3)
    networks = saved["numbers"]["networks"]
    rows = [dict(zip(networks, row, strict=True)) for row in zip(*networks.values(), strict=True)]
    assert len(rows) == 2 * 2 * 2 * 2  # activations, inits, seeds, moments
    start = [row for row in rows if row["moment"] == "at initialisation"]
    gain = {"sigmoid": 1 / math.sqrt(0.29338), "relu": math.sqrt(2)}  # E[f(z)^2]
    for row in start:
        # Random weights of variance v / fan_in multiply an error by sqrt(v), the readout by 1.
        scale = gain[row["activation"]] ** (3 / 4) if row["init"] == "critical" else 1.0
        assert row["weight"] == pytest.approx(scale, rel=0.15)
        if row["activation"] == "sigmoid":
            assert 0.17 < row["slope"] < 0.25
            assert row["ratio"] < 0.1
        else:
            assert row["slope"] == pytest.approx(math.sqrt(0.5), rel=0.15)
    assert len(list(tmp_path.glob("*.png"))) == 4
    assert "Verdict: " in capsys.readouterr().out


def test_the_change_of_weights_is_relative_and_by_layer():
    start = np.ones((1, 2, 3))
    initial = {f"hidden_{i}": {"kernel": start * scale} for i, scale in enumerate((1.0, 5.0), 1)}
    params = {f"hidden_{i}": {"kernel": start * scale} for i, scale in enumerate((1.5, 4.0), 1)}
    assert gradients._change(initial, params, 2) == pytest.approx(np.array([[0.5, 0.2]]))


def test_an_axis_that_is_not_told_apart_is_refused(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/vanishing_gradients.py", "workdir": str(tmp_path)}
    arguments = ["--config.width=32,64", f"--data_dir={data_dir}", "--compilation_cache="]
    assert run_main(script, *arguments, **defaults) == 2
    assert "takes one width, not 32, 64" in capsys.readouterr().err


def test_a_plan_without_what_is_compared_is_refused(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/vanishing_gradients.py", "workdir": str(tmp_path)}
    arguments = ["--config.activation=relu", "--config.depth=2", f"--data_dir={data_dir}"]
    assert run_main(script, *arguments, "--compilation_cache=", **defaults) == 2
    assert "needs activation sigmoid, too" in capsys.readouterr().err
