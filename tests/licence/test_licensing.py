"""Licences that are on chain: each is noted once, off the path of who tells of it, and a start notes missed ones."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from connector.licence.licensing import Licensing
from connector.runtime.errors import InvalidInput
from connector.store.rows.chain import ActState, ChainTxRow
from tests.channel.rig import START
from tests.settlement.ground import Ground

MINED = ChainTxRow(id="licence:d1", state=ActState.MINED, hash="t1", created=START)


class World(Ground):
    """Licences of one provider, whose notes a test replaces."""

    def __init__(self):
        super().__init__()
        transactions, self.doors = SimpleNamespace(makers={}), SimpleNamespace()
        self.licensing = Licensing(self.core, self.chain, transactions, self.doors)


@pytest.fixture
def world():
    return World()


async def woken(licensing):
    while licensing.driver.runs("d1"):
        await asyncio.sleep(0)


async def test_a_licence_on_chain_is_noted_once(world):
    granted = []
    world.licensing.grant = lambda tx, digest, transaction: granted.append((digest, transaction))
    world.licensing.mined(MINED)
    await woken(world.licensing)
    assert granted == [("d1", "t1")]
    world.licensing.driver.wake("d1")
    await woken(world.licensing)
    assert granted == [("d1", "t1")]


@pytest.mark.parametrize("other", [{"id": "claim:d1"}, {"state": ActState.SIGNED}, {"state": ActState.REVERTED}])
async def test_what_is_no_licence_or_not_on_chain_is_not_noted(world, other):
    world.licensing.mined(replace(MINED, **other))
    assert not world.licensing.driver.runs("d1")


async def test_a_note_that_fails_is_left_to_the_next_start(world):
    tried = []

    def fail(_tx, digest, transaction):
        tried.append(transaction)
        raise InvalidInput("no")

    world.licensing.grant = fail
    world.licensing.mined(MINED)
    await woken(world.licensing)
    world.licensing.driver.wake("d1")
    await woken(world.licensing)
    assert tried == ["t1"]


def test_a_start_notes_licences_that_were_mined_meanwhile(world):
    sent = (
        ("a", "mined", "signed"),
        ("b", "signed", "signed"),
        ("c", "reverted", "signed"),
        ("d", "mined", "performing"),
    )
    for digest, state, agreement in sent:
        key = f"licence:{digest}"
        world.insert("chain_txs", id=key, program="licences", function="grant", state=state, created=START)
        about = {"role": "provider", "negotiation": "n", "peer": "p", "product": "p", "odrl": {}, "created": START}
        world.insert("agreements", digest=digest, state=agreement, **about)
    world.insert("agreements", digest="e", state="signed", **about)
    heard = []
    world.licensing.mined = lambda row: heard.append(row.id)
    asyncio.run(world.licensing.recover())
    assert heard == ["licence:a"]
