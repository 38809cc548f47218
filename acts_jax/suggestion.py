"""What an error message says of a name that does not exist."""

import difflib
import re
from collections.abc import Iterable


def suggest(word: str, choices: Iterable[str], most: int = 3) -> str:
    """The end of an error sentence about an unknown name.

    Capitals, spaces, hyphens and underscores make no difference to what is near.

    Args:
        word: What was asked for.
        choices: What there is.
        most: How many near ones to name.

    Returns:
        "; did you mean 'a' or 'b'?" if some are near, else "; choose from a, b, c." while they are
        few, else ".".
    """
    choices = sorted(choices)
    by_letters = {letters(choice): choice for choice in reversed(choices)}
    # one that is much longer is near to none
    wanted = letters(str(word)[: 2 * max(map(len, choices), default=0) + 1])
    same = by_letters.keys() & {wanted}
    near = same or difflib.get_close_matches(wanted, by_letters, n=most, cutoff=0.55)
    if near:
        return f"; did you mean {' or '.join(repr(by_letters[name]) for name in near)}?"
    if 0 < len(choices) <= 60:
        return f"; choose from {', '.join(choices)}."
    return "."


def letters(name: str) -> str:
    """A name as far as its spelling matters: `LeakyReLU`, `leaky-relu` and `leaky_relu` are one."""
    return re.sub(r"[\s_-]", "", name).lower()
