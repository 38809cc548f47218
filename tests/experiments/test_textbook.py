"""All studies in one run: the page, and what happens to a study that fails."""

import functools
import html
import json
import shlex
import sys
from pathlib import Path

import pytest

from experiments import textbook as script

pytestmark = pytest.mark.slow


@pytest.fixture
def main(run_main, tmp_path):
    defaults = {"config": "configs", "workdir": str(tmp_path / "book")}
    return functools.partial(run_main, script, "--compilation_cache=", **defaults)


def test_a_study_that_fails_is_shown_and_the_others_are_told(main, tmp_path, data_dir, capsys):
    # No plan of vanishing_gradients goes without sigmoid; iterate has no config.
    arguments = ["--config.activation=relu", "--config.depth=1", f"--data_dir={data_dir}"]
    assert main("--studies=vanishing_gradients,iterate", *arguments) == 1
    book = tmp_path / "book"
    page = (book / "textbook.html").read_text()
    assert "1 ended with an error" in page
    assert "needs activation sigmoid, too" in page
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    assert f"<dt>command</dt><dd>{html.escape(command)}</dd>" in page
    facts = json.loads((book / "iterate" / "iterate.json").read_text())["facts"]
    assert facts["command"] == command
    assert float(facts["seconds"]) > 0
    assert "config" not in facts
    assert "iterate: holds partly" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--studies=itrate", "unknown study 'itrate'; did you mean 'iterate'?"),
        ("--dry_run", "no --dry_run"),
    ],
)
def test_bad_input_is_one_line(main, tmp_path, capsys, argument, message):
    assert main(argument) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "book").exists()
