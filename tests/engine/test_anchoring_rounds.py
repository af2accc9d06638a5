"""The log is anchored when it is time, or when enough of it is new; every anchor covers all of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.engine.monitor import Monitor
from connector.settings_table import LogSettings
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.connector.store.test_evidence import NOW, evidence_of, grow


class Clock:
    """Seconds that pass when a test says so."""

    at = 0.0

    def monotonic(self):
        return self.at


class Anchoring:
    """Writes the row that an anchor leaves."""

    def __init__(self, store, evidence):
        self.store, self.evidence, self.sizes = store, evidence, []

    async def anchor(self):
        size = await self.store.read(self.evidence.size)
        row = {"origin": self.evidence.origin, "size": size, "root": b"", "tx": "", "block": 1, "at": NOW}
        await self.store.write(lambda tx: tx.put("anchors", **row))
        self.sizes.append(size)


@pytest.fixture
async def trader(tmp_path):
    store, evidence = await Store.open(tmp_path / "p.sqlite", TABLES), evidence_of()
    yield SimpleNamespace(store=store, evidence=evidence, clock=Clock(), anchoring=Anchoring(store, evidence))
    await store.close()


async def round_of(trader, monitor):
    await monitor.chores["anchor the log"]()
    return trader.anchoring.sizes


async def test_anchors_are_batched_by_count(trader):
    trader.settings = SimpleNamespace(log=LogSettings(anchor_events=10))
    monitor = Monitor(trader)
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
    monitor = Monitor(trader)
    await grow(trader.store, trader.evidence, 1000)
    trader.clock.at = 59.0
    assert await round_of(trader, monitor) == []
    trader.clock.at = 60.0
    assert await round_of(trader, monitor) == [1000]
    trader.clock.at = 119.0
    assert await round_of(trader, monitor) == [1000]


async def test_nothing_is_anchored_unasked(trader):
    trader.settings = SimpleNamespace(log=LogSettings())
    await grow(trader.store, trader.evidence, 1000)
    trader.clock.at = 1e9
    assert await round_of(trader, Monitor(trader)) == []
