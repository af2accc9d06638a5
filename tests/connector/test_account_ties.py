"""What ties a participant to its account: each row of the table is asked of the tables that there are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import pytest_asyncio

from connector.operation.keys.account_ties import TIES, UNDER_WAY, require_untied
from connector.runtime.errors import Conflict
from connector.store.store import Store
from connector.store.tables import TABLES

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest_asyncio.fixture
async def store(tmp_path):
    made = await Store.open(tmp_path / "p.db", TABLES)
    yield made
    await made.close()


async def refusal(store, *, stolen=False):
    try:
        await store.read(lambda tx: require_untied(tx, stolen=stolen))
    except Conflict as fault:
        return str(fault)
    return ""


async def test_who_has_nothing_is_tied_by_nothing(store):
    for tie in (*TIES, *UNDER_WAY):
        assert await store.read(lambda tx, tie=tie: tx.execute(f"SELECT 1 FROM {tie.query} LIMIT 1")) == []
    assert await refusal(store) == ""


async def test_what_is_under_way_is_waited_for_but_not_of_a_stolen_key(store):
    await store.write(lambda tx: tx.put("chain_txs", id="a", state="signed", created=AT))
    assert "transactions are under way" in await refusal(store)
    assert await refusal(store, stolen=True) == ""
    await store.write(lambda tx: tx.put("chain_txs", id="a", state="mined", created=AT))
    assert await refusal(store) == ""


@pytest.mark.parametrize("stolen", [True, False])
async def test_what_stands_under_the_account_ties_in_any_case(store, stolen):
    row = {"digest": "a", "parent": "b", "child": "did:web:x", "document": {}, "state": "granted", "created": AT}
    await store.write(lambda tx: tx.put("sub_licences", **row))
    assert "sub-licences" in await refusal(store, stolen=stolen)


async def test_a_product_on_its_way_is_waited_for_and_one_on_offer_ties_nothing(store):
    row = {"id": "p", "title": "p", "tier": "kept", "brief": {}, "policy": {}, "limits": {}, "created": AT}
    await store.write(lambda tx: tx.put("products", **row, updated=AT, state="sealed"))
    assert "being published" in await refusal(store)
    assert await refusal(store, stolen=True) == ""
    await store.write(lambda tx: tx.put("products", **row, updated=AT, state="submitted"))
    assert await refusal(store) == ""
