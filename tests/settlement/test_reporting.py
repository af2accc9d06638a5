"""Settled trades are shown to the exchange that listed them, each once: those that it takes, those it does not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from connector.runtime.errors import PeerRefused, PeerUnreachable
from connector.settlement import reporting
from connector.settlement.reporting import Reporting
from connector.store.rows.channel import ChannelState, Side
from contracts import agreement as agreements
from contracts.typed_json import to_json
from ledger.agreement import trade as trades
from tests.channel.rig import CHANNEL_ID, KEPT, PAYEE, PAYER
from tests.settlement.ground import Ground

PAID = 70
BY_PROVIDER, BY_BUYER = b"\x01" * 65, b"\x02" * 65


class World(Ground):
    """A provider whose channel is closed at its first window; the exchange takes what it is shown, or raises."""

    def __init__(self, terms=KEPT):
        super().__init__(terms)
        self.pair.window()
        self.put(state=ChannelState.CLOSED, claimed=PAID)
        value = agreements.build(terms, provider=PAYEE, buyer=PAYER, price_cap=10_000)
        self.agree(agreement=to_json(value), provider_signature=BY_PROVIDER, buyer_signature=BY_BUYER)
        self.shown, self.fault = [], None
        self.reporting = Reporting(
            self.core,
            self.view,
            SimpleNamespace(ask=self._ask),
        )

    async def _ask(self, method, path, body):
        assert (method, path) == ("POST", "/exchange/trades")
        self.shown.append(trades.parse(body))
        if self.fault is not None:
            raise self.fault

    def tell(self):
        return asyncio.run(self.reporting.tell())

    def states(self):
        rows = self.store.act(lambda tx: tx.find("shown_trades", order="agreement"))
        return [(row["agreement"], row["channel"], row["state"], row["created"]) for row in rows]

    def state(self, word):
        return [(self.pair.deal.hex(), CHANNEL_ID.hex(), word, self.pair.now)]

    def another(self, channel, **changes):
        """A channel of another agreement, settled a little later with the same window."""
        self.second(channel)
        key = channel.hex()
        row = self.store.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=1))
        self.insert("windows", **{**row, "channel": key})
        row = self.store.act(lambda tx: tx.get("agreements", digest=self.pair.deal.hex()))
        self.insert("agreements", **{**row, "digest": key})
        self.put(channel, agreement=key, **{"state": ChannelState.CLOSED, "claimed": PAID, **changes})
        return key

    def next(self, channel):
        """The next channel of the same agreement, settled."""
        self.second(channel)
        row = self.store.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=1))
        self.insert("windows", **{**row, "channel": channel.hex()})
        self.put(channel, state=ChannelState.CLOSED, claimed=PAID)


@pytest.fixture
def world():
    return World()


def test_a_settled_trade_is_shown_once_with_what_proves_it(world):
    assert (world.tell(), world.states()) == (1, world.state("shown"))
    [trade] = world.shown
    assert (trade.terms, trade.provider_signature, trade.buyer_signature) == (KEPT, BY_PROVIDER, BY_BUYER)
    assert trade.channel == CHANNEL_ID
    first = world.pair.account("payee")
    assert trade.batch.prev == CHANNEL_ID
    assert sum(order.amount for order in trade.batch.orders) == first.cumulative == PAID
    assert (world.tell(), len(world.shown)) == (0, 1)


def test_each_channel_of_an_agreement_is_shown_once(world):
    channels = [b"\xc2" * 32, b"\xc3" * 32]
    for channel in channels:
        world.next(channel)
    assert (world.tell(), world.tell()) == (3, 0)
    assert [trade.channel for trade in world.shown] == [CHANNEL_ID, *channels]
    assert world.states() == world.state("shown"), "the trade is the first of them"
    rows = world.store.act(lambda tx: tx.find("shown_channels", order="channel"))
    named = [(row["channel"], row["agreement"]) for row in rows]
    assert named == [(one.hex(), world.pair.deal.hex()) for one in channels]


@pytest.mark.parametrize("changes", [{"state": ChannelState.CLOSING}, {"claimed": 0}, {"role": Side.PAYER}])
def test_what_is_not_settled_for_money_is_not_shown(world, changes):
    world.put(**changes)
    assert (world.tell(), world.shown, world.states()) == (0, [], [])


def test_an_exchange_shows_itself_nothing(world):
    world.space.exchange = world.core.identity.did
    assert (world.tell(), world.shown, world.states()) == (0, [], [])


def test_a_trade_that_nobody_listed_stays_between_its_parties():
    world = World(replace(KEPT, blind_salt=b"\x0d" * 32))
    assert (world.tell(), world.shown, world.states()) == (0, [], world.state("none"))


def test_where_no_batch_was_claimed_there_is_no_trade(world):
    world.put(claimed=PAID - 1)
    assert (world.tell(), world.shown, world.states()) == (0, [], world.state("none"))


def test_a_refused_trade_is_not_shown_again_and_hides_no_other(world):
    world.fault = PeerRefused("no", 409, b"")
    other = world.another(b"\xc2" * 32)
    assert world.tell() == 0
    assert [(row[0], row[2]) for row in world.states()] == sorted([
        (world.pair.deal.hex(), "refused"), (other, "refused")
    ])  # fmt: skip
    world.fault = None
    assert (world.tell(), len(world.shown)) == (0, 2)


def test_an_exchange_that_is_away_is_shown_it_later(world):
    world.another(b"\xc2" * 32)
    world.fault = PeerUnreachable("away")
    assert (world.tell(), len(world.shown), world.states()) == (0, 1, [])
    world.fault = None
    assert (world.tell(), len(world.states())) == (2, 2)


def test_the_oldest_are_shown_first_and_not_too_many_at_once(world, monkeypatch):
    others = [bytes([0xC4 - at]) * 32 for at in range(3)]
    for channel in others:
        world.another(channel)
    monkeypatch.setattr(reporting, "REPORTED_TRADES_MAX", 3)
    assert (world.tell(), world.tell(), world.tell()) == (3, 1, 0)
    assert [trade.channel for trade in world.shown] == [CHANNEL_ID, *others]
