"""The course of a log: times that go back more than a minute, blocks that the chain does not have, or had later."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ledger.audit.course import Blocks, Course
from ledger.audit.sources import BlockHead, Unavailable
from ledger.log.events import Block
from tests.ledger.audit.values import AT, codes, event

DID = "did:web:a"
HASHES = {number: bytes([number]) * 32 for number in range(9)}
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
ABSENT, SILENT = 7, 8


def chain(at=AT):
    """Return a chain of blocks made at a time, and what it was asked for: 7 is not there, of 8 it says nothing."""
    asked = []

    async def block(number):
        asked.append(number)
        if number == SILENT:
            raise Unavailable("the chain is silent")
        return None if number == ABSENT else BlockHead(HASHES[number], at + number * SECOND)

    return Blocks(SimpleNamespace(block=block)), asked


def entry(at=AT, cited=None, digest=None):
    block = None if cited is None else Block(cited, digest or HASHES[cited])
    return event("time.mark", "x", time=at, block=block).row()


async def followed(*rows, made=AT):
    course = Course()
    assert course.highest == -1
    await course.follow(DID, rows, chain(made)[0])
    return course


async def test_each_block_is_asked_for_once_whoever_cites_it():
    blocks, asked = chain()
    for number in (1, 1, ABSENT, ABSENT, SILENT, SILENT, 1):
        await blocks.cited(number, b"")
    assert asked == [1, ABSENT, SILENT]


async def test_a_chain_that_is_silent_contradicts_nobody_and_tells_no_time():
    blocks, _ = chain()
    assert (await blocks.cited(SILENT, b"whatever")).hash == b"whatever"
    assert (await blocks.cited(1, b"whatever")).hash == HASHES[1]
    assert await blocks.cited(ABSENT, b"") is None
    assert await blocks.at(SILENT) is None
    assert await blocks.at(ABSENT) is None
    assert await blocks.at(1) == AT + SECOND


async def test_the_newest_block_is_the_newest_of_those_that_are_there():
    blocks, _ = chain()
    assert blocks.newest() is None
    for number in (ABSENT, SILENT):
        await blocks.at(number)
    assert blocks.newest() is None
    for number in (3, 1):
        await blocks.at(number)
    assert blocks.newest() == AT + 3 * SECOND


@pytest.mark.parametrize(
    ("back", "found"), [(timedelta(0), False), (60 * SECOND, False), (60 * SECOND + MICROSECOND, True)]
)
async def test_neighbours_may_swap_by_a_minute(back, found):
    course = await followed(entry(), entry(AT - back))
    assert codes(course.times) == ([("time-went-back", DID)] if found else [])
    assert (await followed(entry(AT - back), entry())).times.findings == []


async def test_a_time_is_compared_with_the_latest_and_not_with_the_one_before():
    course = await followed(entry(AT + 70 * SECOND), entry(AT + 30 * SECOND), entry())
    assert codes(course.times) == [("time-went-back", DID)]
    assert course.latest == entry(AT + 70 * SECOND).time
    assert course.last == entry().time
    assert codes((await followed(entry(), entry(AT + 70 * SECOND), entry())).times) == [("time-went-back", DID)]


@pytest.mark.parametrize(
    ("cited", "digest", "contradicted"),
    [(1, None, False), (1, b"\x0f" * 32, True), (ABSENT, None, True), (SILENT, None, False), (0, None, False)],
)
async def test_a_cited_block_is_the_chains(cited, digest, contradicted):
    course = await followed(entry(cited=cited, digest=digest))
    assert codes(course.blocks) == ([("block-contradicted", DID)] if contradicted else [])
    assert course.highest == cited


async def test_what_cites_no_block_contradicts_none():
    course = await followed(entry(), entry())
    assert (course.blocks.findings, course.highest) == ([], -1)


@pytest.mark.parametrize(
    ("order", "contradicted"), [((1, 2), False), ((2, 2), False), ((2, 1), True), ((3, 1, 2), True)]
)
async def test_a_log_cites_no_older_block_than_before(order, contradicted):
    course = await followed(*(entry(cited=number) for number in order))
    assert bool(course.blocks.findings) is contradicted
    assert {one.facts["number"] for one in course.blocks.findings} == set(map(str, order[1:] if contradicted else ()))


@pytest.mark.parametrize(
    ("ahead", "found"), [(15 * 60 * SECOND, False), (15 * 60 * SECOND + MICROSECOND, True), (timedelta(days=-9), False)]
)
async def test_an_entry_is_dated_after_the_block_that_it_cites_or_a_little_before(ahead, found):
    course = await followed(entry(cited=0), made=AT + ahead)
    assert codes(course.blocks) == ([("dated-before-block", DID)] if found else [])
