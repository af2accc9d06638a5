"""`penstock vault` reads what is kept without a server, and finds bytes that a disk lost."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime

import pytest

from connector.custody import edition, replicas
from connector.custody import idle as idleness
from connector.custody.blobs import Blobs
from connector.custody.places import places_of
from connector.custody.seal import Brief, seal
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from connector.runtime import data_folder
from connector.runtime.clock import Clock
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.ranges import RowSet

S = 64 * 1024
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def kept(participant, tmp_path):
    """A participant with one edition of its own and half a replica of somebody else's."""
    data = participant()
    (tmp_path / "f.csv").write_bytes(hashlib.shake_128(b"f").digest(5 * S))
    keys, blobs = Keys(data / data_folder.VAULT_KEYS), Blobs(data / data_folder.SEALED)
    told = Brief(b"\x05" * 32, 1, "did:web:provider.example", piece_bytes=S)
    source = source_of([tmp_path / "f.csv"])
    sealed = seal(source, keys.draw_run(), blobs, told, sealed_at=NOW)
    theirs = seal(source, Keys(tmp_path / "k").draw_run(), Blobs(tmp_path / "b"), told, sealed_at=NOW)
    new = replicas.prepare(keys, theirs.edition_id, theirs.header.json(), theirs.table.data)

    async def store():
        opened = await Store.open(data / data_folder.DATABASE, TABLES)
        await opened.write(lambda tx: edition.record(tx, sealed, product="p", now=NOW))
        row = await opened.write(lambda tx: replicas.record(tx, new, agreement="a", now=NOW))
        intake = replicas.intake(blobs.folder, row)
        with Blobs(tmp_path / "b").open(theirs.edition_id, theirs.table) as file:
            for number, piece in enumerate(file.read_pieces(0, 3)):
                intake.accept(number, piece)
        intake.sync()
        intake.close()
        await opened.write(lambda tx: replicas.note_bytes(tx, row.id, RowSet(((0, 3),))))
        await opened.close()
        return blobs.folder / row.path

    return data, sealed, asyncio.run(store())


def spoil(path, at):
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


def test_an_empty_vault_and_none(penstock, participant):
    data = participant()
    assert penstock("vault", "list", "--data", data).code == 4

    async def make():
        await (await Store.open(data / data_folder.DATABASE, TABLES)).close()

    asyncio.run(make())
    assert "empty" in penstock("vault", "list", "--data", data).out
    assert penstock("vault", "scrub", "--data", data, "--json").json == {"scrubbed": [], "damaged": 0}


def test_list(penstock, kept):
    data, sealed, _ = kept
    rows = penstock("vault", "list", "--data", data, "--json").json["holdings"]
    size = len(sealed.table)
    assert [(row["kind"], row["held"], row["rows"], row["state"]) for row in rows] == [
        ("edition", size, size, "sealed"), ("replica", 3, size, "receiving"),
    ]  # fmt: skip
    assert [row["file"] for row in rows] == [f"{row['edition']}.sealed" for row in rows]
    assert rows[0]["edition"] == sealed.edition_id.hex() != rows[1]["edition"]
    shown = penstock("vault", "list", "--data", data).out
    assert "replica" in shown
    assert rows[0]["id"][:12] in shown.split()
    assert f"3 of {size}" in shown
    assert {row["id"] for row in rows} < set(penstock("vault", "list", "--data", data, "--long").out.split())


def test_scrub_of_whole_bytes(penstock, kept):
    data, sealed, _ = kept
    said = penstock("vault", "scrub", "--data", data, "--json")
    assert said.code == 0
    assert said.json["damaged"] == 0
    assert sum(row["good"] for row in said.json["scrubbed"]) == len(sealed.table) + 3


def test_scrub_finds_one_lost_bit_and_only_where_rows_are_held(penstock, kept):
    data, sealed, replica = kept
    spoil(sealed.path, places_of(sealed.table).offset(4) + 7)
    spoil(replica, places_of(sealed.table).offset(2))
    spoil(replica, places_of(sealed.table).offset(4))
    said = penstock("vault", "scrub", "--data", data, "--json")
    assert said.code == 6
    assert [row["bad"] for row in said.json["scrubbed"]] == [[[4, 1]], [[2, 1]]]
    assert "2 do not" in penstock("vault", "scrub", "--data", data).out


def test_scrub_misses_a_whole_file(penstock, kept):
    data, sealed, replica = kept
    sealed.path.unlink()
    replica.write_bytes(b"short")
    said = penstock("vault", "scrub", "--data", data, "--json")
    assert said.code == 6
    assert said.json["damaged"] == len(sealed.table) + 3
    assert all(row["problem"] for row in said.json["scrubbed"])


@pytest.mark.parametrize(("state", "code"), [("mended", 0), ("failed", 6)])
def test_repair_is_the_server_s_and_is_followed_to_its_end(penstock, management, state, code):
    mend = {"kind": "replica", "id": "ab" * 16, "bad": [[1, 2]], "left": 2, "state": "fetching", "reason": ""}
    end = {"running": False, "hashed": 2, "mends": [mend | {"state": state, "left": 0}]}
    management.answers["vault/repairs"] = [
        (200, {"running": True, "hashed": 1, "mends": []}),
        (200, {"running": True, "hashed": 2, "mends": [mend]}),
        (200, end),
    ]
    said = penstock("vault", "scrub", "--repair", "--data", management.data, "--json")
    assert (said.code, said.json) == (code, end)
    assert "1 damaged, 2 pieces to fetch" in said.err
    assert [method for method, _, _ in management.asked] == ["POST", "GET", "GET"]


def test_idle_lists_what_nobody_used(penstock, kept):
    data, sealed, _ = kept
    idle = penstock("vault", "idle", "--data", data, "--days", "30", "--json").json["idle"]
    assert [row["kind"] for row in idle] == ["edition", "replica"]
    assert {row["used"] for row in idle} == {NOW.isoformat()}

    async def serve():
        opened = await Store.open(data / data_folder.DATABASE, TABLES)
        await opened.write(lambda tx: idleness.note_served(tx, sealed.edition_id.hex(), Clock().now()))
        await opened.close()

    asyncio.run(serve())
    assert [row["kind"] for row in penstock("vault", "idle", "--data", data, "--json").json["idle"]] == ["replica"]
    assert f" {sealed.header.sealed_bytes} " in penstock("vault", "idle", "--data", data, "--days", "0").out


def test_holders_and_lineage_are_found_by_the_beginning_of_an_id(penstock, kept):
    data, sealed, replica = kept
    said = penstock("vault", "holders", sealed.edition_id.hex()[:8], "--data", data, "--json")
    assert said.json == {"holders": []}
    found = penstock("vault", "lineage", replica.name[:8], "--data", data, "--json").json
    assert (found["edition"], found["agreement"], found["provider"]) == (replica.stem, "a", None)
    assert replica.stem in penstock("vault", "lineage", replica.name[:8], "--data", data).out
    assert penstock("vault", "lineage", "zz", "--data", data).code == 4


def test_a_database_of_somebody_else_is_not_read(penstock, participant):
    import sqlite3

    data = participant()
    with sqlite3.connect(data / data_folder.DATABASE) as other:
        other.execute("create table t (a)")
    other.close()
    said = penstock("vault", "list", "--data", data)
    assert said.code == 2
    assert "not one of penstock" in said.err
