"""The acts on the real store, through its writer thread, across closing and reopening the file."""

from __future__ import annotations

import asyncio

import pytest

from connector.channel import account as accounts
from connector.channel import payee, payer, plan, receive, release
from connector.channel.errors import ChannelFault
from connector.store.sqlite import Store
from connector.store.tables import TABLES
from tests.channel.rig import BUYER_DID, CHANNEL_ID, PAYEE, PAYER, PROVIDER_DID, START, TOKEN, Pair, over_the_wire


async def open_both(tmp_path):
    return [await Store.open(tmp_path / f"{name}.db", TABLES) for name in ("payer", "payee")]


async def begin(stores, pair):
    for store, role, peer in zip(stores, ("payer", "payee"), (PROVIDER_DID, BUYER_DID), strict=True):
        await store.write(
            lambda tx, role=role, peer=peer: accounts.begin(
                tx,
                channel_id=CHANNEL_ID,
                role=role,
                peer=peer,
                agreement=pair.deal.hex(),
                payer=PAYER,
                payee=PAYEE,
                signer=PAYER,
                token=TOKEN,
                split=pair.terms.split,
                arbitrator=bytes(20),
                salt=bytes(32),
                deposit=5000,
                expiry=pair.account("payee").expiry,
                now=START,
            )
        )


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
    while True:
        wants = [pair.want()]
        request = await stores[0].read(lambda tx, w=wants: plan.plan(tx, pair.buyer, CHANNEL_ID, w, START))
        if request is None:
            break
        windows += 1
        sent = over_the_wire(request)
        await again()
        offer = await stores[1].write(
            lambda tx, sent=sent: payee.on_key_request(tx, pair.holder, BUYER_DID, CHANNEL_ID, sent, START)
        )
        await again()
        voucher = await stores[0].write(
            lambda tx, r=request, o=over_the_wire(offer): payer.on_offer(tx, pair.buyer, CHANNEL_ID, r, o, START)
        )
        await again()
        assert await stores[0].read(lambda tx: payer.waiting(tx, CHANNEL_ID)) == voucher
        answers = [
            await stores[1].write(
                lambda tx, v=over_the_wire(voucher): release.on_voucher(
                    tx, pair.holder, BUYER_DID, CHANNEL_ID, v, START
                )
            )
            for _ in range(2)
        ]
        assert answers[0] == answers[1]
        await again()
        await stores[0].write(
            lambda tx, m=over_the_wire(answers[0]): receive.on_release(tx, pair.buyer, CHANNEL_ID, m, START)
        )
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
