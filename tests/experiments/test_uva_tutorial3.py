"""The published study, through its own command line, on digits and a tiny network."""

import functools
import json

import numpy as np
import pytest

from acts_jax import load_curves, load_results
from experiments import uva_tutorial3 as script


@pytest.fixture
def main(run_main, tmp_path, data_dir):
    """The script's main with a command line: its exit status."""
    defaults = {"config": "configs/uva_tutorial3.py", "workdir": "runs/uva_tutorial3"}
    return functools.partial(
        run_main, script, f"--data_dir={data_dir}", f"--workdir={tmp_path}", **defaults
    )


def test_numbers_are_those_of_the_sweeps_at_each_networks_best_epoch(main, tmp_path, capsys):
    tiny = ["--dataset=digits", "--config.hidden_sizes=16-8", "--deep=8-6-4-4"]
    tiny += ["--config.epochs=4", "--config.evals=4", "--config.patience=1", "--config.seed=0,1"]
    tiny += ["--config.learning_rate=0.3", "--config.batch_size=64"]
    assert main(*tiny) == 0
    assert "Verdict" in capsys.readouterr().out
    assert (tmp_path / "uva_tutorial3.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "uva_tutorial3.json").read_text())
    wide, deep = (load_results(tmp_path / folder) for folder in ("wide", "deep"))
    assert set(deep.activation) == {"relu"}
    assert set(deep.hidden_sizes) == {"8-6-4-4"}
    numbers = record["numbers"]
    for name, accuracy in wide.groupby("activation").test_accuracy:
        np.testing.assert_allclose(numbers["test_accuracy"][name], accuracy)
        epochs = dict(zip(numbers["epochs"]["activation"], numbers["epochs"]["best"], strict=True))
        assert epochs[name] == wide.epoch[wide.activation == name].mean()
    curves = load_curves(tmp_path / "deep", ["dead_fraction"])
    best = curves[curves.epoch == curves.cell.astype(str).map(deep.set_index("cell").epoch)]
    shares = best.pivot(index="seed", columns="layer", values="value").to_numpy()
    found = numbers["dead_units"]["after, 8-6-4-4"]
    counts = np.transpose([found[str(layer)] for layer in (1, 2, 3, 4)])
    np.testing.assert_allclose(counts, shares * [8, 6, 4, 4], atol=1e-6)
    norms = load_curves(tmp_path / "wide", ["gradient_norm"])
    norms = norms[(norms.epoch == 0) & (norms.activation == "tanh") & (norms.seed == 1)]
    rms = numbers["gradient_rms_at_initialisation"]
    mine = [v for v, seed in zip(rms["tanh"], rms["seed"], strict=True) if seed == 1]
    np.testing.assert_allclose(
        mine, norms.sort_values("layer")["value"] / np.sqrt([65 * 16, 17 * 8, 9 * 10])
    )


def test_another_set_of_activations_is_refused(main, capsys):
    assert main("--activation=relu,tanh", "--dataset=digits") == 2
    assert "compares the activations sigmoid and tanh and relu" in capsys.readouterr().err
