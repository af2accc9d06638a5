"""A channel that we opened is paid through once its confirmations are there: before, it holds nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.chain.transactions import Mined
from connector.consumer.deposit import Deposits
from connector.negotiation.asking import SILENCE, Heard
from connector.runtime.errors import Absent, PeerUnreachable
from connector.store.rows.channel import ChannelRow
from ledger.chain.errors import ChainUnreachable
from tests.channel.rig import CHANNEL_ID, KEPT, PAYEE, PROVIDER_DID
from tests.settlement.ground import Chain, Shelf, opened

CONFIRMATIONS, BLOCK = 2, 100
ROW = SimpleNamespace(
    channel=CHANNEL_ID.hex(), its_channel=CHANNEL_ID.hex(), its_agreement="ab" * 32, its_provider=PROVIDER_DID,
    progress={"salt": bytes(32).hex()},
)  # fmt: skip


async def _mined(_key):
    return Mined("cd" * 32, BLOCK)


def _deposits(chain, licensing=None, asking=None):
    settings = SimpleNamespace(
        chain=SimpleNamespace(confirmations=CONFIRMATIONS), negotiation=SimpleNamespace(deadline_seconds=600)
    )
    core = SimpleNamespace(settings=settings, clock=SimpleNamespace(now=lambda: chain.block.at))
    meetings = SimpleNamespace(record=lambda *_told: None)
    engine = SimpleNamespace(asking=asking)
    return Deposits(core, chain, SimpleNamespace(mined=_mined), None, licensing, meetings, engine)


def _agreement(chain, age=timedelta(0)):
    return SimpleNamespace(digest="33" * 32, negotiation="urn:uuid:n", created=chain.block.at - age)


def test_an_opening_waits_for_its_confirmations():
    chain, shelf = Chain(), Shelf()
    deposits = _deposits(chain)
    chain.past = {BLOCK: opened()}
    chain.block.number = BLOCK
    with pytest.raises(PeerUnreachable, match="waits for its confirmations"):
        asyncio.run(deposits.opened(ROW, KEPT.json()))
    chain.block.number = BLOCK + CONFIRMATIONS
    keep = asyncio.run(deposits.opened(ROW, KEPT.json()))
    shelf.act(keep)
    row = shelf.act(lambda tx: tx.get(ChannelRow, id=CHANNEL_ID.hex()))
    assert (row.deposit, row.payee) == (opened().deposit, PAYEE)


def test_a_licence_counts_when_the_chain_tells_who_brought_it():
    chain, granted = Chain(), []
    agreement = _agreement(chain)
    deposits = _deposits(chain, SimpleNamespace(grant=lambda *about: granted.append(about)))
    with pytest.raises(PeerUnreachable, match="not on chain yet"):
        asyncio.run(deposits.licensed(agreement))
    chain.licences, chain.tells = {bytes.fromhex(agreement.digest)}, False
    with pytest.raises(ChainUnreachable, match="does not tell yet"):
        asyncio.run(deposits.licensed(agreement))
    chain.tells = True
    asyncio.run(deposits.licensed(agreement))(None)
    assert granted == [(None, agreement.digest, "5c" * 32)]


@pytest.mark.parametrize(
    ("seconds", "heard", "raised", "asks"),
    [
        (599, Heard("", "knows no such negotiation", known=False), PeerUnreachable, 0),
        (600, Heard("", "knows no such negotiation", known=False), Absent, 1),
        (600, Heard("FINALIZED", "says it is `FINALIZED`"), PeerUnreachable, 1),
        (600, SILENCE, PeerUnreachable, 1),
    ],
)
def test_a_licence_is_not_awaited_from_a_provider_that_has_forgotten_its_agreement(seconds, heard, raised, asks):
    chain, asked = Chain(), []

    async def about(*what):
        asked.append(what)
        return heard

    deposits = _deposits(chain, asking=SimpleNamespace(about=about))
    with pytest.raises(raised):
        asyncio.run(deposits.licensed(_agreement(chain, timedelta(seconds=seconds))))
    assert asked == [("negotiation", "urn:uuid:n")] * asks
