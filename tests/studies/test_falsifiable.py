"""Every check of every study can fail: made-up data show it, and none may be added without.

Each `test_NAME.py` has a function `wrong() -> checks`, of measurements that contradict the text.
"""

import ast
import importlib
import sys
from pathlib import Path

import pytest

from acts_jax import studies
from acts_jax.studies import claims, textbook

RULES = ("near", "at_most", "at_least")


def calls(name, functions):
    """The calls of some functions in the files of a study: (file, first line, last line)."""
    path = Path(studies.__file__).parent / name
    files = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    return [
        (str(file), node.lineno, node.end_lineno)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in functions
    ]


@pytest.fixture
def failures(monkeypatch):
    """Where in the source a check has been asked for that failed: (file, line), as they come."""
    found, judge = set(), claims._judged

    def judged(*args, **options):
        check, asked = judge(*args, **options), sys._getframe(2)
        if check.holds is False:
            found.add((asked.f_code.co_filename, asked.f_lineno))
        return check

    monkeypatch.setattr(claims, "_judged", judged)
    return found


@pytest.mark.parametrize("name", [*textbook.STUDIES, "uva_tutorial3"])
def test_every_check_has_made_up_data_in_which_it_fails(name, failures):
    checks = importlib.import_module(f"tests.studies.test_{name}").wrong()
    assert {check.holds for check in checks} == {False}
    never = [
        f"{file}:{first}"
        for file, first, last in calls(name, RULES)
        if not any(path == file and first <= line <= last for path, line in failures)
    ]
    assert never == []
    assert calls(name, ["Check"]) == []  # made by the rules alone, which say when they fail
    assert all(check.fails_if for check in checks)


def test_a_check_that_never_fails_is_noticed(failures):
    here = sys._getframe().f_lineno
    claims.at_most("one that holds", "1", 1.0, 1.0)
    claims.at_most("one that fails", "1", 1.5, 1.0)
    assert failures == {(__file__, here + 2)}
