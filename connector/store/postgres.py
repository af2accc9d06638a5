"""A PostgreSQL server as the store's database: several processes of one participant write to it, one at a time.

    postgresql://user@host:port/database      the password comes from PGPASSWORD or PGPASSFILE, as every client reads it

Law: (1) who writes holds the one row of `store_mark`, so batches of all processes have one order; the log is a chain in
it. (2) That row counts commits: who finds a number that it does not expect forgets what it remembered of the tables.
(3) A commit tells the other processes which tables it changed; the telling arrives after the change can be read, or the
connection breaks. (4) A connection that broke is a disk that failed: the process ends, and begins anew with what is
durable; one that only reads is opened anew. A server that may forget an acknowledged commit (`fsync = off`) is refused.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from connector.store import connection as limits
from connector.store import postgres_schema, postgres_session
from connector.store.errors import StoreBusy, StoreError, StoreFailed
from connector.store.postgres_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.store.bundles import Bundles
    from connector.store.database import Foreign, Told
    from connector.store.table import Table
    from connector.store.wrapping import Wrapping

CONNECT_SECONDS_MAX = 15
# a writer that is cut off mid-act lets go of the lock before anybody else gives up waiting for it
IDLE_SECONDS_MAX = 8
# a server that a network swallowed is known to be gone after so long
SILENT_SECONDS_MAX = 10
# a name of a channel is shorter than that of a schema may be
CHANNEL_HEX = 16
READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITING = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT number FROM {postgres_schema.MARK} FOR UPDATE"  # noqa: S608 - a name of ours
COUNTED = f"UPDATE {postgres_schema.MARK} SET number = number + 1"  # noqa: S608 - a name of ours
# setting of the server, what it must be, why
REQUIRED = (
    ("server_encoding", "UTF8", "texts are kept as they are"),
    ("fsync", "on", "what was acknowledged survives a loss of power"),
    ("full_page_writes", "on", "a page that was half written can be mended"),
)
WEAK_COMMITS = ("off", "local")


class Postgres:
    """The schema that a URL leads to; several processes may open it."""

    near = False

    def __init__(self, url: str) -> None:
        self._url = url
        self._uniques: dict[str, frozenset[str]] = {}
        self.bundles: Bundles | None = None
        self._pid = 0  # of the server's process that writes for us
        self._changed = self._words = ""  # the channels of the schema: what commits changed, what is told besides
        self._number = 0  # commits that the schema has seen
        self._own = 0  # of them, ours

    def prepare(self, tables: Sequence[Table], wrapping: Wrapping | None) -> Session:
        """Connect and bring the schema to the declared tables (blocking)."""
        self._uniques = postgres_session.uniques(tables)
        session = self._session()
        try:
            session.run(f"SET idle_in_transaction_session_timeout = {_milliseconds(IDLE_SECONDS_MAX)}")
            _require(session)
            postgres_schema.apply(session, tuple(tables), wrapping)
        except BaseException:
            session.close()
            raise
        self._pid = session.connection.info.backend_pid
        # participants in schemas of one database are none of each other's business
        own = hashlib.sha256(_shown_schema(session).encode()).hexdigest()[:CHANNEL_HEX]
        self._changed, self._words = f"penstock_{own}", f"penstock_words_{own}"
        return session

    def reader(self) -> Session:
        """Return a new connection that only reads."""
        return self._session()

    def look(self) -> Session:
        """Return a connection that reads what somebody else made; nothing is created."""
        session = self._session()
        try:
            postgres_schema.refuse_foreign(session)
        except BaseException:
            session.close()
            raise
        return session

    def begin_reading(self, connection: Any) -> None:
        """Open a transaction that sees one moment."""
        connection.run(READING)

    def begin(self, connection: Any, *, wait: bool) -> bool:
        """Open the writing transaction; without `wait` return False at once when another process is writing."""
        connection.written.clear()
        cursor = connection.run(WRITING if wait else f"{WRITING} SKIP LOCKED")
        cursor.nextset()
        row = cursor.fetchone()
        if row is None:
            connection.run("ROLLBACK")
            return False
        self._number = int(row[0])
        return True

    def version(self, connection: Any) -> object:  # noqa: ARG002 - it came with the lock
        """Return what changes with every commit of another process."""
        return self._number - self._own

    def commit(self, connection: Any) -> None:
        """Make the transaction durable, and tell the other processes which tables it changed."""
        if not connection.written:
            connection.run("COMMIT")
            return
        connection.run(f"{COUNTED}; NOTIFY {self._changed}, '{' '.join(sorted(connection.written))}'; COMMIT")
        self._own += 1

    def rollback(self, connection: Any) -> None:
        """Take an open transaction back, as far as the server lets us."""
        with suppress(StoreError):
            if connection.in_transaction:
                connection.run("ROLLBACK")

    def meaning(self, error: BaseException) -> StoreError | None:
        """Return what an error of a batch says of the server, None if it says nothing of it."""
        return error if isinstance(error, StoreBusy | StoreFailed) else None

    def is_due(self, acts: int) -> bool:  # noqa: ARG002 - the server looks after itself
        """Say that nothing is to be done."""
        return False

    def tend(self, connection: Any, acts: int) -> None:
        """Do nothing: the server looks after itself."""

    def tell(self, connection: Any, text: str) -> None:
        """Tell whoever listens a short text that stands in no table."""
        connection.notify(self._words, text)

    def listen(self, foreign: Foreign, told: Told, failed: Callable[[StoreError], object]) -> Callable[[], None]:
        """Tell on this event loop what others commit and tell, and the end of the connection; returns how to stop."""
        session = self._session()
        session.run(f"LISTEN {self._changed}; LISTEN {self._words}")
        connection, loop = session.connection.pgconn, asyncio.get_running_loop()
        place = connection.socket

        def stop() -> None:
            if not session.connection.closed:
                loop.remove_reader(place)
                session.close()

        def hear() -> None:
            try:
                connection.consume_input()
                while (came := connection.notifies()) is not None:
                    text = came.extra.decode()
                    if came.relname.decode() == self._words:
                        told(text)
                    elif came.be_pid != self._pid:
                        foreign(frozenset(text.split()))
            except psycopg.Error as error:
                loop.remove_reader(place)
                session.close()
                failed(StoreFailed(f"the database server failed ({error}); restart to go on"))

        loop.add_reader(place, hear)
        return stop

    def close(self) -> None:
        """Hold nothing besides the connections."""

    def _session(self) -> Session:
        try:
            connection = psycopg.connect(
                self._url,
                autocommit=True,
                cursor_factory=psycopg.RawCursor,
                connect_timeout=CONNECT_SECONDS_MAX,
                client_encoding="UTF8",
                application_name="penstock",
                keepalives_idle=SILENT_SECONDS_MAX,
                keepalives_interval=2,
                keepalives_count=3,
                tcp_user_timeout=_milliseconds(SILENT_SECONDS_MAX),
            )
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise StoreFailed(f"cannot open the database `{self._url}`: {reason}") from error
        session = Session(connection, self._uniques)
        session.run(f"SET lock_timeout = {_milliseconds(limits.LOCK_SECONDS)}")
        return session


def _require(session: Session) -> None:
    """Raise StoreFailed for a server that durability cannot rest on; ask it to flush each commit."""
    for name, wanted, why in REQUIRED:
        if (found := _shown(session, name)) != wanted:
            raise StoreFailed(f"the database server has `{name} = {found}`, and it must be `{wanted}`: {why}")
    if _shown(session, "synchronous_commit") in WEAK_COMMITS:
        session.run("SET synchronous_commit = on")
        assert _shown(session, "synchronous_commit") == "on"


def described(session: Session) -> str:
    """Check what durability rests on and say which server this is; raises StoreFailed."""
    _require(session)
    return f"PostgreSQL {_shown(session, 'server_version')}, synchronous commit {_shown(session, 'synchronous_commit')}"


def _shown(session: Session, name: str) -> str:
    row = session.run(f"SHOW {name}").fetchone()
    return "" if row is None else str(row[0])


def _shown_schema(session: Session) -> str:
    row = session.run("SELECT current_schema()").fetchone()
    return "" if row is None else str(row[0])


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
