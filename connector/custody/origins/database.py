"""A table of a PostgreSQL database, or what a query answers, as CSV: one snapshot, read only, the same bytes each time.

    postgresql://user@host/database?table=schema.name      rows in the order of the primary key, else of their text
    postgresql://user@host/database?query=SELECT …         rows in the order the query says

The password comes from the server's environment as every client of PostgreSQL reads it (PGPASSWORD, PGPASSFILE).

Law: one transaction, READ ONLY and REPEATABLE READ; how values are spelled is set here and not by the server, so equal
rows are equal bytes. Nothing is asked of the database twice: its answer waits in a spool until it is sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector.custody.errors import VaultError
from connector.custody.origins.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from urllib.parse import SplitResult

    from psycopg import Connection

CONNECT_SECONDS_MAX = 15
# what comes row by row is written in blocks
BLOCK_BYTES = 256 * 1024
WHAT = ("table", "query")
# of the client's own parameters those that say where the database is and how it is trusted; any other is refused
PARAMETERS = frozenset({"host", "port", "user", "sslmode", "sslrootcert"})
# how values are spelled: the shortest exact numbers, times in UTC, bytes as hexadecimal digits
SPELLING: Mapping[str, str] = {
    "client_encoding": "UTF8",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
}
COPIED = b"COPY (%s\n) TO STDOUT (FORMAT csv, HEADER)"
PRIMARY_KEY = """
    SELECT attribute.attname FROM pg_index, unnest(pg_index.indkey) WITH ORDINALITY AS part (number, place)
    JOIN pg_attribute AS attribute ON attribute.attnum = part.number
    WHERE pg_index.indrelid = %s::regclass AND pg_index.indisprimary AND attribute.attrelid = pg_index.indrelid
    ORDER BY part.place
"""


def check(address: SplitResult) -> dict[str, str]:
    """Return the parameters of an address; `VaultError` `source` for one that may not be kept or says nothing."""
    given = dict(parse_qsl(address.query, keep_blank_values=True))
    odd = set(given) - PARAMETERS - {*WHAT}
    if odd:
        names = ", ".join(sorted(PARAMETERS))
        raise VaultError("source", f"`{min(odd)}` has no place in the address of a database", f"it may have {names}")
    if sum(name in given for name in WHAT) != 1 or not address.path.strip("/"):
        text = f"the address of `{address.hostname or 'a database'}` names no single table or query of a database"
        raise VaultError("source", text, "end it with /database?table=… or ?query=…")
    return given


def answer_of(place: str, folder: Path) -> tuple[str, Spool]:
    """Return (name, CSV) of what the address `place` names, spooled below `folder` (blocking)."""
    try:
        import psycopg  # noqa: PLC0415 - comes with an extra
    except ModuleNotFoundError as error:
        raise VaultError("source", "reading databases needs an extra", "install penstock[postgres]") from error
    address = urlsplit(place)
    given = check(address)
    spool = Spool(place, folder)
    try:
        with psycopg.connect("", **connection_of(address, given)) as connection:
            connection.isolation_level, connection.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
            for name, value in SPELLING.items():
                connection.execute("SELECT set_config(%s, %s, true)", (name, value))
            _copy(connection, given, spool)
    except psycopg.Error as error:
        said = str(error).partition("\n")[0]
        raise VaultError("source", f"`{place.partition('?')[0]}` cannot be read: {said}", "try it with psql") from error
    return (given["table"].rpartition(".")[2] if "table" in given else "query") + ".csv", spool


def connection_of(address: SplitResult, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what a client of PostgreSQL is told of the database of an address."""
    said = {"host": address.hostname, "port": address.port, "user": address.username}
    named = {name: value for name, value in (*said.items(), *given.items()) if value and name in PARAMETERS}
    return {**named, "dbname": address.path.strip("/"), "connect_timeout": CONNECT_SECONDS_MAX}


def _copy(connection: Connection[Any], given: Mapping[str, str], spool: Spool) -> None:
    query = _ordered(connection, given["table"]) if "table" in given else _alone(connection, given["query"])
    with connection.cursor() as cursor, cursor.copy(COPIED % query) as blocks:
        for block in _joined(blocks):
            spool.write(block)


def _ordered(connection: Connection[Any], table: str) -> bytes:
    """Return the query for a table's rows in an order that does not depend on how they lie."""
    from psycopg import sql  # noqa: PLC0415 - comes with an extra

    name = sql.Identifier(*table.split(".", 1))
    key = connection.execute(PRIMARY_KEY, (name.as_string(connection),)).fetchall()
    by_key = sql.SQL(", ").join(sql.Identifier("t", column) for (column,) in key)
    by_text = sql.SQL('t::text COLLATE "C"')
    return sql.SQL("SELECT t.* FROM {} AS t ORDER BY {}").format(name, by_key if key else by_text).as_bytes(connection)


def _alone(connection: Connection[Any], query: str) -> bytes:
    """Return the query if the database reads it by itself as one statement: nothing of it reaches round the COPY."""
    from psycopg import errors, pq  # noqa: PLC0415 - comes with an extra

    text = query.encode()
    prepared = connection.pgconn.prepare(b"", text)
    if prepared.status != pq.ExecStatus.COMMAND_OK:
        raise errors.SyntaxError(prepared.error_message.decode(errors="replace"))
    return text


def _joined(blocks: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytearray]:
    """Yield blocks, which come row by row, in larger ones."""
    joined = bytearray()
    for block in blocks:
        joined += block
        if len(joined) >= BLOCK_BYTES:
            yield joined
            joined = bytearray()
    yield joined
