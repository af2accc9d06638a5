"""What a search says of what it leaves out."""

from __future__ import annotations

from connector.exchange import listings
from connector.store.sqlite import Store
from connector.store.tables import TABLES

OFFER = {"ask": "5", "terms": {"tariff": {"unit": "byte", "minor": "5", "per": "1", "currency": "CNY"}}}


async def test_a_search_counts_what_it_does_not_show(tmp_path, monkeypatch):
    monkeypatch.setattr(listings, "PAGE_ROWS_MAX", 2)
    store = await Store.open(tmp_path / "exchange.db", [table for table in TABLES if table.name == "listings"])
    try:
        for number in range(5):
            row = {"id": f"l{number}", "title": "weather", "words": "", "offer": OFFER, "state": "listed"}
            await store.write(lambda tx, row=row: tx.insert("listings", **row))
        found = await store.read(lambda tx: listings.search(tx, "weather"))
    finally:
        await store.close()
    assert [row["id"] for row in found["products"]] == ["l0", "l1"]
    assert found["found"] == 5
