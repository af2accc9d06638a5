"""The tables that some files of `connector.store.rows` declare, for tests that need a few of them."""

from __future__ import annotations

from connector.store.tables import ROWS


def declared(*files):
    """Return the tables of these files, e.g. `channel`, `use`."""
    return tuple(row.TABLE for row in ROWS if row.__module__.rpartition(".")[2] in files)
