"""Look into a participant's database without its server: a snapshot, read only, nothing created and nothing changed."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

from connector.store.statements import Statements
from connector.store.store import database_at
from connector.store.transaction import Tx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from connector.store.bundles import Bundles
    from connector.store.table import Table

T = TypeVar("T")


@contextmanager
def looking(
    place: Path | str, tables: Sequence[Table], *, snapshot: bool, bundles: Bundles | None = None
) -> Iterator[Tx]:
    """Open what is committed: one `snapshot` of it, or newly at each question; a server may be writing meanwhile.

    Without `bundles` no entry of the log can be read that rests in an object.

    A snapshot keeps the server from shortening its write-ahead log, so it is for what is over soon.

    Raises `Absent` where no database is, `StoreForeign` where it is not one of ours.
    """
    database = database_at(place)
    with closing(database.look()) as connection:
        tx = Tx(connection, {table.name: Statements(table) for table in tables})
        tx.bundles = bundles
        if snapshot:
            database.begin_reading(connection)
        try:
            yield tx
        finally:
            tx.end()
            database.rollback(connection)


def look(place: Path | str, tables: Sequence[Table], act: Callable[[Tx], T], bundles: Bundles | None = None) -> T:
    """Run `act` on one snapshot of what is committed; raises as `looking`."""
    with looking(place, tables, snapshot=True, bundles=bundles) as tx:
        return act(tx)
