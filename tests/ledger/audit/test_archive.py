"""What an audit read, kept: made again it comes out the same; a later audit asks only for what is new."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest

from ledger.audit.archive import CHAIN, UNREAD, Archive, Recording, read_events, write_events
from ledger.audit.audit import AuditImpossible, run
from ledger.audit.remembered import FINAL_BLOCKS, UPTO, Remembered
from ledger.audit.sources import BlockHead, Unavailable
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.hostile import VALUES
from tests.ledger.audit.world import NOW, ChainEvent, Given

FIELDS = {"bytes": b"\x01\x02", "number": 2**200, "yes": True, "list": [b"\x03", 4], "text": "words"}
LONG = 300  # more entries than a tile has


class Counting(Given):
    """The small space's sources, with a count of what was asked of them, and a chain of many blocks."""

    def __init__(self, world, salt=0):
        super().__init__(world)
        self.asked = Counter()
        self.salt = salt

    async def fetch(self, url):
        self.asked[url] += 1
        return await super().fetch(url)

    async def chain_events(self, first=0):
        self.asked["chain", first] += 1
        return await super().chain_events(first)

    async def block(self, number):
        return await super().block(number) or BlockHead(bytes([number % 256, self.salt]) * 16, NOW)


async def test_an_audit_of_the_archive_comes_out_as_the_audit_did(world):
    kept = {}
    first = await run(Recording(Given(world), kept), SUPERVISOR)
    again = await run(Archive(kept), SUPERVISOR)
    assert again.json() == first.json()
    assert again.events > 0
    assert again.figures["volume"]


async def test_what_is_not_in_an_archive_is_unavailable(world):
    with pytest.raises(AuditImpossible, match="the archive has no `space`"):
        await run(Archive({}), SUPERVISOR)
    kept = {}
    await run(Recording(Given(world), kept), SUPERVISOR)
    gone = {name: body for name, body in kept.items() if "/log/checkpoint" not in name}
    assert "log-unreadable" in (await run(Archive(gone), SUPERVISOR)).codes()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: str(value)[:20])
async def test_an_archive_of_something_else_says_so(world, value):
    """The chain's own events are the word of whoever kept them; all else has a shape that can be looked at."""
    kept = {}
    await run(Recording(Given(world), kept), SUPERVISOR)
    for name in kept:
        if not name.startswith(("page/", CHAIN, UNREAD)):
            with suppress(AuditImpossible):
                await run(Archive({**kept, name: json.dumps(value).encode()}), SUPERVISOR)


def test_chain_events_come_back_as_they_were():
    event = ChainEvent("Opened", FIELDS, 7, b"\x09" * 32)
    [found] = read_events(write_events([event]))
    assert (found.name, found.fields, found.block, found.transaction) == ("Opened", FIELDS, 7, b"\x09" * 32)
    for raw in (b"[{}]", b"[1]", b"{", b'[{"name":"x","fields":{"a":"0xzz"},"block":"1","transaction":""}]'):
        with pytest.raises(Unavailable):
            read_events(raw)


def grow(world):
    """Let the provider's log outgrow a tile, and the chain what may be reorganised."""
    for _ in range(LONG):
        world.record("provider", "time.mark", world["provider"].origin, [], peers=[])
    origin = next(event for event in world.chain if event.name == "Anchored")
    world.chain.append(replace(origin, block=origin.block + 10 * FINAL_BLOCKS, name="Nothing"))


async def test_a_second_audit_asks_only_for_what_is_new(world):
    grow(world)
    kept, first, second = {}, Counting(world), Counting(world)
    before = await run(Remembered(first, kept), SUPERVISOR)
    after = await run(Remembered(second, kept), SUPERVISOR)
    assert after.json() == before.json()
    lasting = {url for url in first.asked if isinstance(url, str)} - set(second.asked)
    assert lasting == {url for url in first.asked if "/sealed/" in str(url)} != set()
    asked_from = [key[1] for key in second.asked if isinstance(key, tuple)]
    assert len(asked_from) == 2, "up to now, and what came while the logs were read"
    assert min(asked_from) > 9 * FINAL_BLOCKS


async def test_a_chain_that_was_rewritten_since_is_read_anew_and_said(world):
    grow(world)
    kept = {}
    await run(Remembered(Counting(world), kept), SUPERVISOR)
    remembered = Remembered(Counting(world, salt=1), kept)
    await run(remembered, SUPERVISOR)
    assert remembered.rewritten is not None
    assert {UPTO, CHAIN} <= kept.keys()
