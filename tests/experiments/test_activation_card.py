"""The cards, through their own command line."""

import functools

import jax.numpy as jnp
import pytest

from experiments import activation_card as script

pytestmark = pytest.mark.slow


@pytest.fixture
def main(run_main):
    """The script's own main with a command line: its exit status."""
    return functools.partial(run_main, script, workdir="runs/cards", uses=("activation",))


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


def test_one_card(main, tmp_path, capsys):
    arguments = ["--activation=prelu", "--parameters=slope=0.1", f"--workdir={tmp_path}"]
    assert main(*arguments, "--accuracy_inputs=0") == 0
    printed = capsys.readouterr().out
    assert "slope = 0.1 (default 0.25)" in printed
    assert "x ≥ 0 (each stays where it is)" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["prelu.png"]


def test_a_parameter_that_is_called_as_an_option_of_the_card(main, tmp_path, capsys):
    arguments = ["--activation=hard_shrink", "--parameters=threshold=1.3"]
    assert main(*arguments, f"--workdir={tmp_path}", "--accuracy_inputs=0") == 0
    printed = capsys.readouterr().out
    assert "threshold = 1.3 (default 0.5)" in printed
    assert "f jumps at ±1.3" in printed


def test_several_cards_make_a_gallery(main, tmp_path, capsys):
    spec = "tests.experiments.test_activation_card:cubic"
    requested = f"--activation=relu,linear,softmax,relu,{spec}"
    assert main(requested, f"--workdir={tmp_path / 'new'}", "--accuracy_inputs=64") == 0
    printed = capsys.readouterr().out
    assert printed.count("max(x, 0)") == 1
    assert "accuracy" in printed
    names = {path.name for path in (tmp_path / "new").iterdir()}
    own = "tests.experiments.test_activation_card_cubic.png"
    assert names == {"relu.png", "identity.png", "softmax.png", own, "gallery.html"}


def cubic(x, scale=1.0):
    return scale * x**3


def undefined(x):
    return jnp.log(x)


def centered(x):
    return x - jnp.mean(x)


OWN = "--activation=tests.experiments.test_activation_card:"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([f"{OWN}undefined", "--accuracy_inputs=0"], "f is NaN around x = -"),
        ([f"{OWN}centered"], "is not elementwise"),
        ([f"{OWN}cubed"], "did you mean 'cubic'"),
        (["--activation=rleu"], "did you mean 'relu'"),
        (["--activation=relu,tests.nothing:f"], "no module"),
        (["--activation=elu", "--parameters=alfa=1"], "did you mean 'alpha'?"),
        (["--activation=elu", "--parameters=alpha"], "--parameters takes NAME=NUMBER, not 'alpha'"),
        (["--activation=elu", "--parameters=alpha=x"], "alpha takes numbers, not 'x'"),
        (["--activation=sbaf", "--parameters=alpha=2"], "sbaf: alpha must be in [0, 1], got 2.0"),
        (["--activation=relu", "--workdir=/proc/nowhere"], "cannot write to workdir"),
        (["--activation=relu", "--pack=3"], "Unknown command line flag 'pack'"),
        (["relu"], "unexpected argument 'relu'"),
    ],
)
def test_mistakes_are_one_line(main, tmp_path, capsys, arguments, message):
    given = any("workdir" in argument for argument in arguments)
    assert main(*arguments, *([] if given else [f"--workdir={tmp_path}"])) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
