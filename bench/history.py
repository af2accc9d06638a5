"""How soon a participant with a long history is ready after SIGKILL, beside the same participant without one.

`python -m bench.history [--agreements 1000000] [--windows 10] [--rounds 3] [--roles provider buyer]`

Provider and buyer trade once, and the provider settles it. Then all rows of that deal are copied so often, each copy
with ids of its own: agreements in force, negotiations, transfers, acquisitions, settled channels, windows with their
receipts are what real ones are, only that nobody ever met them. Starts of both databases alternate. Ready means that
`/health` answers; CPU is what the process took until then. The log, of which a start reads the newest part, is not made
longer. With a million agreements a database has 34 GB, so it is one role after the other; a record has the provider.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import sqlite3
import statistics
from typing import TYPE_CHECKING

from bench import report
from bench.space import machine, space, workshop
from bench.start import Server
from connector.demo.processes import SERVE
from connector.runtime import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

AGREEMENTS, WINDOWS, ROUNDS = 1_000_000, 10, 3
PRODUCT, DEAL, PIECE_KIB = "bench-history", "the-only-deal", 64
DATABASE = "penstock.db"
ROLES = ("provider", "buyer")
READY_SECONDS = 3.0
# table → columns by which its rows and those of other tables name it
NAMES = {
    "agreements": ("digest",),
    "negotiations": ("id", "peer_pid"),
    "transfers": ("id", "peer_pid"),
    "channels": ("id",),
    "acquisitions": ("id",),
    "replicas": ("id",),
}
# tables whose rows belong to a deal → the column that says to which
OF_A_DEAL = {
    "agreements": "digest",
    "negotiations": "id",
    "offers_made": "negotiation",
    "transfers": "id",
    "acquisitions": "id",
    "channels": "id",
    "windows": "channel",
    "paid_rows": "agreement",
    "received": "subject",
    "replicas": "id",
    "chain_txs": "id",
}
# what time has done to the copies: their channels are settled, their transactions older than this young chain
LONG_AGO = {"channels": {"state": "'closed'", "claimed": "cumulative"}, "chain_txs": {"block": "-1000000"}}
DIGITS = 8  # of an id that say which copy it is
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "


async def trade(folder: Path) -> None:
    """Let a provider sell a product once, and settle it; both folders stay."""
    source = folder / "data.bin"
    source.write_bytes(os.urandom(4 * PIECE_KIB * report.KIB))
    async with space(folder) as made:
        await made.offer(PRODUCT, [source], pieceKiB=PIECE_KIB)
        mandate = {"limit": "1", "purpose": "AirTrafficResearch"}
        await made.call("buyer", "POST", "acquisitions", {"id": DEAL, "product": PRODUCT, "mandate": mandate})
        view = await made.reach(DEAL, frozenset({"complete"}))
        await made.call("provider", "POST", "settlements", {"agreement": view["agreement"]})


def lengthen(database: Path, count: int, windows: int) -> int:
    """Copy the rows of the deal `count` times, with so many windows of each channel; return the database's bytes."""
    with opened(database) as connection:
        names = [name for name in _names(connection) if name]
        for table in OF_A_DEAL:
            copy(connection, table, names, count, LONG_AGO.get(table, {}), windows)
    return database.stat().st_size


@contextlib.contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """Yield a database that is thrown away when this fails; the next start makes it a WAL again."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for said in ("locking_mode = EXCLUSIVE", "journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
            connection.execute(f"PRAGMA {said}").fetchall()
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


def _names(connection: sqlite3.Connection) -> Iterator[str]:
    for table, columns in NAMES.items():
        for row in connection.execute(f'SELECT {", ".join(columns)} FROM "{table}"').fetchall():
            yield from row


def copy(
    connection: sqlite3.Connection,
    table: str,
    names: Sequence[str],
    count: int,
    ago: Mapping[str, str],
    each: int = 1,
) -> None:
    """Copy a table's rows; every text in them that names one of `names` names the copy's instead.

    `ago`: column → the SQL of what stands there, in which `n` is the number of the copy. `each` is how many windows a
    copy's channel has: its first one is repeated behind those that it has.
    """
    found = connection.execute(f'SELECT rowid, * FROM "{table}"')
    columns = [column[0] for column in found.description][1:]
    rows = found.fetchall()
    for number, *values in rows:
        told = {
            name: _renamed(name, value, names) if isinstance(value, str) else f'"{name}"'
            for name, value in zip(columns, values, strict=True)
        }
        if not any("printf" in one for one in told.values()):
            continue  # of no deal
        told |= ago
        begun = f'{NUMBERS.format(count=count)} INSERT INTO "{table}" SELECT '
        ended = f'FROM "{table}", numbers WHERE "{table}".rowid = {number}'
        connection.execute(f"{begun} {', '.join(told.values())} {ended}")
        if table == "windows" and values[columns.index("seq")] == 1:
            for seq in range(len(rows) + 1, each + 1):
                told["seq"] = str(seq)
                connection.execute(f"{begun} {', '.join(told.values())} {ended}")


def _renamed(column: str, value: str, names: Sequence[str]) -> str:
    """Return the SQL of a text in which every name of the deal is that of copy `n`."""
    said = f'"{column}"'
    for known in names:
        if known in value:
            said = f"replace({said}, '{known}', '{known[:-DIGITS]}' || printf('%0{DIGITS}x', n))"
    return said


def measure(folder: Path, count: int, windows: int, rounds: int, roles: Sequence[str] = ROLES[:1]) -> list[report.Row]:
    """Return how soon each of `roles` is ready after SIGKILL, with its history and without."""
    asyncio.run(trade(folder))
    figures: dict[str, tuple[float, str]] = {}
    exchange = _server(folder / "exchange")
    exchange.start()
    try:
        for role in roles:
            short, long = folder / role, folder / "long" / role
            shutil.copytree(short, long)
            shutil.copy(folder / f"{role}.kek", long.parent)
            size = lengthen(long / DATABASE, count, windows)
            _after_a_crash(long)  # indexes that are new are made once, by the first start
            took = [(_after_a_crash(short), _after_a_crash(long)) for _ in range(rounds)]
            for name, starts in zip(("one agreement", f"{count:,} agreements"), zip(*took, strict=True), strict=True):
                seconds, cpu = (statistics.median(each) for each in zip(*starts, strict=True))
                figures |= {f"{role}, {name}": (seconds, "s"), f"{role}, {name}, CPU": (cpu, "s")}
            figures[f"{role}, its database"] = size / 2**20, "MiB"
            shutil.rmtree(long)
    finally:
        exchange.stop()
    return report.rows(figures, {f"{role}, {count:,} agreements": {"at_most": READY_SECONDS} for role in roles})


def _after_a_crash(data: Path) -> tuple[float, float]:
    """Start a participant, kill it when it is ready, and return the seconds of its next start and their CPU."""
    server = _server(data)
    server.start()
    server.kill()
    again = server.start(), server.cpu_seconds()
    server.stop()
    return again


def _server(data: Path) -> Server:
    return Server(SERVE[:-1], data, settings.load(data, {}, {}).server.port)


def main() -> None:
    """Measure, print, write bench/results/history.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.history")
    parser.add_argument("--agreements", type=int, default=AGREEMENTS)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=ROLES[:1])
    asked = parser.parse_args()
    print(machine())
    with workshop() as folder:
        rows = measure(folder, asked.agreements, asked.windows, asked.rounds, asked.roles)
    print(report.table(rows))
    print("written to", report.write("history", rows))


if __name__ == "__main__":
    main()
