"""With as many sources as an exchange may have, a look reads those that it needs: no more, and none twice."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from catalog.source import RESTING, Kind, State
from connector.exchange.federation import showing, sources
from connector.exchange.federation.sources import _add
from connector.runtime.errors import Conflict
from connector.runtime.limits import READINGS_MAX, SOURCES_MAX
from connector.store.rows.catalogue import SourceRow
from connector.store.store import Store
from connector.store.tables import TABLES

AT = datetime(2026, 3, 1, tzinfo=UTC)


def source(number, state=State.WAITING, due=AT):
    told = {"cursor": {}, "generation": 1, "pages": 0, "most": 9, "products": 0, "left": 0, "told": [], "reason": ""}
    about = {"name": f"s{number}", "address": f"https://s{number}.example", "did": f"did:web:s{number}.example"}
    more = {"failures": 0, "whole": 1, "kind": Kind.EXCHANGE, "rank": number, "due": due, "created": AT, "updated": AT}
    return SourceRow(**told, **about, **more, state=state)


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "penstock.db", TABLES)
    yield store
    await store.close()


async def test_the_longest_due_are_begun_first_and_each_once_until_none_is_left(store):
    chance = random.Random(7)
    rows = [
        source(n, chance.choice(list(State)), AT + timedelta(seconds=chance.randrange(90))) for n in range(SOURCES_MAX)
    ]
    await store.write(lambda tx: [tx.insert(row) for row in rows])
    running, begun = [], []
    while some := await store.read(lambda tx: sources.waiting(tx, running)):
        assert len(some) <= READINGS_MAX + len(running)
        assert not {row.name for row in some} & set(running)
        running.append(some[0].name)
        begun.append(some[0])
    assert [row.due for row in begun] == sorted(row.due for row in begun)
    assert {row.name for row in begun} == {row.name for row in rows if row.state not in RESTING}


async def test_what_is_shown_reads_the_sources_that_tell_it(store):
    states = [State.FRESH, State.SUSPENDED, State.FAILING, State.DROPPING, State.PAUSED]
    await store.write(lambda tx: [tx.insert(source(n, state)) for n, state in enumerate(states)])
    told = [SimpleNamespace(source=f"s{n}") for n in (0, 0, 1, 2, 3)]
    assert set(await store.read(lambda tx: showing.seen(tx, told))) == {"s0", "s2"}
    assert await store.read(lambda tx: showing.seen(tx, [])) == {}


async def test_a_source_more_than_there_is_room_for_is_refused_and_ranks_go_on(store):
    await store.write(lambda tx: [tx.insert(source(n)) for n in range(SOURCES_MAX - 1)])
    last = await store.write(lambda tx: _add(tx, source(SOURCES_MAX + 5)))
    assert last.rank == SOURCES_MAX - 1
    with pytest.raises(Conflict, match=f"at most {SOURCES_MAX} sources"):
        await store.write(lambda tx: _add(tx, source(SOURCES_MAX + 6)))
    await store.write(lambda tx: tx.delete(SourceRow, name="s3"))
    twin = source(SOURCES_MAX + 7)
    with pytest.raises(Conflict, match="is the source `s4` already"):
        await store.write(lambda tx: _add(tx, replace(twin, did="did:web:s4.example")))
