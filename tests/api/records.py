"""What a participant's log and tables hold, read beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing


def rows(data, table):
    """Return a table of the database in a data directory, raw."""
    with closing(sqlite3.connect(f"file:{data / 'penstock.db'}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')]


def records(data, kind):
    """Return the entries of a kind in the log."""
    return [row for row in rows(data, "log_entries") if row["kind"] == kind]
