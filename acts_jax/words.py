"""Words of messages: numbers with their nouns, and lists in a sentence."""

from collections.abc import Iterable


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
    return ": ".join([type(error).__name__, *text.splitlines()[:1]])
