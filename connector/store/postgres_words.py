"""The store's statements in PostgreSQL's words: marks, a comparison with NULL, and what a statement writes.

Law: a statement means there what it means on SQLite. `IS ?` uses no index on PostgreSQL, so it becomes `=` or `IS NULL`
by the value that comes; an insert that meets a row must not end the transaction, so it does nothing, and is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# our own code asks a bounded number of questions; each is translated once for each of its patterns of NULL
WORDS_KEPT = 8192
_PART = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\b(?P<is>IS)(?P<not>\s+NOT)?\s+\?|(?P<mark>\?)", re.IGNORECASE)
_IS = re.compile(r"\bIS(?:\s+NOT)?\s+\?", re.IGNORECASE)
_WRITES = re.compile(r"\s*(?P<verb>INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+\"?(?P<table>\w+)\"?", re.IGNORECASE)
_ASSIGNED = re.compile(r"[\s,]\"?(\w+)\"?\s*=", re.IGNORECASE)
_ONE_ROW = re.compile(r"\)\s*VALUES\s*\([^()]*\)\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """One statement: which of the values it takes, the table it writes, the columns it sets in rows that are there.

    `one_row` inserts a row or, where its key or a unique value is taken, none.
    """

    text: str
    marks: int
    taken: tuple[int, ...]
    table: str = ""
    sets: frozenset[str] = frozenset()
    one_row: bool = False


def of(sql: str, values: Sequence[object]) -> Words:
    """Return the words for a statement with these values."""
    return _of(sql, tuple([value is None for value in values]) if _IS.search(sql) else ())


@lru_cache(maxsize=WORDS_KEPT)
def _of(sql: str, nulls: tuple[bool, ...]) -> Words:
    taken: list[int] = []
    seen = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal seen
        if not (found["is"] or found["mark"]):
            return found[0]
        place, seen = seen, seen + 1
        if found["is"] and nulls[place : place + 1] == (True,):
            return "IS NOT NULL" if found["not"] else "IS NULL"
        taken.append(place)
        compared = ("IS DISTINCT FROM " if found["not"] else "= ") if found["is"] else ""
        return f"{compared}${len(taken)}"

    text = _PART.sub(replaced, sql)
    writes = _WRITES.match(sql)
    if writes is None:
        return Words(text, seen, tuple(taken))
    one_row = writes["verb"].upper().startswith("INSERT") and _ONE_ROW.search(sql) is not None
    if one_row:
        text += " ON CONFLICT DO NOTHING"
    return Words(text, seen, tuple(taken), writes["table"], _sets(sql), one_row)


def _sets(sql: str) -> frozenset[str]:
    """Return the columns that an UPDATE, or the update of an insert, assigns."""
    _, update, rest = sql.partition(" SET ")
    return frozenset(_ASSIGNED.findall(" " + rest.partition(" WHERE ")[0])) if update else frozenset()
