"""What stands on the list, by kind: every numbered table has its kind, and what was found elsewhere has none."""

from __future__ import annotations

import pytest

from catalog.facets import FACETS
from catalog.found import found_id
from connector.exchange import kinds
from connector.exchange.numbering import BEGINS, NUMBERED, table_of
from connector.runtime.errors import Absent
from connector.store.store import Store
from connector.store.tables import TABLES

FOUND = found_id("did:web:provider.example", "tides")
IDS = {"listings": "tides", "services": "service:tides", "federated": FOUND}


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(tmp_path / "exchange.db", [table for table in TABLES if table.name in NUMBERED])
    yield opened
    await opened.close()


def test_every_numbered_table_has_its_ids_and_every_listed_one_its_kind():
    assert {table: table_of(key) for table, key in IDS.items()} == {table: table for table in NUMBERED}
    assert set(kinds.KINDS) == set(NUMBERED) - {"federated"}
    assert {"listings", *BEGINS.values()} == set(NUMBERED)


def test_a_question_names_each_kind():
    assert {kinds.named(kind.NAME) for kind in kinds.KINDS.values()} == set(kinds.KINDS.values())
    assert {kind.NAME for kind in kinds.KINDS.values()} == set(FACETS["kind"].codes)
    assert kinds.named("") is kinds.KINDS["listings"]


@pytest.mark.parametrize("key", IDS.values())
async def test_what_is_not_there_is_absent_of_whichever_kind(store, key):
    with pytest.raises(Absent):
        await store.read(lambda tx: kinds.of(key).find(tx, key))
    with pytest.raises(Absent):
        await store.read(lambda tx: kinds.of(key).listed(tx, key))
    assert await store.read(lambda tx: kinds.shown(tx, key)) is None
