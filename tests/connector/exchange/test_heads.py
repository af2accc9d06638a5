"""Heads as an exchange makes them: one for each change, whoever of its processes makes it, and none twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from connector.exchange import membership
from connector.identity.space.author import SpaceAuthor
from connector.identity.space.follower import Follower
from connector.identity.space.heads import Heads
from connector.net.outbound import Outbound
from connector.store.rows.evidence import LogEntryRow
from connector.store.rows.space import SpaceChangeRow, SpaceHeadRow
from ledger.space.answer import Answer
from ledger.space.document import SUSPENDED
from ledger.space.entry import DID
from ledger.space.met import Met
from ledger.space.roll import Roll
from tests.api.lone import lone


@pytest.fixture
async def exchange(tmp_path):
    async with lone(tmp_path / "data", ("exchange",)) as made:
        await made.author.rebuild()
        yield made


def did(number):
    return f"did:web:m{number}.example"


def beside(exchange):
    """Return the author of another process on the same tables."""
    heads = Heads(exchange.identity, exchange.store, exchange.evidence, exchange.clock)
    return SpaceAuthor(exchange.identity, exchange.space, exchange.programs, exchange.store, "embedded", heads)


async def admit(exchange, *numbers, at=None, role="provider"):
    for number in numbers:
        raw = number.to_bytes(2)
        keys = {"address": raw * 10, "log_key": raw * 16, "aggregate": raw * 24, "delivery": raw * 16}
        told = {"did": did(number), "name": f"m{number}", "role": role, "url": f"http://m{number}.example"}
        member, now = replace(exchange.identity.member, **told, **keys), at or exchange.clock.now()
        await exchange.store.write(
            lambda tx, member=member, now=now: membership.admit(tx, exchange.evidence, member, exchange.did, now)
        )


async def rows(exchange, table):
    return await exchange.store.read(lambda tx: tx.find(table))


def newest(author):
    now = author.heads.newest
    assert now.roll.map == Roll.of(now.roll.space).map, "what is changed is what is built"
    assert now.head.root == now.roll.map.root
    return now


async def test_a_change_is_one_head_with_its_event_and_nothing_new_is_none(exchange):
    author, first = exchange.author, newest(exchange.author).head
    await author.rebuild()
    assert newest(author).head is first
    await admit(exchange, 1, 2)
    await author.rebuild()
    await exchange.members.move(did(2), "suspend", "its fees are open")
    assert newest(author).head.number == first.number + 2
    events = [row for row in await rows(exchange, LogEntryRow) if row.kind == "space.headed"]
    heads = await rows(exchange, SpaceHeadRow)
    assert len(events) == len(heads) == newest(author).head.number
    assert all(row.document["root"] for row in heads)
    assert newest(author).roll.entry(did(2)).state == SUSPENDED


async def test_whoever_follows_gets_what_changed_proven_and_who_is_far_behind_begins_anew(exchange, monkeypatch):
    author, asked = exchange.author, [(DID, did(1)), (DID, did(9))]
    met = Met().take(await author.heads.answer(None, asked), asked)
    assert all(met.knows(*one) for one in asked)
    await admit(exchange, 1)
    await author.rebuild()
    await admit(exchange, 2, 3)
    await exchange.members.move(did(1), "suspend", "its fees are open")
    told = await author.heads.answer(met.head.number, [])
    assert told is await author.heads.answer(met.head.number, []), "worked out once"
    after = met.take(Answer.from_json(told.json()))
    assert (after.head.number, len(told.entries)) == (met.head.number + 2, 3)
    assert not after.knows(*asked[0])
    assert after.knows(*asked[1])
    monkeypatch.setattr("connector.identity.space.heads.CHANGES_MAX", 8)
    author.heads._answers.clear()
    assert (await author.heads.answer(met.head.number, [])).since is None


async def test_processes_beside_each_other_make_one_line_of_heads(exchange):
    here, there = exchange.author, beside(exchange)
    await there.rebuild()
    assert newest(there).head == newest(here).head
    for number in range(1, 7):
        await admit(exchange, number)
        await (here if number % 2 else there).rebuild()
    assert newest(there).head.number == len(await rows(exchange, SpaceHeadRow))
    await here.rebuild()
    assert newest(here).head == newest(there).head
    assert list(newest(here).roll.space.members) == list(newest(there).roll.space.members)


async def test_whom_another_process_admitted_a_moment_ago_is_no_stranger(exchange):
    """What its process tells this one is not here yet, and the member asks already."""
    exchange.space.build = exchange.author.rebuild  # as where several processes work on one database
    url = f"http://localhost:{exchange.settings.server.port}/space/"
    async with aiohttp.ClientSession() as session:
        for number, path in ((1, "changes?did="), (2, "members/")):
            await admit(exchange, number)
            async with session.get(url + path + did(number)) as answer:
                told = Answer.from_json(await answer.json())
            assert [entry.member.did for entry in told.entries if entry.member.did == did(number)] == [did(number)]
            before = newest(exchange.author).head
            async with session.get(url + path + did(9)) as answer:
                assert Answer.from_json(await answer.json()).shown
            assert newest(exchange.author).head == before


async def test_a_member_that_was_a_stranger_asks_again_by_its_name(exchange):
    exchange.space.build = exchange.author.rebuild
    wanted = [(DID, did(1))]
    async with Outbound(development=True) as outbound:
        follower = Follower(exchange.store, outbound, f"http://localhost:{exchange.settings.server.port}", did(1))
        await follower.follow(wanted)
        assert follower.met.knows(*wanted[0])
        assert not follower.met.finds(*wanted[0])
        await admit(exchange, 1)
        await follower.follow(wanted)
        assert follower.met.finds(*wanted[0])


async def test_a_member_that_comes_to_light_late_stands_where_it_belongs(exchange):
    late = exchange.clock.now()
    await admit(exchange, 1, role="buyer")
    await exchange.author.rebuild()
    await admit(exchange, 2, at=late - timedelta(seconds=3), role="buyer")
    await exchange.author.rebuild()
    other = beside(exchange)
    await other.rebuild()
    assert newest(exchange.author).head.acting == newest(other).head.acting
    assert newest(exchange.author).head.acting[-2:] == (did(2), did(1))


async def test_an_exchange_that_was_set_back_signs_no_number_twice(exchange):
    await admit(exchange, 1)
    await exchange.author.rebuild()
    await admit(exchange, 2)
    await exchange.author.rebuild()
    lost = newest(exchange.author).head
    met = Met().take(await exchange.author.heads.answer(None, []))

    def set_back(tx):
        tx.delete(SpaceHeadRow, number=lost.number)
        for row in tx.find(SpaceChangeRow, "number = ?", (lost.number,)):
            tx.delete(SpaceChangeRow, number=row.number, place=row.place)
        tx.delete("members", did=did(2))

    await exchange.store.write(set_back)
    again = beside(exchange)
    await again.rebuild()
    assert newest(again).head.number == lost.number + 1
    told = await again.heads.answer(lost.number, [])
    assert told.since is None, "what changed since a lost head nobody knows"
    assert met.take(told).head == newest(again).head
