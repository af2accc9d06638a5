"""As many rows as a page has room for: what strangers wrote may be long, and be longer still as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from connector.runtime.limits import CONSOLE_ROWS_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.canonical import JsonObject


# of a row besides what somebody wrote
ROW_BYTES = 256


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
