"""Words of messages: numbers with their nouns, lists in a sentence, values and errors."""

import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

QUOTED = 60  # characters of a value in a message, at most
MOST_SAID = 300  # characters of what an error from outside says


def count(number: int, noun: str) -> str:
    """`1 cell`, `2,000 cells`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def join(names: Iterable[str]) -> str:
    """The names as a list in a sentence: "a, b and c"."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def said_by(error: BaseException) -> str:
    """`ValueError: the first line`; the class alone of an error that has no text."""
    try:
        text = str(error)
    except Exception:  # the __str__ of a user's own class
        text = ""
    first = text.splitlines()[:1]
    return ": ".join([type(error).__name__, *(line[:MOST_SAID] for line in first)])


def shown(value: Any) -> str:
    """A value as a message quotes it: its repr, without the middle of a long one."""
    try:
        return shortened(repr(value))
    except Exception:  # of a user's own class, or of an integer of thousands of digits
        return f"a value of type {type(value).__name__}"


def shortened(text: str) -> str:
    """A text of at most `QUOTED` characters: the ends of a longer one."""
    half = QUOTED // 2
    return text if len(text) <= QUOTED else f"{text[: half - 1]}…{text[-half:]}"


def raised_by(error: BaseException) -> str:
    """`ValueError: the first line (mine.py, line 3)`: what a file of a user's raised, and where."""
    said = said_by(error)
    if isinstance(error, SyntaxError):  # which says itself where
        return said
    package, frames = Path(__file__).parent, traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if package not in Path(frame.filename).parents]
    where = (f" ({Path(frame.filename).name}, line {frame.lineno})" for frame in theirs[-1:])
    return said + "".join(where)
