"""Whatever a member writes into its own log, the audit comes to its end: no member can keep the others unaudited.

Each try puts one hostile value into one place of an honest space: a field, or a part of one, a link, a partition, a
time; or adds an event whose every field is hostile. The default run draws some by a seed; PENSTOCK_TEST_LOGS_SCALE
multiplies them.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from ledger.audit.words import CODES
from ledger.log import events
from tests.every import every
from tests.fault.extent import tried
from tests.ledger.audit.diary import Record
from tests.ledger.audit.hostile import TEXTS, VALUES, spoilt, ways
from tests.ledger.audit.world import NOW, World

TRIES = tried(120) * int(os.environ.get("PENSTOCK_TEST_LOGS_SCALE", "1"))
SEED = 20
TIMES = (datetime(1970, 1, 1, tzinfo=UTC), datetime(events.YEARS[-1], 12, 31, 23, 59, 59, tzinfo=UTC))
OUTSIDE = ("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00.000000+23:59")


def altered(record):
    """Yield a record with one hostile value, for every place of it and every value."""
    for name, value in record.fields.items():
        yield from (replace(record, fields={**record.fields, name: one}) for one in spoilt(value))
    for at in range(len(record.link)):
        yield from (replace(record, link=(*record.link[:at], text, *record.link[at + 1 :])) for text in TEXTS)
    yield from (replace(record, link=record.link[:at]) for at in range(len(record.link)))
    yield from (replace(record, part=text) for text in TEXTS)
    yield from (replace(record, time=time) for time in TIMES)


def added(world, kind):
    """Yield events of a kind all of whose fields are hostile, about an agreement that there is."""
    shape = events.SHAPES[kind]
    for value in VALUES:
        for part in (world.kept["digest"].hex(), "x"):
            yield Record(kind, part, ("-1",) * len(shape.links), dict.fromkeys(sorted(shape.allowed), value), NOW)


@cache
def tries():
    """Return every try: whose log, at which place (None: behind the last), what stands there."""
    world, seen, found = World(), set(), []
    for name, diary in world.space.items():
        for at, record in enumerate(diary.records):
            shape = name, record.kind, json.dumps([*map(str, ways(record.fields))])
            if shape not in seen:
                seen.add(shape)
                found += [(name, at, one) for one in altered(record)]
        found += [(name, None, one) for kind in events.SHAPES for one in added(world, kind)]
    return found


@cache
def drawn():
    return random.Random(SEED).sample(tries(), min(TRIES, len(tries())))


def test_every_place_is_tried():
    kinds = {one.kind for _, _, one in tries()}
    assert kinds >= events.SHAPES.keys()
    assert len(tries()) > 5_000


@every("first", lambda: range(0, len(drawn()), 20))
async def test_whatever_a_member_writes_the_audit_ends(first):
    for name, at, record in drawn()[first : first + 20]:
        world = World()
        diary = world[name]
        diary.entries()
        if at is None:
            diary.records.append(replace(record, time=diary.records[-1].time + timedelta(seconds=1)))
        else:
            diary.records[at] = record
            del diary._sealed[at]
        diary.cosigned_by = ()
        report = await world.audit()
        assert report.codes() <= CODES.keys()
        assert "head-not-witnessed" in report.codes(), "the others hold another head, whatever was written"


@pytest.mark.parametrize("links", [(), ("x",)])
async def test_an_event_without_its_links_leaves_nobody_unaudited(links):
    world = World()
    parts = [*world.extra, world.channel_a["id"].hex(), world.kept["digest"].hex()]
    for diary in world.space.values():
        for kind, shape in events.SHAPES.items():
            fields = dict.fromkeys(sorted(shape.required), "x")
            diary.records += [Record(kind, part, links, fields, diary.records[-1].time) for part in parts]
    assert (await world.audit()).codes() <= CODES.keys()


@pytest.mark.parametrize("time", OUTSIDE)
async def test_an_entry_dated_beyond_all_reckoning_is_malformed(time):
    world = World()
    diary = world["provider"]
    sealed = diary.entries()
    record, entry, disclosed = sealed[-1]
    sealed[-1] = record, entry.replace(json.loads(entry)["time"].encode(), time.encode()), disclosed
    diary.cosigned_by = ()
    assert "entry-malformed" in (await world.audit()).codes()
