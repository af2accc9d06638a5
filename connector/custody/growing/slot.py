"""A logical slot of a PostgreSQL database: a message is one change of a table, as JSON, in the order of commits.

    postgresql://user@host/database?slot=NAME&publication=NAME

    {"op": "insert", "table": "public.rain", "row": {"id": "1", "mm": "2.5"}, "at": "2026-11-23T10:00:00Z"}

Values are the texts that the database gives; `was` is what it tells of a changed row before. The password comes from
the server's environment as every client of PostgreSQL reads it.

Law: the slot is looked at, and moved on only behind what is durable here; what it tells again after a crash lies before
the position, and is passed over. A transaction is given whole.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

import orjson

from connector.custody.errors import VaultError
from connector.custody.growing.growing import READ_MESSAGES_MAX, Read
from connector.custody.growing.pgoutput import Reader
from connector.custody.origins.database import PARAMETERS, SPELLING, connection_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    from psycopg import Connection

    from connector.custody.growing.pgoutput import Change, Transaction

T = TypeVar("T")
NEEDED: Final = ("slot", "publication")
# changes of one read: a transaction of more is a data set
CHANGES_MAX: Final = 100_000
# looks that found nothing until the slot is moved on behind what is not in the publication
IDLE_LOOKS: Final = 50
PEEK: Final = """
    SELECT data FROM pg_logical_slot_peek_binary_changes(%s, NULL, %s, 'proto_version', '1', 'publication_names', %s)
"""
ADVANCE: Final = "SELECT pg_replication_slot_advance(%s, %s::pg_lsn)"
HERE: Final = "SELECT pg_current_wal_lsn()::text"
LOOK: Final = """
    SELECT plugin = 'pgoutput' AND database = current_database(),
        EXISTS (SELECT FROM pg_publication WHERE pubname = %s) FROM pg_replication_slots WHERE slot_name = %s
"""


def check(address: SplitResult) -> dict[str, str]:
    """Return the parameters of a slot's address; `VaultError` `source` for one that says too little or too much."""
    given = dict(parse_qsl(address.query, keep_blank_values=True))
    if odd := set(given) - PARAMETERS - {*NEEDED}:
        raise VaultError("source", f"`{min(odd)}` has no place in the address of a slot")
    if not all(given.get(name) for name in NEEDED) or not address.path.strip("/"):
        raise VaultError("source", "the address names no slot, or no publication", "/database?slot=…&publication=…")
    return given


class Slot:
    """The changes that the slot of the address `place` tells, behind a position (a log sequence number), if any."""

    def __init__(self, place: str, position: str = "") -> None:
        self._address = urlsplit(place)
        self._given = check(self._address)
        self._name = self._given["slot"]
        self._done = _number(position) if position else 0
        self._connection: Connection[Any] | None = None
        self._idle = 0

    async def read(self) -> Read | None:
        """Return the changes that were committed."""
        return await asyncio.to_thread(self._asked, self._read)

    async def confirm(self, position: str) -> None:
        """Move the slot on."""
        await asyncio.to_thread(self._asked, lambda there: self._advance(there, position))

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await asyncio.to_thread(self._connection.close)
            self._connection = None

    def look(self) -> None:
        """Raise `VaultError` `source` unless slot and publication are there (blocking)."""
        try:
            self._asked(self._look)
        finally:
            if self._connection is not None:
                self._connection.close()

    def _asked(self, ask: Callable[[Connection[Any]], T]) -> T:
        try:
            import psycopg  # noqa: PLC0415 - comes with an extra
        except ModuleNotFoundError as error:
            raise VaultError("source", "reading databases needs an extra", "install penstock[postgres]") from error
        try:
            if self._connection is None or self._connection.closed:
                said = connection_of(self._address, self._given)
                self._connection = psycopg.connect("", autocommit=True, **said)
                for name, value in SPELLING.items():
                    self._connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            return ask(self._connection)
        except psycopg.Error as error:
            text = str(error).partition("\n")[0]
            raise VaultError("source", f"the slot `{self._name}` cannot be read: {text}", "try it with psql") from error

    def _read(self, there: Connection[Any]) -> Read | None:
        here = self._value(there, HERE)
        told = there.execute(PEEK, (self._name, READ_MESSAGES_MAX, self._given["publication"]))
        found = [one for one in Reader().transactions(bytes(data) for (data,) in told) if one.end > self._done]
        changes = [(one, change) for one in found for change in one.changes]
        if len(changes) > CHANGES_MAX:
            raise VaultError("source", f"{len(changes)} changes were committed at once, a stream has {CHANGES_MAX}")
        if not changes:
            self._pass_over(there, here)
            return None
        self._done, self._idle = found[-1].end, 0
        return Read([_message(one, change) for one, change in changes], _lsn(self._done))

    def _pass_over(self, there: Connection[Any], here: str) -> None:
        """Move the slot on behind what others wrote, now and then: it would keep all of the log."""
        self._idle += 1
        if self._idle >= IDLE_LOOKS:
            self._idle = 0
            self._advance(there, here)

    def _advance(self, there: Connection[Any], position: str) -> None:
        there.execute(ADVANCE, (self._name, position))

    def _look(self, there: Connection[Any]) -> None:
        found = there.execute(LOOK, (self._given["publication"], self._name)).fetchone()
        if found is None or not found[0]:
            hint = f"SELECT pg_create_logical_replication_slot('{self._name}', 'pgoutput')"
            raise VaultError("source", f"there is no slot `{self._name}` of `pgoutput` in this database", hint)
        if not found[1]:
            hint = f"CREATE PUBLICATION {self._given['publication']} FOR TABLE …"
            raise VaultError("source", f"there is no publication `{self._given['publication']}`", hint)

    def _value(self, there: Connection[Any], query: str) -> str:
        (found,) = islice(there.execute(query), 1)
        return str(found[0])


def _message(one: Transaction, change: Change) -> bytes:
    rows = {name: row for name, row in (("row", change.row), ("was", change.was)) if row}
    told = {"op": change.op, "table": change.table, **rows, "at": one.at}
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


def _number(lsn: str) -> int:
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def _lsn(number: int) -> str:
    return f"{number >> 32:X}/{number & 0xFFFFFFFF:X}"
