"""Names that people take for one another, though their characters differ: the skeleton of a name, for the reviewer.

Two names with one skeleton look alike. The table has the letters that are drawn like another in common type: Cyrillic
and Greek beside Latin, digits beside letters, full width beside half. It finds the usual trick, not every one, so a
finding is a flag for a person and no refusal.
"""

# ruff: noqa: RUF001 (these characters are what the table is about)

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# drawn like → the characters that are
_DRAWN_LIKE: Mapping[str, str] = {
    "a": "аαɑ@",
    "b": "ьЬвβ",
    "c": "сϲ",
    "d": "ԁɗ",
    "e": "еёєε",
    "g": "ɡց",
    "h": "һн",
    "i": "іїι1lı|!",
    "j": "јϳ",
    "k": "кκ",
    "m": "мμ",
    "n": "пη",
    "o": "оο0օσ",
    "p": "рρ",
    "q": "ԛ",
    "r": "гѓ",
    "s": "ѕ5$",
    "t": "тτ",
    "u": "υսц",
    "v": "ѵν",
    "w": "ԝωшщ",
    "x": "хχ",
    "y": "уүγ",
    "z": "ᴢ",
    "日": "曰",
    "己": "已巳",
    "未": "末",
    "土": "士",
    "人": "入",
}
_SKELETON = {ord(one): like for like, drawn in _DRAWN_LIKE.items() for one in drawn}
# two letters that together look like one
_JOINED = (("rn", "m"), ("vv", "w"), ("ci", "a"))
NAME_CHARACTERS_MAX = 256


def skeleton(name: str) -> str:
    """Return what a name looks like: without marks, case, spacing, and with one letter for all that look like it."""
    folded = unicodedata.normalize("NFKD", name[:NAME_CHARACTERS_MAX]).casefold()
    plain = "".join(one for one in folded if unicodedata.category(one)[0] in "LNS" or one == "!")
    shown = plain.translate(_SKELETON)
    for pair, one in _JOINED:
        shown = shown.replace(pair, one)
    return shown
