"""A stranger's words in Markdown of ours: none of their marks counts outside of a quotation."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from catalog.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LINE_CHARACTERS = 500
TEXT_CHARACTERS = 10_000  # of a description or a licence, whose whole text is in the listing
# what ends a line of Markdown, and what is not seen in one
_LINES = re.compile(r"\r\n|\r|\n")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# of what was written by strangers, marks that Markdown counts within a line
_MARKS = re.compile(r"([\\`*_\[\]<>|~#!&$])")


def line(text: object, most: int = LINE_CHARACTERS) -> str:
    """Return a stranger's words as one line in which no mark of Markdown counts, cut at `most` characters."""
    return _MARKS.sub(r"\\\1", printable(str(text), most))


def quoted(text: str) -> Iterator[str]:
    """Yield a stranger's text as a quotation, in which its own marks count; each line that a reader sees is in it."""
    shown = text if len(text) <= TEXT_CHARACTERS else text[:TEXT_CHARACTERS] + " …"
    for each in _LINES.split(shown):
        yield "> " + "".join(one for one in each if one == "\t" or unicodedata.category(one) not in _UNSEEN)


def cells(told: Sequence[str]) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(told) + " |"
