"""Which products a member that leaves is told of, and that none of them comes on offer when it has left."""

from __future__ import annotations

import asyncio
import threading
from itertools import product as pairs

import pytest

from connector.exchange.leaving import Departing
from connector.negotiation import on_offer
from connector.provider import history
from connector.runtime.errors import Conflict
from connector.store.rows.product import ProductRow, ProductState
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.api.lone import lone
from tests.negotiation.world import START, product

FAILED = ProductState.FAILED
STATES = (*on_offer.UNDER_WAY, *on_offer.OFFERED, ProductState.WITHDRAWN, FAILED)
# states in which the exchange lists what was never handed in before, or may as soon as it is answered
BEFORE_THE_FIRST = set(on_offer.ON_OFFER)
BRIEF = {
    "id": "tides", "title": "Tides", "price": "3", "floor": "1", "unit": "MiB", "tier": "kept", "purpose": "Research",
    "until": "2099-01-31T00:00:00+00:00", "region": "US",
}  # fmt: skip


@pytest.fixture
async def shop(tmp_path):
    """A provider's products in each state, once as never handed in and once with a version at the exchange."""
    store = await Store.open(tmp_path / "shop.db", [table for table in TABLES if table.name.startswith("product")])

    def fill(tx):
        for state, known in pairs(STATES, (False, True)):
            row = product(id=f"{state} {known}", state=state, blind=None)
            tx.insert("products", **row)
            tx.insert("products", **row | {"id": f"unlisted {state} {known}", "blind": bytes(32)})
            for one in (row["id"], f"unlisted {row['id']}") if known else ():
                history.keep(tx, tx.get(ProductRow, id=one), START)

    await store.write(fill)
    yield store
    await store.close()


async def test_a_member_is_told_of_what_is_listed_whatever_is_done_to_it(shop):
    told = set(await shop.read(on_offer.listed))
    handed_in = {f"{state} True" for state in STATES} - {f"{ProductState.WITHDRAWN} True"}
    assert told == handed_in | {f"{state} False" for state in BEFORE_THE_FIRST}
    assert {"renewing True", "sealed True", "failed True"} <= told, "the exchange has them as they were"


async def test_nothing_is_on_offer_or_comes_on_offer_after_that(shop):
    await shop.write(lambda tx: on_offer.take_off(tx, evidence=None, now=START))
    rows = await shop.read(lambda tx: tx.find("products"))
    assert {row["state"] for row in rows} == {ProductState.WITHDRAWN, FAILED}


async def test_what_is_taken_off_while_it_is_sealed_stays_so(tmp_path, monkeypatch):
    path = tmp_path / "tides.csv"
    path.write_text("hour,height\n1,2\n")
    async with lone(tmp_path / "data", ("provider", "exchange")) as shop:
        begun, go, seal = threading.Event(), threading.Event(), shop.publications._describe_and_seal

        def held(*told):
            begun.set()
            assert go.wait(10)
            return seal(*told)

        monkeypatch.setattr(shop.publications, "_describe_and_seal", held)
        publishing = asyncio.create_task(shop.publications.publish(BRIEF | {"files": [str(path)]}))
        assert await asyncio.to_thread(begun.wait, 10)
        await Departing(shop.core, shop.exchange).take_off()
        go.set()
        with pytest.raises(Conflict, match="withdrawn"):
            await asyncio.wait_for(publishing, 10)
        rows = await shop.store.read(lambda tx: (tx.find("products"), tx.find("editions")))
        assert ([row["state"] for row in rows[0]], rows[1]) == ([ProductState.WITHDRAWN], [])
        async with asyncio.timeout(10):  # it is thrown away by a thread, after the refusal
            while list((tmp_path / "data/sealed").glob("*.sealed")):
                await asyncio.sleep(0.02)
