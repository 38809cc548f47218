"""The sigmoid family, through its own command line, with the known numbers."""

import json
import math

import pytest

from experiments import sigmoid_family as script


def test_shapes_and_training(run_main, tmp_path, data_dir):
    prefix = "acts_jax.theory.scaled_sigmoids"
    status = run_main(
        script,
        f"--activation=tanh,softsign,{prefix}:logistic",
        "--config.learning_rate=0.1",
        "--config.seed=0,1",
        "--config.epochs=3",
        "--config.depth=1",
        "--config.width=16",
        f"--workdir={tmp_path}",
        f"--data_dir={data_dir}",
        config="configs/sigmoid_family.py",
        workdir="runs/sigmoid_family",
    )
    assert status == 0
    assert (tmp_path / "sigmoid_family.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "sigmoid_family.json").read_text())
    checks = {check["statement"]: check for check in record["checks"]}
    assert checks["the largest slope of tanh"]["measured"] == pytest.approx(1)
    assert checks["tanh' > 0.25 up to |x| ="]["measured"] == pytest.approx(1.3169579, abs=5e-8)
    assert checks["tanh' at 1.31 is above 0.25"]["measured"] == pytest.approx(0.2530, abs=1e-4)
    assert checks["2 sigmoid(2x) - 1 is tanh: largest difference"]["measured"] < 1e-12
    shapes = record["numbers"]["shapes"]
    assert sorted(shapes["activation"]) == ["logistic", "softsign", "tanh"]
    left = dict(zip(shapes["activation"], shapes["1 − f(4)"], strict=True))
    tail = 2 / (1 + math.exp(8))
    assert left == pytest.approx({"tanh": tail, "logistic": tail, "softsign": 0.2})
    (trained,) = [check for check in record["checks"] if not check["theorem"]]
    assert trained["statement"].startswith("softsign trains as tanh does")
    assert trained["claimed"] == "– (not claimed)"
    # the same function, so the same network but for rounding
    tanh, logistic = (record["numbers"]["scores"][name] for name in ("tanh", "logistic"))
    assert tanh == pytest.approx(logistic, abs=0.007)  # two of 320 examples
    assert min(tanh) > 0.5
