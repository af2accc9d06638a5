"""The log is anchored when it is time, or when enough of it is new; every anchor covers all of it, and none nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.runtime.errors import PeerUnreachable
from connector.runtime.settings_table import LogSettings
from connector.settlement.monitor import ANCHOR_RETRY_SECONDS, Monitor
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.connector.store.test_evidence import NOW, evidence_of, grow
from tests.core import core


class Clock:
    """Seconds that pass when a test says so."""

    at = 0.0

    def monotonic(self):
        return self.at


class Anchoring:
    """Writes the row that an anchor leaves."""

    def __init__(self, store, evidence):
        self.store, self.evidence, self.sizes = store, evidence, []
        self.away, self.complete = False, True
        self.gathering = SimpleNamespace(waiting=lambda _tx: 0)

    def witnessed(self):
        return self.complete

    async def anchor(self):
        if self.away:
            raise PeerUnreachable("the witness is away")
        size = await self.store.read(self.evidence.size)
        row = {"origin": self.evidence.origin, "size": size, "root": b"", "tx": "", "block": 1, "at": NOW}
        await self.store.write(lambda tx: tx.put("anchors", **row))
        self.sizes.append(size)


@pytest.fixture
async def trader(tmp_path):
    store, evidence = await Store.open(tmp_path / "p.sqlite", TABLES), evidence_of()
    yield SimpleNamespace(store=store, evidence=evidence, clock=Clock(), anchoring=Anchoring(store, evidence))
    await store.close()


def monitor_of(trader):
    ground = core(store=trader.store, evidence=trader.evidence, clock=trader.clock, settings=trader.settings)
    return Monitor(ground, None, None, trader.anchoring, SimpleNamespace(chore=None))


async def round_of(trader, monitor):
    await monitor.chores["anchor the log"]()
    return trader.anchoring.sizes


async def test_anchors_are_batched_by_count(trader):
    trader.settings = SimpleNamespace(log=LogSettings(anchor_interval_seconds=0, anchor_events=10))
    monitor = monitor_of(trader)
    await grow(trader.store, trader.evidence, 9)
    assert await round_of(trader, monitor) == []
    await grow(trader.store, trader.evidence, 4)
    assert await round_of(trader, monitor) == [13]
    await grow(trader.store, trader.evidence, 9)
    assert await round_of(trader, monitor) == [13]
    assert await trader.store.read(trader.evidence.unanchored) == 9
    await grow(trader.store, trader.evidence, 1)
    assert await round_of(trader, monitor) == [13, 23]


async def test_anchors_are_batched_by_time(trader):
    trader.settings = SimpleNamespace(log=LogSettings(anchor_interval_seconds=60))
    monitor = monitor_of(trader)
    await grow(trader.store, trader.evidence, 1000)
    assert await round_of(trader, monitor) == [1000], "what an earlier run left is not waited with"
    await grow(trader.store, trader.evidence, 1)
    trader.clock.at = 59.0
    assert await round_of(trader, monitor) == [1000]
    trader.clock.at = 60.0
    assert await round_of(trader, monitor) == [1000, 1001]


async def test_heads_are_anchored_by_default_and_nothing_new_is_no_anchor(trader):
    trader.settings = SimpleNamespace(log=LogSettings())
    monitor = monitor_of(trader)
    assert await round_of(trader, monitor) == [], "an empty log has nothing to anchor"
    await grow(trader.store, trader.evidence, 3)
    for trader.clock.at in (0.0, 20.0, 1e4, 1e5, 1e9):
        assert await round_of(trader, monitor) == [3]
    await grow(trader.store, trader.evidence, 1)
    assert await round_of(trader, monitor) == [3, 4]


@pytest.mark.parametrize("wanted", [{}, {"anchor_events": 2}, {"anchor_events": 2, "anchor_interval_seconds": 0}])
async def test_a_failed_anchor_is_tried_again_before_the_next_is_due(trader, wanted):
    trader.settings = SimpleNamespace(log=LogSettings(**wanted))
    monitor, trader.anchoring.away = monitor_of(trader), True
    await grow(trader.store, trader.evidence, 3)
    with pytest.raises(PeerUnreachable):
        await round_of(trader, monitor)
    trader.anchoring.away, trader.clock.at = False, ANCHOR_RETRY_SECONDS - 1
    assert await round_of(trader, monitor) == []
    trader.clock.at = ANCHOR_RETRY_SECONDS
    assert await round_of(trader, monitor) == [3]


async def test_a_space_without_all_witnesses_is_waited_for(trader):
    trader.settings = SimpleNamespace(log=LogSettings())
    monitor, trader.anchoring.complete = monitor_of(trader), False
    await grow(trader.store, trader.evidence, 3)
    assert await round_of(trader, monitor) == []
    trader.anchoring.complete = True
    assert await round_of(trader, monitor) == [3]


async def test_nothing_is_anchored_where_the_settings_say_so(trader):
    trader.settings = SimpleNamespace(log=LogSettings(anchor_interval_seconds=0))
    await grow(trader.store, trader.evidence, 1000)
    trader.clock.at = 1e9
    assert await round_of(trader, monitor_of(trader)) == []


async def test_heads_of_others_that_wait_for_us_are_something_new(trader):
    trader.settings = SimpleNamespace(log=LogSettings(anchor_interval_seconds=60))
    monitor = monitor_of(trader)
    await grow(trader.store, trader.evidence, 1)
    assert await round_of(trader, monitor) == [1]
    trader.clock.at += 60
    assert await round_of(trader, monitor) == [1]
    trader.anchoring.gathering = SimpleNamespace(waiting=lambda _tx: 1)
    assert await round_of(trader, monitor) == [1, 1]
