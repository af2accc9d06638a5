"""The tables of some rooms, for a test that needs no others."""

from __future__ import annotations

from connector.store.tables import ROWS


def rooms(*files):
    """The tables that some files of `connector.store.rows` declare."""
    return tuple(row.TABLE for row in ROWS if row.__module__.rpartition(".")[2] in files)
