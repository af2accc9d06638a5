"""Look into a participant's database without its server: a snapshot, read only, nothing created and nothing changed."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from connector.errors import Absent
from connector.store.connection import READING, connect
from connector.store.schema import APPLICATION_ID
from connector.store.statements import Statements
from connector.store.transaction import Tx

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from connector.store.table import Table

T = TypeVar("T")


def look(path: Path, tables: Sequence[Table], act: Callable[[Tx], T]) -> T:
    """Run `act` on what is committed; a server may be writing meanwhile. `Absent` where no database of ours is."""
    if not path.is_file():
        raise Absent(f"there is no database `{path}`", "name another directory with --data, or start `penstock serve`")
    with closing(connect(path, READING)) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise Absent(f"`{path}` is a database, but not one of penstock")
        tx = Tx(connection, {table.name: Statements(table) for table in tables})
        connection.execute("BEGIN")
        try:
            return act(tx)
        finally:
            tx.end()
            connection.rollback()
