"""A page of a long table: its rows, and where the next one begins, as far as a table may be leafed through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX

if TYPE_CHECKING:
    from contracts.canonical import JsonObject


def leafed(first: int, rows: list[JsonObject]) -> JsonObject:
    """Return the page that begins at `first`; `rows` are its rows and, where there is one, the row after them."""
    following = onward(first + PAGE_ROWS_MAX) if len(rows) > PAGE_ROWS_MAX else None
    return {"first": first, "next": following, "rows": rows[:PAGE_ROWS_MAX]}


def cut(first: int, rows: list[JsonObject], most: int = FOUND_ROWS_MAX) -> JsonObject:
    """Return the page that begins at `first` of rows that were cut where they come from: a full one may have a next."""
    following = onward(first + PAGE_ROWS_MAX, most) if len(rows) == PAGE_ROWS_MAX else None
    return {"first": first, "next": following, "rows": rows}


def onward(first: int, most: int = FOUND_ROWS_MAX) -> int | None:
    """Return where the next page begins, None where `Call.first` would refuse it."""
    return first if first <= most else None
