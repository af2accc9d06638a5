"""How fast the log of a participant takes events and proves them, through its real store.

`python -m bench.log [--events 60000] [--entries 10000000] [--rounds 3]`
`python -m bench.log append FOLDER EVENTS EACH` and `prove FOLDER PROOFS` are what it measures, each a process.

Events are those of windows, as both sides record them: salted digests, a box for owner and supervisor, the tree, one
signed head a commit, `synchronous=FULL`. Many acts are under way at once, as in a busy participant; each is told when
its commit is on the disk. The floor has two parts: SQLite itself, the same rows, made before, in as large transactions;
and the same events made by the ledger's functions and written nowhere.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bench import report
from bench.space import machine
from connector.cli.serve import settle
from connector.store.connection import WRITING, connect
from connector.store.evidence import Evidence
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import disclosure, merkle
from ledger.log.checkpoint import Checkpoint
from ledger.log.events import Block, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.store.transaction import Tx

NAME = "log.sqlite"
PARTY, ORIGIN = "did:web:localhost%3A7001", "localhost:7001/log"
BLOCK = Block(1_234_567, b"\x09" * 32)
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT_ONCE = 1024  # acts under way
TILE = 256
FLOOR_ROWS = 256  # of one transaction
MANY = 10  # events of a larger act
PROOFS = 5_000
MIB = 2**20
ONE_EACH, MANY_EACH, FLOOR = "one event an act", f"{MANY} events an act", "the same rows by SQLite alone"
UNWRITTEN = "salted, boxed and hashed alone"
RATE, PROOF = "events appended durably", "inclusion proof among {:,} entries"
TARGETS = {
    f"{RATE}, {ONE_EACH}": {"at_least": 25_000.0},
    f"{RATE}, {MANY_EACH}": {"at_least": 25_000.0},
    f"{PROOF.format(10_000_000)}, p99": {"at_most": 1.0},
}


# ---- what is appended


def readers() -> list[bytes]:
    """Public keys of an owner and a supervisor."""
    return [X25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(2)]


def evidence() -> Evidence:
    """A log with an owner, a supervisor and a chain that was seen."""
    made = Evidence(PARTY, ORIGIN, KEY, dict(zip(("owner", "supervisor"), readers(), strict=True)))
    made.block = BLOCK
    return made


def window(number: int) -> dict[str, dict[str, Any]]:
    """The four events of one window: kind → fields."""
    digests = [sha256(b"%d %d" % (number, at)).hexdigest() for at in range(6)]
    rows = {"rows": [{"agreement": digests[0], "ranges": [[number, 8]], "amount": "8"}], "plainBytes": "8388608"}
    offered = {"lock": digests[1], "maskedHash": digests[2], "amount": "8", "cumulative": str(8 * number)}
    pinned = {"decisionDigest": digests[3], "validUntil": "1780000000", "offerDigest": digests[4]}
    paid = {"voucherDigest": digests[5]}
    received = {"receiptDigest": digests[4], "amount": "8", "cumulative": str(8 * number)}
    return {
        "keys.offered": rows | offered | pinned,
        "keys.released": rows | offered | pinned | paid | {"releasedAt": "1780000000"},
        "keys.received": rows | received | paid,
        "keys.acknowledged": rows | received | paid,
    }


def recorder(log: Evidence) -> Iterator[Any]:
    """Yield acts' parts, each of which records the next event."""
    number = 0
    while True:
        number += 1
        channel = sha256(b"%d" % (number // 1000)).hexdigest()
        for kind, fields in window(number).items():
            link = (fields["rows"][0]["agreement"], str(number))

            def record(tx: Tx, kind: str = kind, link: Any = link, part: str = channel, told: Any = fields) -> None:
                log.record(tx, kind, part=part, link=link, fields=told, now=NOW)

            yield record


async def append(folder: Path, events: int, each: int) -> dict[str, float]:
    """Append `events`, `each` to an act; return seconds and CPU seconds."""
    settle()
    store, parts = await Store.open(folder / NAME, TABLES), recorder(evidence())
    await store.write(next(parts))
    left = events

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= each
            acts = [next(parts) for _ in range(each)]
            await store.write(lambda tx, acts=acts: [act(tx) for act in acts], short=True)  # type: ignore[misc]

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(AT_ONCE // each)))
    taken = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "commits": store.counts[1]}
    await store.close()
    return taken


def unwritten(events: int) -> float:
    """Make so many events by the ledger's functions alone, in one row and written nowhere; return the seconds."""
    box, tree, left = disclosure.BoxKey(readers()), merkle.Compact(), events
    begun = time.perf_counter()
    for number in itertools.count(1):
        channel = sha256(b"%d" % (number // 1000)).hexdigest()
        for kind, fields in window(number).items():
            link, texts = (fields["rows"][0]["agreement"], str(number)), disclosure.conceal(fields)
            sd = disclosure.digests(texts)
            entry = Entry(kind, NOW, PARTY, channel, link, sd, BLOCK).encode()
            leaf = merkle.leaf_hash(entry)
            box.close(texts, leaf)
            tree = tree.append(leaf)
            if not (left := left - 1):
                return time.perf_counter() - begun
    raise AssertionError("numbers do not end")


def floor(folder: Path, rows: Sequence[tuple[Any, ...]]) -> float:
    """Insert finished rows, synced in transactions of `FLOOR_ROWS`; return the seconds."""
    asyncio.run(_made(folder))
    marks = ", ".join("?" * len(rows[0]))
    with closing(connect(folder / NAME, WRITING)) as database:
        begun = time.perf_counter()
        for at in range(0, len(rows), FLOOR_ROWS):
            database.execute("BEGIN IMMEDIATE")
            database.executemany(f"INSERT INTO log_entries VALUES ({marks})", rows[at : at + FLOOR_ROWS])
            database.execute("COMMIT")
            if at % (64 * FLOOR_ROWS) == 0:
                database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return time.perf_counter() - begun


async def _made(folder: Path) -> None:
    await (await Store.open(folder / NAME, TABLES)).close()


# ---- what is proven


def fill(folder: Path, entries: int) -> None:
    """Write a log of so many short entries, row by row past the store, under one signed and cosigned head."""
    asyncio.run(_made(folder))
    levels: list[list[bytes]] = [[]]
    tree = merkle.Compact()
    with closing(sqlite3.connect(folder / NAME, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF").fetchall()
        database.execute("BEGIN")
        for first in range(0, entries, TILE):
            raw = [b'{"entry":%d}' % at for at in range(first, min(first + TILE, entries))]
            leaves = [merkle.leaf_hash(each) for each in raw]
            rows = [(first + at, each, leaf) for at, (each, leaf) in enumerate(zip(raw, leaves, strict=True))]
            database.executemany("INSERT INTO log_entries (idx, entry, leaf) VALUES (?, ?, ?)", rows)
            if len(leaves) == TILE:
                _climb(database, levels, 1, merkle.perfect(leaves))
                tree = tree.append(merkle.perfect(leaves))
        tail = merkle.Compact()
        for leaf in leaves if entries % TILE else ():
            tail = tail.append(leaf)
        root = merkle.fold((*tree.peaks, *tail.peaks))
        note = checkpoints.sign(Checkpoint(ORIGIN, entries, root), KEY).encode()
        head = (entries, root, note, note)
        database.execute("INSERT INTO checkpoints (size, root, note, cosigned) VALUES (?, ?, ?, ?)", head)
        database.execute("COMMIT")


def _climb(database: sqlite3.Connection, levels: list[list[bytes]], level: int, value: bytes) -> None:
    """Put a hash on a level, and the root of a full tile on the one above."""
    while len(levels) <= level:
        levels.append([])
    hashes = levels[level]
    hashes.append(value)
    row = (level, len(hashes) - 1, value)
    database.execute("INSERT INTO log_hashes (level, idx, hash) VALUES (?, ?, ?)", row)
    if len(hashes) % TILE == 0:
        _climb(database, levels, level + 1, merkle.perfect(hashes[-TILE:]))


async def prove(folder: Path, proofs: int) -> dict[str, float]:
    """Make proofs of entries drawn at random, as the store serves them; return milliseconds."""
    store, log, chance = await Store.open(folder / NAME, TABLES), evidence(), random.Random(1)
    size = await store.read(log.size)
    times = []
    for index in [chance.randrange(size) for _ in range(proofs)]:
        begun = time.perf_counter()
        made = await store.read(lambda tx, index=index: log.proof(tx, index))
        times.append(1000 * (time.perf_counter() - begun))
        assert made is not None
    await store.close()
    return {"p50": report.percentile(times, 50), "p99": report.percentile(times, 99)}


# ---- the rounds


def run(*what: str) -> tuple[dict[str, float], report.Cost]:
    """Do one work in a process of its own; return what it printed and what it cost."""
    with tempfile.TemporaryFile("w+") as said:
        cost = report.run([sys.executable, "-m", "bench.log", *what], said.fileno())
        said.seek(0)
        return json.loads(said.read()), cost


def rows_of(folder: Path) -> list[tuple[Any, ...]]:
    """The rows that a round has left."""
    with closing(sqlite3.connect(folder / NAME)) as database:
        return database.execute("SELECT * FROM log_entries ORDER BY idx").fetchall()


def appended(events: int, rounds: int) -> dict[str, tuple[float, str]]:
    """Return how many events a second were appended; the four works take turns."""
    rates: dict[str, list[float]] = {ONE_EACH: [], MANY_EACH: [], FLOOR: [], UNWRITTEN: []}
    figures: dict[str, tuple[float, str]] = {}
    for _ in range(rounds):
        for name, each in ((ONE_EACH, 1), (MANY_EACH, MANY)):
            with tempfile.TemporaryDirectory() as folder:
                os.sync()
                taken, cost = run("append", folder, str(events), str(each))
                rates[name].append(events / taken["seconds"])
                figures[f"{RATE}, {name}: CPU"] = (1e6 * taken["cpu"] / events, "µs an event")
                figures[f"{RATE}, {name}: peak memory"] = (cost.peak_bytes / MIB, "MiB")
                rows = rows_of(Path(folder))
        with tempfile.TemporaryDirectory() as folder:
            os.sync()
            rates[FLOOR].append(len(rows) / floor(Path(folder), rows))
        rates[UNWRITTEN].append(events / unwritten(events))
    for name, found in rates.items():
        figures[f"{RATE}, {name}"] = (statistics.median(found), "1/s")
    for name in (ONE_EACH, MANY_EACH):
        ratio = figures[f"{RATE}, {name}"][0] / figures[f"{RATE}, {FLOOR}"][0]
        figures[f"{RATE}, {name} ÷ {FLOOR}"] = (ratio, "times")
    return figures


def proven(entries: int) -> dict[str, tuple[float, str]]:
    """Return how long a proof takes in a log of so many entries."""
    name = PROOF.format(entries)
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), entries)
        found, cost = run("prove", folder, str(PROOFS))
    figures = {f"{name}, {percent}": (value, "ms") for percent, value in found.items()}
    return figures | {f"{name}: peak memory": (cost.peak_bytes / MIB, "MiB")}


def main() -> None:
    """Measure, print, write bench/results/log.json."""
    works = {"append": append, "prove": prove}
    if sys.argv[1:2] and sys.argv[1] in works:
        folder, *counts = sys.argv[2:]
        print(json.dumps(uvloop.run(works[sys.argv[1]](Path(folder), *map(int, counts)))))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(machine(), flush=True)
    found = report.rows(appended(asked.events, asked.rounds) | proven(asked.entries), TARGETS)
    print(report.table(found))
    print("written to", report.write("log", found))


if __name__ == "__main__":
    main()
