"""The timer goes on whatever it meets: a locked database, a step with a fault of ours, a crowd that is late at once."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from connector.negotiation import deadlines
from connector.negotiation.process import PATIENCE
from connector.negotiation.reactions import Rule
from tests.negotiation.world import MANDATE, WAIT_SECONDS, Party, listed_offer, product, seed

SHORT = MANDATE | {"rounds": 3}
DELAY = timedelta(seconds=0.3)


@pytest.fixture
async def slow(network, clock, tmp_path, monkeypatch):
    """A provider that takes its last step after a delay, and a buyer."""
    monkeypatch.setattr(deadlines, "AGAIN_SECONDS", 0.1)
    rules = (Rule("negotiation", "provider", "VERIFIED", "finalize", delay=DELAY),)
    provider = await Party("provider", network, clock, tmp_path, rules=rules).open()
    buyer = await Party("buyer", network, clock, tmp_path).open()
    await seed(provider, product())
    yield provider, buyer
    for party in (provider, buyer):
        await party.close()


async def verified(provider, buyer):
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await buyer.until("negotiations", {"VERIFIED"}, pid)
    return pid


async def test_a_step_that_met_a_locked_database_is_taken_when_it_is_free(slow, monkeypatch):
    provider, buyer = slow
    monkeypatch.setattr("connector.store.connection.LOCK_SECONDS", 0.05)
    pid = await verified(provider, buyer)
    with closing(sqlite3.connect(provider.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(DELAY.total_seconds() + 0.2)
        other.execute("COMMIT")
    await buyer.until("negotiations", {"FINALIZED"}, pid)


async def test_a_step_with_a_fault_of_ours_holds_up_no_other_and_is_tried_again(slow, caplog):
    provider, buyer = slow
    provider.licence_fault = ZeroDivisionError("a fault of ours")
    first = await verified(provider, buyer)
    async with asyncio.timeout(WAIT_SECONDS):
        while "could not be moved" not in caplog.text:
            await asyncio.sleep(0.01)
    provider.licence_fault = None
    second = await verified(provider, buyer)
    for pid in (first, second):
        await buyer.until("negotiations", {"FINALIZED"}, pid)
    assert {record.levelno for record in caplog.records if record.name == deadlines.__name__} == {logging.ERROR}


async def test_a_silent_peer_is_waited_for_until_the_deadline_and_nothing_else_need_happen(network, clock, tmp_path):
    provider = await Party("provider", network, clock, tmp_path, reactions={}).open()
    await seed(provider, product())
    buyer = Party("buyer", network, clock, tmp_path)
    buyer.patience = timedelta(seconds=1)
    await buyer.open()
    await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    row = await buyer.until("negotiations", {"TERMINATED"})
    assert row["updated"] - row["created"] >= buyer.patience
    for party in (provider, buyer):
        await party.close()


async def test_a_crowd_that_is_late_at_once_ends_though_its_peer_hangs_when_asked(pair, network, clock, monkeypatch):
    """More than there are places: each is asked about, a few at a time, and an honest peer's do not wait for it."""
    monkeypatch.setattr(deadlines, "ENDINGS_PER_PEER", 4)
    monkeypatch.setattr("connector.negotiation.asking.ASK_SECONDS_MAX", 0.05)
    provider, buyer = pair
    provider.engine.negotiations._reactions = {}
    crowd = 12
    for _ in range(crowd):
        await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    await buyer.until("negotiations", {"REQUESTED"})
    asking = most = 0

    async def deaf(*_):
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        try:
            await asyncio.sleep(60)
        finally:
            asking -= 1

    network.deaf = deaf
    await provider.engine._deadlines.close()  # the buyer is the one that gives up
    clock.shift += PATIENCE + timedelta(seconds=1)
    buyer.engine.wake()
    await buyer.until("negotiations", {"TERMINATED"})
    assert len(network.asked) == crowd
    assert most == 4
