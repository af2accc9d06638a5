"""A stranger's text as it may be shown: on a terminal, in a page, beside names that people trust.

Law: what changes how *other* characters are shown (controls, marks of direction, invisible ones) is not shown itself.
Nothing is escaped for a medium: whoever writes HTML escapes it there.
"""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\ufffd"
ELLIPSIS = "…"
# spaces of every kind become one blank: a title of many lines would pass for several
_BLANKS = frozenset({"Zs", "Zl", "Zp"})
_NEWLINES = "\n\r\t\v\f\x85"
# format characters are invisible; the rest is not text at all
_DROPPED = frozenset({"Cf"})
_REPLACED = frozenset({"Cc", "Cs", "Co", "Cn"})
_NO_LINE = _DROPPED | _REPLACED | {"Zl", "Zp"}
_JOINERS = "\u200c\u200d"


def printable(text: str, most: int) -> str:
    """Return the text in NFC, in one line of at most `most` characters."""
    shown = "".join(map(_shown, unicodedata.normalize("NFC", text[: 4 * most])))
    line = " ".join(shown.split())
    return line if len(line) <= most else line[: most - 1] + ELLIPSIS


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if character in _NEWLINES or category in _BLANKS:
        return " "
    if category in _DROPPED:
        return ""
    return REPLACEMENT if category in _REPLACED else character


def is_line(text: str) -> bool:
    """Say whether a text is one line that shows what it holds: no control, no mark of direction, no line break.

    The two joiners that some scripts are written with are part of what it holds.
    """
    return not any(unicodedata.category(one) in _NO_LINE and one not in _JOINERS for one in text)


def is_text(text: str) -> bool:
    """Say whether every line of a text is one (`is_line`); tabs are blanks."""
    return all(is_line(line.replace("\t", " ")) for line in text.replace("\r\n", "\n").split("\n"))
