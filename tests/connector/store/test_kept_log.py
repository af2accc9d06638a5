"""fsck of a participant's own tables: whatever is changed in them is named, and what was erased is no flaw."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from connector.runtime.errors import Absent, Conflict
from connector.store.erasure import KIND, erase
from connector.store.kept_log import KeptLog
from connector.store.offline import looking
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log import events, fsck
from ledger.log import policy as log_policy
from ledger.log.policy import LogPolicy
from ledger.log.wrapping import HybridKey
from tests.connector.store.test_evidence import NOW, OWNER, SUPERVISOR, evidence_of, grow

COMMITS, EACH = 6, 50
HYBRID = HybridKey(bytes(32))
SIZE = COMMITS * EACH


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The database of a participant that has stopped."""
    path, evidence = tmp_path_factory.mktemp("kept") / "p.sqlite", evidence_of()

    async def fill():
        store = await Store.open(path, TABLES)
        for _ in range(COMMITS):
            await grow(store, evidence, EACH)
        await store.close()

    asyncio.run(fill())
    return path


@pytest.fixture
def path(served, tmp_path):
    return Path(shutil.copy(served, tmp_path / "p.sqlite"))


async def checked(path, key=OWNER):
    policy = LogPolicy((evidence_of().vkey,), {}, {}, log_policy.NONE)
    with looking(path, TABLES, snapshot=False) as tx:
        log = KeptLog(tx, (HYBRID, key))
        return await fsck.check(log.fetch, policy, log)


def changed(path, *statements):
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            assert database.execute(statement).rowcount, statement
        database.commit()


async def test_a_stopped_participants_log_is_whole(path):
    report = await checked(path)
    assert not report.flaws
    assert (report.entries, report.boxes, report.erased, report.heads) == (SIZE, SIZE, 0, COMMITS + 1)
    assert not (await checked(path, SUPERVISOR)).flaws


@pytest.mark.parametrize(
    ("statement", "flaw"),
    [
        ("UPDATE log_entries SET entry = x'00' WHERE idx = 7", ("entry-changed", "entry 7")),
        ("UPDATE log_entries SET leaf = zeroblob(32) WHERE idx = 7", ("hash-changed", "tile/0/000 hash 7")),
        ("UPDATE log_entries SET leaf = zeroblob(32) WHERE idx = 299", ("hash-changed", "tile/0/001.p/44 hash 43")),
        ("UPDATE log_hashes SET hash = zeroblob(32)", ("hash-changed", "tile/1/000.p/1 hash 0")),
        ("UPDATE log_entries SET kind = 'time.mark' WHERE idx = 9", ("entry-misfiled", "entry 9")),
        ("UPDATE log_entries SET part = 'another' WHERE idx = 9", ("entry-misfiled", "entry 9")),
        ("UPDATE log_entries SET box = zeroblob(99) WHERE idx = 9", ("box-false", "entry 9")),
        (
            "UPDATE log_entries SET box = (SELECT box FROM log_entries WHERE idx = 1) WHERE idx = 9",
            ("box-false", "entry 9"),
        ),
        ("DELETE FROM log_hashes", ("resource-lost", "tile/1/000.p/1")),
        (
            "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 50) WHERE size = 100",
            ("head-differs", "the kept checkpoint of size 100"),
        ),
        (
            "UPDATE checkpoints SET note = replace(note, 'localhost', 'elsewhere') WHERE size = 100",
            ("checkpoint-unsigned", "the kept checkpoint of size 100"),
        ),
        ("DELETE FROM checkpoints WHERE size = 300", ("entries-unsigned", "entry 250")),
    ],
)
async def test_each_changed_row_is_named(path, statement, flaw):
    changed(path, statement)
    report = await checked(path)
    assert (report.flaws[0].code, report.flaws[0].place) == flaw
    codes = {one.code for one in report.flaws}
    assert codes <= {flaw[0], "entry-misfiled"}, "what cannot be read as an entry cannot be filed right"


async def test_lost_rows_are_lost_heads(path):
    changed(path, "DELETE FROM log_entries WHERE idx >= 270")
    report = await checked(path)
    assert (report.flaws[0].code, report.flaws[0].place) == ("head-lost", "size 300")
    assert {one.code for one in report.flaws[1:]} == {"resource-lost"}


async def test_what_is_erased_is_gone_and_the_entry_stands(path):
    store, evidence = await Store.open(path, TABLES), evidence_of()
    before = await store.read(lambda tx: tx.get("log_entries", idx=7))
    event = await store.write(lambda tx: erase(tx, evidence, 7, "asked for", NOW))
    with pytest.raises(Conflict):
        await store.write(lambda tx: erase(tx, evidence, 7, "asked for", NOW))
    with pytest.raises(Absent):
        await store.write(lambda tx: erase(tx, evidence, SIZE + 1, "asked for", NOW))
    after = await store.read(lambda tx: tx.get("log_entries", idx=7))
    assert {**before, "box": None, "box_key": None} == after
    said = await store.read(lambda tx: tx.get("log_entries", idx=event))
    assert (event, said["kind"], events.decode(said["entry"]).link) == (SIZE, KIND, (before["leaf"].hex(),))
    await store.close()
    assert before["box"] not in path.read_bytes()
    report = await checked(path)
    assert (report.flaws, report.erased, report.size) == ([], 1, SIZE + 1)


async def test_boxes_to_either_key_of_the_owner_are_checked(tmp_path):
    path, evidence = tmp_path / "p.sqlite", evidence_of()
    store = await Store.open(path, TABLES)
    await grow(store, evidence, 3)
    evidence.disclose_to({"owner": HYBRID.public})
    await grow(store, evidence, 2)
    await store.close()
    report = await checked(path)
    assert (report.boxes, report.flaws) == (5, [])
    changed(path, "UPDATE box_keys SET wrapped = zeroblob(1168) WHERE length(wrapped) = 1168")
    assert [(flaw.code, flaw.place) for flaw in (await checked(path)).flaws] == [
        ("box-false", "entry 3"),
        ("box-false", "entry 4"),
    ]
