"""What the store asks of whatever keeps its tables: a file of SQLite, or a server of PostgreSQL.

Law: (1) between `begin` and its end nobody else writes, in this process or any other, and what was committed before is
seen. (2) `commit` returns when it is durable. (3) `version` changes when another connection has committed something.
The store's own statements are SQLite's words without its peculiarities; who speaks otherwise translates them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.store.bundles import Bundles
    from connector.store.errors import StoreError
    from connector.store.table import Table
    from connector.store.wrapping import Wrapping

    # told the tables in which somebody else has committed a change
    Foreign = Callable[[frozenset[str]], object]
    # told what another process has told
    Told = Callable[[str], object]


class Connection(Protocol):
    """One connection, used by one thread at a time: sqlite3's own, or one that raises the store's errors itself."""

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Any:
        """Run one statement; the cursor has `fetchall`, `rowcount` and `description`."""

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]], /) -> Any:
        """Run one statement that inserts, for each of many rows."""

    def close(self) -> None:
        """Close it; what was not committed is gone."""


class Database(Protocol):
    """One place where tables are kept."""

    near: bool  # a statement takes microseconds, so that short acts may run on the event loop
    bundles: Bundles | None  # where old entries of the log rest; None: whoever opened it reads none of them

    def prepare(self, tables: Sequence[Table], wrapping: Wrapping | None) -> Any:
        """Bring the place to the declared tables and return the connection that writes (blocking)."""

    def reader(self) -> Any:
        """Return a new connection that only reads."""

    def look(self) -> Any:
        """Return a connection that reads what somebody else made; `Absent`, `StoreForeign`."""

    def begin_reading(self, connection: Any) -> None:
        """Open a transaction that sees one moment."""

    def begin(self, connection: Any, *, wait: bool) -> bool:
        """Open the writing transaction; without `wait` return False at once when another process is writing."""

    def version(self, connection: Any) -> object:
        """Return what changes with every commit of somebody else; asked inside the writing transaction."""

    def commit(self, connection: Any) -> None:
        """Make the transaction durable, and tell whoever listens elsewhere."""

    def rollback(self, connection: Any) -> None:
        """Take an open transaction back, as far as the database lets us."""

    def meaning(self, error: BaseException) -> StoreError | None:
        """Return what an error of a batch says of the database, None if it says nothing of it."""

    def is_due(self, acts: int) -> bool:
        """Say whether the place wants to be tended, after so many acts in all."""

    def tend(self, connection: Any, acts: int) -> None:
        """Do what must be done now and then; raises what the driver raises."""

    def tell(self, connection: Any, text: str) -> None:
        """Tell whoever listens a short text that stands in no table."""

    def listen(self, foreign: Foreign, told: Told, failed: Callable[[StoreError], object]) -> Callable[[], None]:
        """Tell on this event loop what others commit and tell, and the end of the connection; returns how to stop."""

    def close(self) -> None:
        """Let go of everything but the connections."""
