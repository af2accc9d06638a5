"""What somebody reads first of a dataset: how much it is, of which time, in which languages, under which licence.

Law: each fact follows from what was measured or said; what is neither is absent. The time that data are of is that of
a column of days or instants that says nothing of a person: when people were born is not when data are from.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalog import places
from catalog.about import LANGUAGES, WEB
from catalog.hints import GRADE_OF_HINT

if TYPE_CHECKING:
    from catalog.dataset import Dataset
    from catalog.profile import Column, FileProfile
    from contracts.canonical import JsonObject

DAYS = frozenset({"date", "time"})
DAY_CHARACTERS = len("2026-11-23")
NAME_CHARACTERS_MAX = 60
SENTENCE_CHARACTERS_MAX = 160
READ_CHARACTERS = 1_000  # of a description, where its first sentence is looked for
# what begins a line or stands around words in Markdown, what a link leads to, and where a sentence ends
_MARKS = re.compile(r"^\s*(?:[-*+>]|\d{1,3}[.)])\s+|[*`~|]+|(?<!\w)_+|_+(?!\w)")
_HEADING = re.compile(r"\s*#{1,6}\s")
_LINKS = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)")
_ENDS = re.compile(r"(?<=[.!?])\s|(?<=[。!?！？])")  # noqa: RUF001  # Chinese sentences end so
# how the licences that most data have are called by whoever uses them
_COMMONS = re.compile(
    r"https?://creativecommons\.org/(?:licenses/(by(?:-nc)?(?:-nd|-sa)?)|publicdomain/(zero))/([0-9]\.[0-9])(?:/.*)?"
)


def facts(dataset: Dataset) -> JsonObject:
    """Return the counts, `period`, `languages`, `licence` and `region` of a dataset."""
    said = dataset.about
    return {
        "files": len(dataset.files),
        "columns": sum(len(file.columns) for file in dataset.files),
        "period": _period(dataset),
        "languages": [lang for lang in LANGUAGES if lang in said.title or lang in said.description],
        "licence": licence(said.licence),
        "region": _region(dataset.region),
    }


def _region(code: str) -> JsonObject | None:
    """Return what a place is called; by its code alone where that has no words."""
    if not code:
        return None
    english, chinese = places.words(code) or (code, code)
    return {"en": english, "zh": chinese}


def licence(said: str) -> JsonObject | None:
    """Return what a licence is called, and its address where it is one; None where none is said."""
    text = said.strip()
    if not text:
        return None
    found = _COMMONS.fullmatch(text)
    if found:
        kind, zero, version = found.groups()
        return {"name": f"CC0 {version}" if zero else f"CC {kind.upper()} {version}", "link": text}
    address = text.startswith(WEB) and not any(map(str.isspace, text))
    first = text.partition("://")[2] if address else text.splitlines()[0]
    name = first if len(first) <= NAME_CHARACTERS_MAX else first[: NAME_CHARACTERS_MAX - 1] + "…"
    return {"name": name, "link": text if address else ""}


def sentence(text: str) -> str:
    """Return the first sentence of a Markdown text, without its marks, of a length that a card has room for."""
    lines = [line for line in _LINKS.sub(r"\1", text[:READ_CHARACTERS]).splitlines() if not _HEADING.match(line)]
    plain = "\n".join(_MARKS.sub("", line).strip() for line in lines).strip().partition("\n\n")[0]
    first = " ".join(_ENDS.split(plain, maxsplit=1)[0].split())
    return first if len(first) <= SENTENCE_CHARACTERS_MAX else first[: SENTENCE_CHARACTERS_MAX - 1].rstrip() + "…"


def drawn(dataset: Dataset) -> JsonObject | None:
    """Return the first drawing of a column's values that there is, with the column's name."""
    found = ((column.name, column.bars) for file in dataset.files for column in file.columns if column.bars)
    return next(({"name": name, "bars": [list(bar) for bar in bars]} for name, bars in found), None)


def _period(dataset: Dataset) -> JsonObject | None:
    """Return from when to when the largest table that tells it is, by its first column that does."""
    tables = sorted(dataset.files, key=lambda file: -(file.rows or 0))
    dated = ((file, column) for file in tables for column in file.columns if _tells(column))
    return next((_told(file, column) for file, column in dated), None)


def _tells(column: Column) -> bool:
    return column.kind in DAYS and bool(column.minimum and column.maximum) and column.hint not in GRADE_OF_HINT


def _told(file: FileProfile, column: Column) -> JsonObject:
    begins, ends = (str(one)[:DAY_CHARACTERS] for one in (column.minimum, column.maximum))
    return {"from": begins, "to": ends, "column": column.name, "file": file.path}
