"""Publishing a claim: what the terminal shows, and what the workdir holds."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from rich.console import Console

from acts_jax.cli import publish, terminal
from acts_jax.studies.claims import Claim, at_least, near


@pytest.mark.parametrize(("columns", "width"), [("0", 80), ("60", 60), ("wide", 80)])
def test_a_terminal_has_a_width_whatever_the_environment_says(columns, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal().width == width
    assert terminal(100).width == 100


def test_the_command_is_what_gives_the_same_again_in_the_same_folder(tmp_path):
    (tmp_path / "mine.py").write_text("from acts_jax.cli import command\n\nprint(command())\n")
    arguments = [f"--workdir={tmp_path}/runs/a b", "--config.depth=1,2"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    expected = "'--workdir=runs/a b' --config.depth=1,2"
    for start, said in ((["-m", "mine"], "python -m mine"), (["mine.py"], "mine.py")):
        done = subprocess.run(
            [sys.executable, *start, *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert done.stdout == f"{said} {expected}\n"


@pytest.mark.parametrize("console", [terminal, lambda: Console(width=80)])
def test_publishing_prints_and_saves_everything(console, tmp_path, capsys):
    workdir = tmp_path / "[/b]"
    workdir.mkdir(parents=True)
    table = pd.DataFrame({"who": ["a[/b]", "c"], "how much": [1.23456, math.nan]})
    numbers = {
        "array": np.array([[1.0, math.nan], [math.inf, -math.inf]]),
        "frame": table,
        "flag": np.bool_(True),
        3: (np.float32(0.5), np.int64(2)),
    }
    checks = near("the [/bold] one", "1", 1.0, 1.0, 0.1), at_least("the other", "2", 1.0, 2.0)
    figure = Figure()
    figure.add_subplot().plot([0, 1])
    pictures = {"picture": figure}
    claim = Claim(
        "name", "A [/title]", "A [/text].", checks, "A [/summary].", pictures, numbers, table
    )
    publish(claim, workdir, console(), {"jax": "1"})
    printed = capsys.readouterr().out
    said = "A [/title]", "“A [/text].”", "A [/summary].", "the [/bold] one", "a[/b]", "1.235", "–"
    for text in (*said, str(workdir / "name.json")):
        assert text in printed
    assert "claimed 2; found 1; rule: at least 2" in printed
    assert "Verdict: holds partly" in printed
    assert (workdir / "picture.png").stat().st_size > 1000
    saved = json.loads((workdir / "name.json").read_text())
    assert saved["verdict"] == "holds partly"
    assert [check["verdict"] for check in saved["checks"]] == ["holds", "does not hold here"]
    assert saved["facts"] == {"jax": "1"}
    assert saved["numbers"] == {
        "array": [[1.0, None], ["inf", "-inf"]],
        "frame": {"who": ["a[/b]", "c"], "how much": [1.23456, None]},
        "flag": True,
        "3": [0.5, 2],
    }
