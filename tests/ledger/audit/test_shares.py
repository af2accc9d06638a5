"""An audit comes out the same whoever did what: in one process and in memory, or in several and from a file."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from ledger.audit import entries, stages, workplace
from ledger.audit.audit import run
from ledger.audit.workplace import Workplace
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.world import Given


@pytest.fixture(scope="module")
def hands():
    """Two processes that stand for as long as these tests."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def forge(world):
    """Leave something to be found by nearly every stage, in the logs of both sides."""
    provider, buyer = world["provider"], world["buyer"]
    provider.alter(provider.find("keys.released", 2), amount="1")
    provider.alter(provider.find("decision.made"), outcome="deny")
    buyer.alter(buyer.find("keys.received", 3), cumulative="7")
    buyer.lies[buyer.find("keys.received", 1)] = {"amount": "9"}
    del world["buyer"].records[world["buyer"].find("opening.started")]
    world.opening(3)
    world.chain = [event for event in world.chain if event.name != "Credited"]


@pytest.mark.parametrize("change", [lambda _: None, forge], ids=["clean", "forged"])
async def test_help_changes_nothing(world, hands, monkeypatch, tmp_path, change):
    change(world)
    alone = await run(Given(world), SUPERVISOR)
    monkeypatch.setattr(workplace, "ALONE_ENTRIES_MAX", 0)
    helped = await run(Given(world), SUPERVISOR, Workplace(str(tmp_path / "entries.db"), hands))
    assert helped.json() == alone.json()
    assert alone.clean == (change is not forge)


@pytest.mark.parametrize("shares", [1, 2, 50])
async def test_how_it_is_cut_changes_nothing(world, monkeypatch, shares):
    forge(world)
    before = await run(Given(world), SUPERVISOR)
    monkeypatch.setattr(stages, "SHARES", shares)
    assert (await run(Given(world), SUPERVISOR)).json() == before.json()


async def test_who_waits_hears_how_far_it_is(world):
    told = []
    report = await run(Given(world), SUPERVISOR, Workplace(tell=lambda done, of: told.append((done, of))))
    assert told[-1] == (report.events, report.events)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


async def test_a_log_that_breaks_off_leaves_nothing_behind(world):
    """What was read of a log before it turned out false is found by nobody."""
    for _ in range(600):
        world.record("provider", "time.mark", world["provider"].origin, [], peers=[])
    given = Given(world)
    last = next(url for url in given.files if "7001/log/tile/entries/002" in url)
    given.files[last] = bytes(len(given.files[last]))
    report = await run(given, SUPERVISOR)
    assert "log-unreadable" in report.codes()
    assert not [one for one in report.findings if one.subject == world["provider"].did and one.index is not None]


async def test_a_disk_without_room_is_said(world, monkeypatch, tmp_path):
    monkeypatch.setattr(entries, "_CARELESS", ("pragma max_page_count = 4",))
    with pytest.raises(OSError, match="cannot be written"):
        await run(Given(world), SUPERVISOR, Workplace(str(tmp_path / "entries.db")))
