"""All studies in one run: the page, and what happens to a study that fails."""

import functools

import pytest

from experiments import textbook as script


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
    assert (book / "iterate" / "iterate.json").exists()
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
