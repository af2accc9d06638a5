"""What a participant lacks is said once when it begins and once when it is over, with what to do about it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.custody.errors import VaultError
from connector.operation import measures, supplies
from connector.operation.supplies import ANCHORS_LATE, BUCKET_AWAY, RESERVE_GAS, UNFUNDED, Supplies
from contracts import address
from ledger.chain.errors import ChainUnreachable
from ledger.chain.fees import Fees, coins
from tests.connector.store.own_log import NOW, ORIGIN, evidence_of, move
from tests.core import core

ACCOUNT = b"\x0a" * 20
GWEI = 10**9


class World:
    """A participant's chain, bucket and witnesses, each as well as the test wants."""

    def __init__(self, store, evidence) -> None:
        self.price, self.coins, self.away, self.fault, self.has_witnesses = 0, 0, False, None, True
        self.after = timedelta()
        self.core = core(
            store=store,
            evidence=evidence,
            clock=SimpleNamespace(now=lambda: NOW + self.after),
            settings=SimpleNamespace(log=SimpleNamespace(anchor_interval_seconds=600)),
            keys=SimpleNamespace(address=ACCOUNT),
        )
        self.supplies = Supplies(self.core, self, SimpleNamespace(bucket=SimpleNamespace(look=self._bucket)), self)

    async def fees(self):
        if self.away:
            raise ChainUnreachable("nobody answers")
        return Fees(self.price)

    async def balance(self, account):
        assert account == ACCOUNT
        return self.coins

    def _bucket(self):
        if self.fault:
            raise self.fault

    def witnessed(self):
        return self.has_witnesses


@pytest.fixture
def world(store):
    return World(store, evidence_of())


async def told(world, caplog):
    """Look once; return the lines that were written and the words that hold."""
    caplog.clear()
    await world.supplies.look()
    return [record.getMessage() for record in caplog.records], world.supplies.warnings()


async def test_an_account_that_cannot_pay_is_named_with_what_it_lacks(world, caplog):
    assert await told(world, caplog) == ([], []), "where gas is free nobody needs a coin"
    world.price, world.coins = 2 * GWEI, RESERVE_GAS * GWEI
    lines, words = await told(world, caplog)
    assert words == [UNFUNDED]
    [line] = lines
    assert address.show(ACCOUNT) in line
    assert "has 0.002 of the chain's own coin" in line
    assert "send it 0.002 or more" in line
    assert await told(world, caplog) == ([], [UNFUNDED]), "it is said once"
    measured = await world.supplies.measures()
    assert (measured["penstock_account_funded"], measured["penstock_account_native_wei"]) == (0, world.coins)
    world.away = True
    assert await told(world, caplog) == ([], [UNFUNDED]), "what cannot be seen is as it was"
    world.away, world.coins = False, 2 * RESERVE_GAS * GWEI
    assert await told(world, caplog) == ([f"{UNFUNDED}: no longer"], [])
    assert (await world.supplies.measures())["penstock_account_funded"] == 1


async def test_a_bucket_that_does_not_answer_is_said_with_what_it_said(world, caplog):
    await world.supplies.look()
    assert (await world.supplies.measures())["penstock_bucket_reachable"] == 1
    world.fault = VaultError("bucket", "`s3://sealed` does not do as asked", "make the bucket")
    lines, words = await told(world, caplog)
    assert (lines, words) == (["bucket-away: `s3://sealed` does not do as asked; make the bucket"], [BUCKET_AWAY])
    assert (await world.supplies.measures())["penstock_bucket_reachable"] == 0


async def test_events_that_wait_too_long_for_the_chain_are_said(world, caplog):
    await world.core.store.write(lambda tx: move(world.core.evidence, tx, 1))
    world.after = timedelta(seconds=supplies.ANCHOR_LATE_SECONDS - 1)
    assert await told(world, caplog) == ([], [])
    world.after += timedelta(seconds=1)
    lines, words = await told(world, caplog)
    assert words == [ANCHORS_LATE]
    assert "events of 1.0 hours ago" in lines[0]
    assert "penstock_log_unanchored_seconds" not in await world.supplies.measures()
    world.has_witnesses = False
    assert (await told(world, caplog))[1] == [], "what nobody may witness is late for nothing"
    assert (await world.supplies.measures())["penstock_log_unanchored_seconds"] is None
    world.has_witnesses = True
    assert (await told(world, caplog))[1] == [ANCHORS_LATE]
    anchored = {"origin": ORIGIN, "size": 1, "root": bytes(32), "tx": "00", "block": 1, "at": NOW}
    await world.core.store.write(lambda tx: tx.put("anchors", **anchored))
    assert (await told(world, caplog))[1] == []


def test_who_anchors_by_hand_or_seldom_is_late_only_then():
    day = 86_400
    assert supplies.anchors_late(9 * day, 0) is None
    assert supplies.anchors_late(6 * day - 1, day) is None
    assert supplies.anchors_late(6 * day, day) is not None


async def test_it_looks_at_once_and_a_fault_of_one_look_ends_nothing(world, caplog, monkeypatch):
    looked, looks = asyncio.Event(), []

    async def look():
        looks.append(1)
        if len(looks) == 1:
            raise RuntimeError("an accident")
        looked.set()

    monkeypatch.setattr(supplies, "LOOK_SECONDS", 0)
    monkeypatch.setattr(world.supplies, "look", look)
    world.supplies.begin()
    async with asyncio.timeout(30):
        await looked.wait()
    await world.supplies.close()
    assert "an accident" in caplog.text


async def test_every_measure_has_its_words(world):
    await world.supplies.look()
    assert set(await world.supplies.measures()) <= set(measures.TOLD)


def test_an_amount_of_coins_is_never_too_little():
    shown = {0: "0", 1: "0.000001", 10**12: "0.000001", 10**18: "1", 25 * 10**17: "2.5", 10**19: "10"}
    assert {wei: coins(wei) for wei in shown} == shown
    assert Fees(3).lacking(10, 4) == 2
    assert Fees(3).lacking(12, 4) == Fees(0).lacking(0, 4) == 0
