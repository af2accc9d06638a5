"""The acts on the real store, through its writer thread, across closing and reopening the file."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from connector.channel import account as accounts
from connector.channel import payee, payer, plan, receive, release
from connector.channel.errors import ChannelFault
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.channel.rig import BUYER_DID, CHANNEL_ID, PAYEE, PAYER, PROVIDER_DID, START, TOKEN, Pair, over_the_wire
from tests.row_key import row_key


async def open_both(tmp_path):
    return [await Store.open(tmp_path / f"{name}.db", TABLES, row_key()) for name in ("payer", "payee")]


async def begin(stores, pair):
    values = {
        "channel_id": CHANNEL_ID, "agreement": pair.deal.hex(), "payer": PAYER, "payee": PAYEE, "signer": PAYER,
        "token": TOKEN, "split": pair.terms.split, "arbitrator": bytes(20), "salt": bytes(32), "deposit": 5000,
        "expiry": START + timedelta(days=30), "now": START,
    }  # fmt: skip
    await stores[0].write(lambda tx: accounts.begin(tx, role="payer", peer=PROVIDER_DID, **values))
    await stores[1].write(lambda tx: accounts.begin(tx, role="payee", peer=BUYER_DID, **values))


async def one_window(stores, pair, again):
    """Move one window, calling `again` between any two messages; False when nothing was left."""
    wants = [pair.want()]
    request = await stores[0].read(lambda tx: plan.plan(tx, pair.buyer, CHANNEL_ID, wants, START))
    if request is None:
        return False
    sent = over_the_wire(request)
    await again()
    offer = await stores[1].write(lambda tx: payee.on_key_request(tx, pair.holder, BUYER_DID, CHANNEL_ID, sent, START))
    offered = over_the_wire(offer)
    await again()
    voucher = await stores[0].write(lambda tx: payer.on_offer(tx, pair.buyer, CHANNEL_ID, request, offered, START))
    await again()
    assert await stores[0].read(lambda tx: payer.waiting(tx, CHANNEL_ID)) == voucher
    paid = over_the_wire(voucher)

    def pay(tx):
        return release.on_voucher(tx, pair.holder, BUYER_DID, CHANNEL_ID, paid, START)

    first = await stores[1].write(pay)
    await again()
    assert await stores[1].write(pay) == first
    released = over_the_wire(first)
    await stores[0].write(lambda tx: receive.on_release(tx, pair.buyer, CHANNEL_ID, released, START))
    return True


async def test_a_pull_over_reopened_files(tmp_path):
    """Every store is closed and opened again between any two messages of a window."""
    pair = Pair()
    stores = await open_both(tmp_path)
    await begin(stores, pair)

    async def again():
        for store in stores:
            await store.close()
        stores[:] = await open_both(tmp_path)

    windows = 0
    while await one_window(stores, pair, again):
        windows += 1
    assert windows == 5
    paid = [await store.read(lambda tx: tx.get("paid_rows", agreement=pair.deal.hex())) for store in stores]
    assert paid[0] == paid[1]
    assert paid[0]["rows"] == [[0, 12]]
    for store in stores:
        await store.close()


async def test_a_refused_act_leaves_nothing_beside_acts_that_share_its_commit(tmp_path):
    pair = Pair()
    stores = await open_both(tmp_path)
    await begin(stores, pair)
    wants = [pair.want()]
    request = await stores[0].read(lambda tx: plan.plan(tx, pair.buyer, CHANNEL_ID, wants, START))
    acts = [
        stores[1].write(lambda tx, who=who: payee.on_key_request(tx, pair.holder, who, CHANNEL_ID, request, START))
        for who in (BUYER_DID, "did:web:else.example", BUYER_DID, "did:web:else.example")
    ]
    results = await asyncio.gather(*acts, return_exceptions=True)
    assert results[0] == results[2]
    assert [type(result) for result in results[1::2]] == [ChannelFault, ChannelFault]
    rows = await stores[1].read(lambda tx: tx.find("windows"))
    assert len(rows) == 1
    with pytest.raises(ChannelFault):
        await stores[0].read(lambda tx: accounts.load(tx, bytes(32), "payer"))
    for store in stores:
        await store.close()
