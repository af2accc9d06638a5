"""What is said of claims: late from half of their margin on, lost for as long as it is so, and told in a few lines."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.channel import lapsing
from connector.channel.lapsing import Lapse
from connector.settlement.claiming import LATE, LINES_MAX, LOST, Claiming, _rest
from connector.settlement.monitor import ROUND_SECONDS
from connector.store.rows.agreement import AgreementRow
from contracts import price_words
from tests.channel.rig import CHANNEL_ID, LEASED, START, Pair
from tests.core import core

DUE = LEASED.lock_ttl - LEASED.claim_margin
MEASURES = (
    "unclaimed_minor_units",
    "lapsing_minor_units",
    "lapsed_minor_units",
    "first_lapse_timestamp_seconds",
    "first_claim_timestamp_seconds",
)
ROW = SimpleNamespace(terms={"title": "Flights", "tariff": LEASED.tariff.json()})


class World:
    """A payee of the rig as the participant that claims: its transactions are a list."""

    def __init__(self) -> None:
        self.pair = Pair(LEASED)
        self.looked, self.sent, self.row = 0, [], ROW
        self.pair.window(self.pair.want(use=1, reader=self.pair.keyring.fresh()))
        ground = core(clock=SimpleNamespace(now=lambda: self.pair.now), store=self)
        self.claiming = Claiming(ground, SimpleNamespace(deployment=None), self, self, self.pair.holder)

    async def look(self):
        self.looked += 1

    async def read(self, work):
        return self.pair.payee_db.act(lambda tx: work(_Agreed(tx, self.row)))

    write = read

    def enqueue(self, _tx, key, act):
        self.sent.append(key)

    def chore(self, seconds):
        self.pair.later(seconds)
        asyncio.run(self.claiming.chore())
        return self.claiming.warnings()


class _Agreed:
    """The rig's transaction, with a row of `agreements` beside."""

    def __init__(self, tx, row) -> None:
        self._tx, self._row = tx, row

    def get(self, table, **key):
        return self._row if table is AgreementRow else self._tx.get(table, **key)

    def __getattr__(self, name):
        return getattr(self._tx, name)


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr("connector.channel.claims.acts.claim", lambda *_: None)
    return World()


def test_what_is_due_before_the_next_round_is_claimed_in_this_one(world):
    assert world.chore(DUE - ROUND_SECONDS - 1) == []
    assert (world.sent, world.looked) == ([], 1)
    assert world.chore(1) == []
    assert world.sent == [f"claim:{CHANNEL_ID.hex()}:1"]


def test_a_claim_is_late_after_half_of_its_margin_and_lost_after_all_of_it(world):
    assert world.chore(DUE + LEASED.claim_margin / 2) == []
    assert world.chore(1) == [LATE]
    assert world.chore(LEASED.claim_margin / 2) == [LOST]
    world.pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, claimed=250))
    assert world.chore(1) == []


def test_before_the_first_round_nothing_is_said_to_be_wrong(world):
    assert world.claiming.warnings() == []


def test_a_scrape_tells_what_is_not_claimed_and_what_of_it_lapses_when(world):
    def measures(seconds):
        world.chore(seconds)
        told = asyncio.run(world.claiming.measures())
        return [told[f"penstock_{name}"] for name in MEASURES]

    lapses = (START + timedelta(seconds=LEASED.lock_ttl)).timestamp()
    assert measures(0) == [250, 250, 0, lapses, lapses - LEASED.claim_margin]
    assert measures(LEASED.lock_ttl + 1) == [250, 0, 250, None, None]
    world.pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, claimed=250))
    assert measures(1) == [0, 0, 0, None, None]


@pytest.mark.parametrize("row", [None, SimpleNamespace(terms=None), SimpleNamespace(terms={})])
def test_a_lapse_is_told_without_the_words_of_its_agreement(world, row):
    world.row = row
    [told] = asyncio.run(world.claiming.lapses())
    assert (told["title"], told["amount"], told["money"]) == ("", "250", price_words.money(250, ""))


def test_an_owner_reads_what_lapses_in_money_and_times(world):
    [told] = asyncio.run(world.claiming.lapses())
    assert (told["channel"], told["agreement"], told["amount"]) == (CHANNEL_ID.hex(), world.pair.deal.hex(), "250")
    assert (told["title"], told["lost"]) == ("Flights", False)
    assert "CNY" in told["money"]
    assert told["at"] > told["claimedFrom"]


def test_a_start_claims_and_says_what_lapses_and_a_stop_says_it(world, caplog):
    world.pair.later(DUE)
    with caplog.at_level(logging.WARNING):
        asyncio.run(world.claiming.begin())
        asyncio.run(world.claiming.end())
    assert (world.looked, world.sent) == (1, [f"claim:{CHANNEL_ID.hex()}:1"])
    first, last = [record.getMessage() for record in caplog.records]
    assert "while this participant serves" in first
    assert "be back by" in last


def test_what_was_lost_is_said_so(world, caplog):
    world.pair.later(LEASED.lock_ttl + 1)
    with caplog.at_level(logging.WARNING):
        asyncio.run(world.claiming.end())
    assert "cannot be claimed any more" in caplog.text


def test_no_more_than_a_few_are_told_one_by_one(world, caplog, monkeypatch):
    [lapse] = world.pair.payee_db.act(lambda tx: lapsing.lapses(tx, world.pair.holder))
    many = [Lapse(*(getattr(lapse, name) for name in Lapse.__slots__))] * (LINES_MAX + 2)
    monkeypatch.setattr("connector.settlement.claiming.lapsing.lapses", lambda *_: many)
    with caplog.at_level(logging.WARNING):
        asyncio.run(world.claiming.end())
    assert len(caplog.records) == LINES_MAX + 1 == 11
    assert "on 2 more channels" in caplog.records[-1].getMessage()
    assert _rest(many[:LINES_MAX]) == ""
