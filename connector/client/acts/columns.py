"""A list as a table for people: the columns that are read, and with `--long` all of them with whole ids.

Law: one writer for every list. A short id is the beginning of a whole one, without marks, so that it can be pasted
where an id is asked for; whole is what no beginning finds: a DID, and a name that somebody chose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SHORT_CHARACTERS = 12
# of an ISO 8601 moment in UTC: to the minute
MOMENT_CHARACTERS = 16
GAP = "  "
# stands for what a terminal obeys and nobody sees: controls, marks of direction
UNSEEN = "\N{REPLACEMENT CHARACTER}"
# an id that was drawn or computed; what stands before it is left out where an id is asked for, too
DRAWN = re.compile(r"(?:urn:uuid:)?([0-9a-f][0-9a-f-]{23,})")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(?:Z|\+00:00)")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, and what it shows of a row, by its name or by a function.

    `long`: only `--long` has it. `rare`: without, it is left out where no row has anything in it. `is_id`, `is_moment`:
    it is shortened without, and so is what has more than so many `characters`. `is_count`: it ends where its head does.
    """

    head: str
    told: str | Callable[[Any], str]
    long: bool = False
    is_id: bool = False
    is_count: bool = False
    is_moment: bool = False
    rare: bool = False
    characters: int = 0

    def cell(self, row: Any, *, long: bool) -> str:
        """Return what it shows of a row; what somebody wrote begins no line, and says nothing to the terminal."""
        found = self.told(row) if callable(self.told) else row.get(self.told, "")
        words = "" if found is None else " ".join(str(found).split())
        text = "".join(one if one.isprintable() else UNSEEN for one in words)
        return text if long else self._short(text)

    def _short(self, text: str) -> str:
        if self.is_id and (drawn := DRAWN.fullmatch(text)):
            return drawn[1][:SHORT_CHARACTERS]
        if self.is_moment:
            return MOMENT.sub(lambda found: found[0][:MOMENT_CHARACTERS].replace("T", " "), text)
        return text[: self.characters] if self.characters else text


def lines(columns: Sequence[Column], rows: Iterable[Any], *, long: bool = False) -> list[str]:
    """Return a head and a line for each row, nothing for none."""
    asked = [one for one in columns if long or not one.long]
    cells = [[one.cell(row, long=long) for one in asked] for row in rows]
    if not cells:
        return []
    kept = [at for at, one in enumerate(asked) if long or not one.rare or any(row[at] for row in cells)]
    shown, cells = [asked[at] for at in kept], [[row[at] for at in kept] for row in cells]
    table = [[one.head for one in shown], *cells]
    widths = [max(_width(row[at]) for row in table) for at in range(len(shown))]
    return [GAP.join(map(_padded, row, widths, shown)).rstrip() for row in table]


def _padded(text: str, width: int, column: Column) -> str:
    room = " " * (width - _width(text))
    return room + text if column.is_count else text + room


def _width(text: str) -> int:
    """Return how many places of a terminal a text takes: 中文 takes two each."""
    import unicodedata  # noqa: PLC0415  # the help page starts fast

    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
