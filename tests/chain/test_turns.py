"""Whose turn it is: who used least, members first, and nobody takes all places."""

from __future__ import annotations

import asyncio

import pytest

from ledger.embedded import turns as turns_module
from ledger.embedded.caller import Caller, Standing, stranger
from ledger.embedded.errors import OverLimitError
from ledger.embedded.turns import Turns

MEMBER = Caller(Standing.MEMBER, "did:web:member.example")
GREEDY, MODEST, NEWCOMER = (stranger(f"192.0.2.{at}") for at in range(3))


class Work:
    """What is done in turns: `done` names it in its order, `release` lets what runs end."""

    def __init__(self):
        self.turns, self.done, self.gate = Turns(), [], asyncio.Semaphore(0)

    def put(self, caller, name):
        async def work():
            await self.gate.acquire()
            self.done.append(name)

        return asyncio.create_task(self.turns.take(caller, work))

    async def settle(self):
        for _ in range(10):
            await asyncio.sleep(0)

    async def release(self):
        self.gate.release()
        await self.settle()


@pytest.fixture(autouse=True)
def prompt(monkeypatch):
    monkeypatch.setattr(turns_module, "REFUSING_SECONDS", 0.0)


async def test_members_come_first_then_who_used_least():
    work = Work()
    tasks = [work.put(GREEDY, "greedy 1")]
    await work.settle()
    work.turns._used = {GREEDY: 9.0, MODEST: 1.0}
    tasks += [work.put(caller, name) for caller, name in ((GREEDY, "greedy 2"), (MODEST, "modest"), (MEMBER, "member"))]
    tasks.append(work.put(NEWCOMER, "newcomer"))
    await work.settle()
    for _ in tasks:
        await work.release()
    assert work.done == ["greedy 1", "member", "newcomer", "modest", "greedy 2"]


async def test_whoever_holds_most_makes_room(monkeypatch):
    monkeypatch.setattr(turns_module, "MAX_WAITING", 4)
    work = Work()
    running = work.put(MODEST, "running")
    await work.settle()
    greedy = [work.put(GREEDY, f"greedy {at}") for at in range(4)]
    await work.settle()
    refused = work.put(GREEDY, "one more")
    modest, member = work.put(MODEST, "modest"), work.put(MEMBER, "member")
    await work.settle()
    for task in (refused, *greedy[2:]):
        with pytest.raises(OverLimitError, match="busy"):
            await task
    for _ in range(5):
        await work.release()
    assert all(task.done() for task in (running, modest, member, *greedy[:2]))
    assert len(work.done) == 5


async def test_who_leaves_before_its_turn_has_never_come():
    work = Work()
    first, second, third = (work.put(GREEDY, name) for name in ("first", "second", "third"))
    await work.settle()
    second.cancel()
    await work.settle()
    await work.release()
    await work.release()
    await asyncio.gather(first, third)
    assert work.done == ["first", "third"]
    assert second.cancelled()


async def test_a_turn_is_over_when_its_work_has_ended_and_not_when_its_caller_left():
    work = Work()
    first, second = work.put(GREEDY, "first"), work.put(MODEST, "second")
    await work.settle()
    first.cancel()
    await work.settle()
    assert first.cancelled()
    await work.release()
    assert work.done == ["first"]
    await work.release()
    await second
    assert work.done == ["first", "second"]


async def test_who_is_cancelled_in_the_moment_of_its_turn_passes_it_on():
    work = Work()
    first, second, third = (work.put(GREEDY, name) for name in ("first", "second", "third"))
    await work.settle()
    work.gate.release()
    while not first.done():
        await asyncio.sleep(0)
    second.cancel()
    await work.release()
    await work.release()
    async with asyncio.timeout(5):
        await third
    assert work.done[0] == "first"
    assert work.done[-1] == "third"
