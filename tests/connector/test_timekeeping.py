"""A clock is held against our newest event and the newest block; a little behind is nothing, a year is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.runtime.clock import SetClock
from connector.runtime.limits import CLOCK_BEHIND_SECONDS_MAX
from connector.store.store import Store
from connector.store.tables import TABLES
from connector.store.timekeeping import Timekeeping
from ledger.chain.errors import ChainUnreachable

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
LEEWAY = timedelta(seconds=CLOCK_BEHIND_SECONDS_MAX)


class Chain:
    """What says its newest block's time, or is away."""

    def __init__(self, at):
        self.at = at

    async def newest(self):
        if self.at is None:
            raise ChainUnreachable("away")
        return SimpleNamespace(at=self.at)


async def kept(tmp_path, at, block, clock):
    store = await Store.open(tmp_path / "p.db", TABLES)
    if at is not None:
        await store.write(lambda tx: tx.insert("log_entries", idx=0, kind="time.mark", at=at))
    made = Timekeeping(clock)
    await made.begin(store, Chain(block))
    await store.close()
    return made


@pytest.mark.parametrize(
    ("event", "block", "what"),
    [
        (None, None, ""),
        (NOW, NOW, ""),
        (NOW + LEEWAY, NOW + LEEWAY, ""),
        (NOW + timedelta(days=365), None, "our newest event"),
        (NOW - timedelta(days=1), NOW + timedelta(days=365), "the newest block"),
    ],
)
async def test_what_is_later_than_the_clock_is_named(tmp_path, caplog, event, block, what):
    clock = SetClock(NOW)
    made = await kept(tmp_path, event, block, clock)
    assert what in made.wrong(None)
    assert bool(made.wrong(None)) == bool(what) == ("set back" in caplog.text)
    clock.move(timedelta(days=366).total_seconds())
    assert made.wrong(None) == ""  # it is well again by itself


async def test_a_block_that_is_seen_later_counts_too(tmp_path):
    made = await kept(tmp_path, NOW, None, SetClock(NOW))
    assert made.wrong(NOW) == ""
    assert "the newest block" in made.wrong(NOW + timedelta(days=365))
