"""A verdict through its own command line: once, and told at the start where there can be none."""

import functools
import json

import pytest

from acts_jax import load_results
from acts_jax.analysis.verdicts import EQUIVALENT, UNDECIDED, WORSE
from experiments import verdict as script

pytestmark = pytest.mark.slow

OWN = """
import jax.numpy as jnp

def mine(x):
    return jnp.maximum(x, 0.0)

def constant(x):
    return 1.0 + 0.0 * x

def root(x):
    return jnp.sqrt(x)

def total(x):
    return x.sum(axis=-1)

def branch(x):
    return x if x > 0 else 0 * x

def broken(x):
    raise KeyError("no")
"""
SMALL = [
    "--config.depth=1",
    "--config.width=16",
    "--config.epochs=6",
    "--config.evals=1",
    "--config.learning_rate=0.03,0.1,0.3",
]


@pytest.fixture
def main(run_main, tmp_path, data_dir, monkeypatch):
    """The script's own main with a command line: its exit status."""
    (tmp_path / "users_verdict.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    defaults = {"config": "configs/verdict.py", "workdir": "runs/verdict"}
    defaults["uses"] = ("margin", "format")
    arguments = "--compilation_cache=", f"--data_dir={data_dir}", *SMALL
    return functools.partial(run_main, script, *arguments, **defaults)


def test_a_verdict_is_told_and_not_told_again(main, tmp_path, capsys):
    workdir = tmp_path / "run"
    asked = ["--activation=users_verdict:mine", "--against=relu", f"--workdir={workdir}"]
    assert main(*asked, "--budget=0.5") == 0
    printed = capsys.readouterr().out
    assert f"users_verdict:mine is {EQUIVALENT} to relu." in printed
    assert "Tested once, on" in printed and "1 rival of users_verdict:mine at depth 1" in printed
    page = (workdir / "verdict.html").read_text()
    assert f"<td>relu</td><td>{EQUIVALENT}</td><td>0.0</td>" in page
    assert "1.0" in page and "Methods" in page and page.count("<svg") == 2
    seeds = json.loads((workdir / "confirmation.json").read_text())["seeds"]
    assert len(list(workdir.glob("confirmation-*"))) == 1
    before = {p: p.stat().st_mtime_ns for p in workdir.rglob("*.parquet")}
    # A larger budget is no reason to look again.
    assert main(*asked, "--budget=50") == 0
    assert before == {p: p.stat().st_mtime_ns for p in workdir.rglob("*.parquet")}
    assert f"on {seeds} fresh seeds" in capsys.readouterr().out.replace("\n", " ")


def test_a_function_that_cannot_learn_is_worse(main, tmp_path, capsys):
    asked = ["--activation=users_verdict:constant", "--against=relu,tanh", "--margin=0.02"]
    assert main(*asked, "--budget=0.3", f"--workdir={tmp_path / 'run'}") == 0
    printed = capsys.readouterr().out.replace("\n", " ")
    assert "users_verdict:constant is worse than relu and tanh." in printed
    assert EQUIVALENT not in printed.split("Tested once")[0] and UNDECIDED not in printed[:300]
    assert WORSE in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activation=users_verdict:root"], "'users_verdict:root' is NaN at x = -10"),
        (["--activation=users_verdict:total"], "must map a float32 array to one of the same shape"),
        (["--activation=users_verdict:branch"], "cannot be traced by jax"),
        (["--activation=users_verdict:broken"], "cannot be traced by jax: KeyError: 'no'"),
        (["--activation=users_verdict:mien"], "did you mean 'mine'"),
        (["--activation=relu"], "relu cannot be its own rival; leave it out of --against"),
        (["--activation=mish", "--against=rleu"], "did you mean 'relu'"),
        (["--activation=mish,elu"], "a verdict is on one activation"),
        ([], "a verdict is on one activation"),
        (["--activation=mish", "--dataset=digits,wine"], "on one dataset, not 2: digits and wine"),
        (["--activation=mish", "--shard=0/2"], "it takes no --shard"),
        (
            ["--activation=swish", "--learn=slope", "--against=prelu"],
            "unknown learn 'slope'",
        ),
        (
            ["--activation=swish", "--config.swish.beta=0.5,1"],
            "a verdict tunes all activations alike: give swish.beta one value, or let it be",
        ),
        (["--activation=swish", "--against="], "a verdict needs a rival; name some, such as"),
    ],
)
def test_bad_input_is_one_line_at_the_start(main, tmp_path, capsys, arguments, message):
    workdir = tmp_path / "run"
    assert main(*arguments, f"--workdir={workdir}") == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("error: ") and error.count("\n") == 1
    assert not workdir.exists()


def test_a_parameter_may_be_learned_by_its_name(main, tmp_path, capsys):
    workdir = tmp_path / "run"
    asked = ["--activation=swish", "--against=relu,softplus", "--learn=beta", "--budget=0.1"]
    asked += ["--config.swish.beta=2", "--config.learning_rate=0.1", f"--workdir={workdir}"]
    assert main(*asked) == 0
    printed = capsys.readouterr().out.replace("\n", " ")
    assert "beta was learned: from 2 to " in printed
    assert "All were trained at the learning rate 0.1, and nothing was tuned" in printed
    assert "beta = 2" in (workdir / "verdict.html").read_text()
    learned = load_results(workdir).groupby("activation", observed=True)["learn"].unique()
    assert {name: list(values) for name, values in learned.items()} == {
        "relu": ["none"],
        "softplus": ["none"],
        "swish": ["beta"],
    }
    assert main(*asked, "--margin=0.01") == 2
    assert "the margin was 0.005 when the confirmation began" in capsys.readouterr().err
