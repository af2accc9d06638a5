"""As much as a page has room for: what strangers wrote may be long, and be longer still as HTML."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from markupsafe import Markup

from connector.console import markdown
from connector.runtime.limits import CONSOLE_ROWS_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.canonical import JsonObject


# of a row besides what somebody wrote
ROW_BYTES = 256
# of one page: a description as HTML; what is longer is shown as it was written
PROSE_BYTES_MAX = 24_000
_HEADING = re.compile(r"<(/?)h([1-6])>")


def fitting(rows: Sequence[JsonObject], names: Sequence[str]) -> list[JsonObject]:
    """Return the first rows that a page shows, one at least; `names` are the members that somebody else wrote.

    An `id` counts twice: it is the address of a link, too.
    """
    size = 0
    for count, row in enumerate(rows):
        size += ROW_BYTES + sum(len(escape(str(row[name] or "")).encode()) for name in names)
        size += len(quote(str(row["id"]), safe=""))
        if count and size > CONSOLE_ROWS_BYTES_MAX:
            return list(rows[:count])
    return list(rows)


def within(rows: Sequence[Any], most: int) -> list[Any]:
    """Return the first of some values that take no more than so many bytes where they are written out."""
    size, told = 0, []
    for row in rows:
        size += len(escape(orjson.dumps(row).decode()).encode())
        if size > most:
            break
        told.append(row)
    return told


def cut(text: str, most: int) -> str:
    """Return the beginning of a text that takes no more than so many bytes in a page, with a sign where it is cut."""
    if len(escape(text).encode()) <= most:
        return text
    size = 0
    for count, character in enumerate(text):
        size += len(escape(character).encode())
        if size > most:
            return text[:count] + "…"
    return text


def _stepped(told: Markup) -> Markup:
    """Return HTML whose headings go down by one at a time: who reads by them misses a level that is left out."""
    level, shown = markdown.HEADINGS_BELOW, ""

    def step(tag: re.Match[str]) -> str:
        nonlocal level, shown
        if tag[1]:  # the end of the heading before it
            return f"</{shown}>"
        level = min(int(tag[2]), level + 1)
        shown = f"h{level}"
        return f"<{shown}>"

    return Markup(_HEADING.sub(step, told))  # noqa: S704  # of HTML that is safe: text in it has no `<`


def prose(text: str) -> Markup:
    """Return a stranger's Markdown as HTML; where that is too long for a page, the text as it was written, cut."""
    told = _stepped(markdown.html(text))
    if len(told.encode()) <= PROSE_BYTES_MAX:
        return told
    return Markup("<pre>{}</pre>").format(cut(text, PROSE_BYTES_MAX))
