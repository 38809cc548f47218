"""What an error message says of a name that does not exist."""

import difflib
from collections.abc import Iterable


def suggest(word: str, choices: Iterable[str], most: int = 3) -> str:
    """The end of an error sentence about an unknown name.

    Args:
        word: What was asked for.
        choices: What there is.
        most: How many near ones to name.

    Returns:
        "; did you mean 'a' or 'b'?" if some are near, else "; choose from a, b, c." while they are
        few, else ".".
    """
    choices = sorted(choices)
    short = str(word)[: 2 * max(map(len, choices), default=0) + 1]  # a longer one is near to none
    near = difflib.get_close_matches(short, choices, n=most, cutoff=0.5)
    if near:
        return f"; did you mean {' or '.join(map(repr, near))}?"
    if 0 < len(choices) <= 60:
        return f"; choose from {', '.join(choices)}."
    return "."
