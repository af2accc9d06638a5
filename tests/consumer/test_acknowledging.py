"""When a buyer says that it was served: after a silence, when an opening ends, and again until it is heard."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from connector.channel import acknowledgement
from connector.consumer import acknowledging
from connector.consumer.acknowledging import Acknowledging
from connector.runtime.clock import SetClock
from connector.runtime.errors import PeerUnreachable
from tests.channel.rig import CHANNEL_ID, LEASED, PROVIDER_DID, START, Pair, over_the_wire
from tests.channel.test_acknowledgement import end_openings, leased
from tests.core import core

WITHIN_SECONDS = 10
AFTER_SECONDS = 0.3


class Clock(SetClock):
    """The pair's time stands still; a silence is measured by the loop's."""

    def monotonic(self):
        return asyncio.get_running_loop().time()


class Side:
    """A payer's books beside its driver; messages reach the payee of the pair unless it is `away`."""

    def __init__(self, pair):
        self.pair, self.away, self.sent = pair, 0, []
        store = SimpleNamespace(read=self.act)
        space = SimpleNamespace(last=lambda: SimpleNamespace(members={PROVIDER_DID: None}))
        self.acknowledging = Acknowledging(core(store=store, clock=Clock(START)), space, None, self)

    async def act(self, work):
        return self.pair.payer_db.act(work)

    async def acknowledge(self, peer, channel):
        """Stand in for the wire alone: sign as the product does, lose it, or bring it there."""
        message = self.pair.acknowledge()
        self.sent.append((peer, channel, message.voucher.seq))
        if self.away:
            self.away -= 1
            raise PeerUnreachable("nobody answers")
        self.pair.close(over_the_wire(message))
        self.pair.payer_db.act(lambda tx: acknowledgement.taken(tx, channel, message.voucher.seq))

    async def heard(self):
        async with asyncio.timeout(WITHIN_SECONDS):
            while "closing" not in self.pair.states("payee"):
                await asyncio.sleep(0.01)


@pytest.fixture
def served(monkeypatch):
    """Make a side whose pair deals by these terms."""
    monkeypatch.setattr(acknowledging, "ACK_AFTER_SECONDS", AFTER_SECONDS)

    def make(*terms):
        return Side(Pair(*terms))

    return make


async def test_keys_kept_are_acknowledged_once_after_a_silence(served):
    side, loop = served(), asyncio.get_running_loop()
    begun = loop.time()
    for rows in ([0], [0, 1], [0, 1, 2]):
        side.pair.window(side.pair.want(rows))
        side.acknowledging.served(CHANNEL_ID)
        await asyncio.sleep(AFTER_SECONDS / 3)
        assert side.sent == []
    await side.heard()
    assert loop.time() - begun >= AFTER_SECONDS * 5 / 3  # the silence began with the last window
    assert len(side.sent) == 1
    side.acknowledging.wake(CHANNEL_ID)
    await asyncio.sleep(0)
    assert len(side.sent) == 1


async def test_what_is_owed_is_found_at_a_start_and_sent_until_it_is_heard(served):
    side = served()
    side.pair.window()
    side.away = 2
    await side.acknowledging.recover()
    await side.heard()
    assert len(side.sent) == 3
    assert len(set(side.sent)) == 1  # the same bytes


async def test_an_opening_is_acknowledged_when_it_ends_and_not_before(served):
    side = served(LEASED)
    side.pair.window(leased(side.pair))
    side.acknowledging.served(CHANNEL_ID)
    await asyncio.sleep(2 * AFTER_SECONDS)
    assert side.sent == []
    end_openings(side.pair)
    side.acknowledging.wake(CHANNEL_ID)
    await side.heard()
    side.acknowledging.close()


async def test_who_has_closed_sends_nothing_more(served):
    side = served()
    side.pair.window()
    side.acknowledging.served(CHANNEL_ID)
    await asyncio.sleep(0.05)
    side.acknowledging.close()
    await side.acknowledging.driver.close()
    await asyncio.sleep(2 * AFTER_SECONDS)
    assert side.sent == []
