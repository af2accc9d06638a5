"""A channel that we opened is paid through once its confirmations are there: before, it holds nothing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from connector.chain.transactions import Mined
from connector.consumer.deposit import Deposits
from connector.runtime.errors import PeerUnreachable
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


def _deposits(chain, licensing=None):
    settings = SimpleNamespace(chain=SimpleNamespace(confirmations=CONFIRMATIONS))
    core = SimpleNamespace(settings=settings, clock=SimpleNamespace(now=lambda: chain.block.at))
    meetings = SimpleNamespace(record=lambda *_told: None)
    return Deposits(core, chain, SimpleNamespace(mined=_mined), None, licensing, meetings)


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
    chain, granted, agreement = Chain(), [], b"\x33" * 32
    deposits = _deposits(chain, SimpleNamespace(grant=lambda *about: granted.append(about)))
    with pytest.raises(PeerUnreachable, match="not on chain yet"):
        asyncio.run(deposits.licensed(agreement.hex()))
    chain.licences, chain.tells = {agreement}, False
    with pytest.raises(ChainUnreachable, match="does not tell yet"):
        asyncio.run(deposits.licensed(agreement.hex()))
    chain.tells = True
    asyncio.run(deposits.licensed(agreement.hex()))(None)
    assert granted == [(None, agreement.hex(), "5c" * 32)]
