"""Wording: values are quoted in few characters, errors in one line."""

import pytest

from acts_jax.words import QUOTED, raised_by, said_by, shortened, shown


class Untold:
    """Its own text cannot be had."""

    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("relu", "'relu'"),
        (0.1, "0.1"),
        ("a\nb", r"'a\nb'"),
        ("\x1b[31m", r"'\x1b[31m'"),
    ],
)
def test_values_are_quoted_as_they_are(value, expected):
    assert shown(value) == expected


def test_what_cannot_be_written_is_called_by_its_type():
    assert shown(10**5000) == "a value of type int"
    assert shown(Untold()) == "a value of type Untold"


@pytest.mark.parametrize("value", ["x" * 61, "9" * 10**6, ["a"] * 100, b"x" * 99])
def test_of_long_values_both_ends_are_quoted(value):
    text = repr(value)
    assert len(shown(value)) == QUOTED
    assert shown(value)[:25] == text[:25] and shown(value)[-25:] == text[-25:]
    assert shortened(shown(value)) == shown(value)


def test_what_was_raised_is_one_line_and_where_is_said():
    try:
        exec(compile("raise KeyError('no\\nsuch')", "/their/mine.py", "exec"))
    except KeyError as error:
        assert raised_by(error) == r"KeyError: 'no\nsuch' (mine.py, line 1)"
    assert said_by(ValueError("x" * 10_000)) == "ValueError: " + "x" * 300
