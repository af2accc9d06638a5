"""What stands on the list, by kind: every numbered table has its kind, and what was found elsewhere has none."""

from __future__ import annotations

import pytest

from catalog.facets import APPLICATION, FACETS
from catalog.found import found_id
from connector.exchange import kinds
from connector.exchange.numbering import BEGINS, NUMBERED, row_of
from connector.runtime.errors import Absent
from connector.store.rows.catalogue import FederatedRow, ListingRow, ServiceRow
from connector.store.store import Store

FOUND = found_id("did:web:provider.example", "tides")
IDS = {ListingRow: "tides", ServiceRow: "service:tides", FederatedRow: FOUND}


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(tmp_path / "exchange.db", [row.TABLE for row in NUMBERED])
    yield opened
    await opened.close()


def test_every_numbered_table_has_its_ids_and_every_listed_one_its_kind():
    assert {row: row_of(key) for row, key in IDS.items()} == {row: row for row in NUMBERED}
    assert set(kinds.KINDS) == set(NUMBERED) - {FederatedRow}
    assert {ListingRow, *BEGINS.values()} == set(NUMBERED)


def test_a_question_names_each_kind():
    assert {kinds.named(kind.NAME) for kind in kinds.KINDS.values()} == set(kinds.KINDS.values())
    # an application is listed as a data set is: its one file is a program
    assert {kind.NAME for kind in kinds.KINDS.values()} | {APPLICATION} == set(FACETS["kind"].codes)
    assert kinds.named("") is kinds.named(APPLICATION) is kinds.KINDS[ListingRow]


@pytest.mark.parametrize("key", IDS.values())
async def test_what_is_not_there_is_absent_of_whichever_kind(store, key):
    with pytest.raises(Absent):
        await store.read(lambda tx: kinds.of(key).find(tx, key))
    with pytest.raises(Absent):
        await store.read(lambda tx: kinds.of(key).listed(tx, key))
    assert await store.read(lambda tx: kinds.shown(tx, key)) is None
