"""How many columns a SELECT gives, read off its text: enough to see that an application is given too few.

Law: what cannot be told from the text (a star, a comment, no FROM) is nobody's fault and None; its provider's engine
reads the statement as it is.
"""

from __future__ import annotations

import re
from typing import Final

# a text, a name in quotes, a word, or one other sign; what is in quotes holds neither commas nor FROM
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|\S")
_COMMENTS: Final = ("--", "/*")
_OPENS, _CLOSES = "([{", ")]}"


def selected(statement: str) -> int | None:
    """Return how many columns the SELECT of a statement gives, None where its text does not say it."""
    if any(one in statement for one in _COMMENTS):
        return None
    words, depth, columns, before = _TOKEN.findall(statement), 0, 1, ""
    if not words or words[0].lower() != "select" or "*" in words[1:2]:
        return None
    for word in words[1:]:
        lower = word.lower()
        if word in _OPENS:
            depth += 1
        elif word in _CLOSES:
            depth -= 1
        elif depth == 0 and word == ",":
            columns += 1
        elif depth == 0 and lower == "from" and before != "distinct":
            return columns
        before = lower
    return None
