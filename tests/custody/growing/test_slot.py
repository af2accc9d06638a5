"""A logical slot of a real PostgreSQL server: every change once, in the order of commits, whoever crashes when."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from connector.custody.errors import VaultError
from connector.custody.growing.pgoutput import Reader
from connector.custody.growing.slot import Slot
from tests import postgres

SETTINGS = "-c fsync=off -c max_connections=20 -c wal_level=logical"


@pytest.fixture(scope="module")
def server(absent):
    import psycopg

    if postgres.program("postgres") is None:
        absent("no PostgreSQL server is installed (Debian: postgresql)")
    with tempfile.TemporaryDirectory(dir=postgres.MEMORY) as name:
        Path(name).chmod(0o755)
        with postgres.running(Path(name) / "server", SETTINGS) as reached:
            base = f"postgresql:///postgres?host={quote(reached['PGHOST'], safe='')}&user={reached['PGUSER']}"
            with psycopg.connect(base, autocommit=True) as there:
                there.execute("CREATE TABLE rain (id int PRIMARY KEY, mm numeric, note text)")
                there.execute("CREATE TABLE other (id int)")
                there.execute("CREATE PUBLICATION rain FOR TABLE rain")
                yield there, base


def slot(there, base, name):
    there.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (name,))
    return f"{base}&slot={name}&publication=rain"


def read(place, position=""):
    """Return what a slot tells, as JSON, and the position behind it; the source is told that it was kept."""

    async def drain():
        source, found, behind = Slot(place, position), [], position
        try:
            while (one := await source.read()) is not None:
                found += [json.loads(message) for message in one.messages]
                behind = one.position
                await source.confirm(behind)
        finally:  # a server that is told to end waits for those that are connected
            await source.close()
        return found, behind

    return asyncio.run(drain())


def test_every_kind_of_change_is_told(server):
    there, base = server
    place = slot(there, base, "kinds")
    there.execute("INSERT INTO rain VALUES (1, 2.50, 'a \"b\"'), (2, NULL, '晴')")
    there.execute("INSERT INTO other VALUES (7)")
    there.execute("UPDATE rain SET mm = 3 WHERE id = 1")
    there.execute("UPDATE rain SET id = 9 WHERE id = 1")
    there.execute("DELETE FROM rain WHERE id = 2")
    there.execute("TRUNCATE rain")
    found, _ = read(place)
    at = [one.pop("at") for one in found]
    assert at == sorted(at)
    assert all(one.endswith("Z") for one in at)
    rain = {"table": "public.rain"}
    assert found == [
        {"op": "insert", **rain, "row": {"id": "1", "mm": "2.50", "note": 'a "b"'}},
        {"op": "insert", **rain, "row": {"id": "2", "mm": None, "note": "晴"}},
        {"op": "update", **rain, "row": {"id": "1", "mm": "3", "note": 'a "b"'}},
        {
            "op": "update",
            **rain,
            "row": {"id": "9", "mm": "3", "note": 'a "b"'},
            "was": {"id": "1", "mm": None, "note": None},
        },
        {"op": "delete", **rain, "was": {"id": "2", "mm": None, "note": None}},
        {"op": "truncate", **rain},
    ]


def test_what_was_rolled_back_is_not_told(server):
    there, base = server
    place = slot(there, base, "back")
    there.execute("BEGIN")
    there.execute("INSERT INTO rain VALUES (500, 1, '')")
    there.execute("ROLLBACK")
    assert read(place)[0] == []


@pytest.mark.parametrize("seed", range(5))
def test_every_change_comes_once_whoever_crashes(server, seed):
    there, base = server
    place, random = slot(there, base, f"crash{seed}"), Random(seed)
    there.execute("TRUNCATE rain")
    read(place)
    position, kept, written = "", [], []

    async def once(confirm):
        """Read once; what was kept is in the position, the source may hear of it or not."""
        nonlocal position, kept
        source = Slot(place, position)
        one = await source.read()
        if one is not None and random.random() < 0.7:  # else we crash before it is durable here
            kept += [json.loads(message)["row"]["id"] for message in one.messages]
            position = one.position
            if confirm:
                await source.confirm(position)
        await source.close()

    for number in range(40):
        count = random.randint(1, 3)
        with there.transaction():
            for part in range(count):
                there.execute("INSERT INTO rain VALUES (%s, 1, '')", (number * 10 + part,))
        written += [str(number * 10 + part) for part in range(count)]
        if random.random() < 0.5:
            asyncio.run(once(random.random() < 0.5))
    while kept != written:
        before = len(kept)
        asyncio.run(once(confirm=True))
        assert kept == written[: len(kept)]
        assert len(kept) >= before


def test_a_slot_or_a_publication_that_is_not_there_is_said(server):
    there, base = server
    with pytest.raises(VaultError, match=r"pg_create_logical_replication_slot\('none'"):
        Slot(f"{base}&slot=none&publication=rain").look()
    place = slot(there, base, "lonely").replace("publication=rain", "publication=nothing")
    with pytest.raises(VaultError, match="CREATE PUBLICATION nothing"):
        Slot(place).look()
    there.execute("SELECT pg_create_logical_replication_slot('words', 'test_decoding')")
    with pytest.raises(VaultError, match="of `pgoutput`"):
        Slot(f"{base}&slot=words&publication=rain").look()
    with pytest.raises(VaultError, match="names no slot"):
        Slot("postgresql://h/d?slot=a")
    with pytest.raises(VaultError, match="`options` has no place"):
        Slot("postgresql://h/d?slot=a&publication=b&options=-cx")
    with pytest.raises(VaultError, match="cannot be read"):
        Slot("postgresql://localhost:1/d?slot=a&publication=b").look()


def test_what_is_no_change_is_refused():
    with pytest.raises(VaultError, match="tells `M`"):
        list(Reader().transactions([b"M..."]))
