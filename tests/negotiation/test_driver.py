"""Long work that meets somebody who does not answer: it asks ever more rarely, says why, and goes on when it may."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from connector.core import driver
from connector.core.driver import LONG_SECONDS, RETRY_LONG_SECONDS, RETRY_MOST_SECONDS, Driver
from connector.runtime.errors import InvalidInput, PeerUnreachable


class Work:
    """A job that fails so often with `fault`, on a driver that keeps its pauses instead of taking them."""

    def __init__(self, monkeypatch, failures, fault=None):
        self.failures, self.fault = failures, fault or PeerUnreachable("nobody answers")
        self.tries, self.pauses, self.ended, self.told = 0, [], [], None
        self.driver = Driver("job", self.advance, self.fail)
        self.over = asyncio.Event()
        monkeypatch.setattr(driver, "JITTER_FRACTION", 0)
        monkeypatch.setattr(self.driver, "_rest", self.rest)

    async def rest(self, key, pause):
        self.pauses.append(pause)
        self.told = self.driver.trouble(key)

    async def advance(self, _key):
        self.tries += 1
        if self.tries <= self.failures:
            raise self.fault
        self.over.set()

    async def fail(self, key, fault):
        self.ended.append((key, fault))
        self.over.set()

    async def done(self):
        self.driver.wake("it")
        async with asyncio.timeout(10):
            await self.over.wait()
        await asyncio.sleep(0)
        return self


async def test_pauses_grow_to_the_limit_and_further_only_after_long(monkeypatch):
    work = await Work(monkeypatch, 400).done()
    assert len(work.pauses) == 400
    assert all(two == min(2 * one, RETRY_MOST_SECONDS) for one, two in pairwise(work.pauses[:20]))
    assert work.pauses[20] == RETRY_MOST_SECONDS
    short = [pause for pause in work.pauses if pause <= RETRY_MOST_SECONDS]
    assert LONG_SECONDS <= sum(short) <= LONG_SECONDS + RETRY_MOST_SECONDS
    assert work.pauses[-1] == max(work.pauses) == RETRY_LONG_SECONDS


async def test_it_says_why_while_it_waits_and_not_after(monkeypatch):
    work = await Work(monkeypatch, 3).done()
    assert "nobody answers" in work.told.text
    assert work.driver.trouble("it") is None
    assert work.ended == []


async def test_who_answered_is_asked_soon_again(monkeypatch):
    work = await Work(monkeypatch, 10).done()
    before, work.failures = len(work.pauses), work.tries + 2
    work.over.clear()
    await work.done()
    assert work.pauses[before:] == work.pauses[:2]


async def test_what_time_does_not_mend_ends_it_at_once(monkeypatch):
    fault = InvalidInput("there is no such thing")
    work = await Work(monkeypatch, 1, fault).done()
    assert (work.pauses, work.ended) == ([], [("it", fault)])


async def test_a_wake_cuts_a_pause_short(monkeypatch):
    monkeypatch.setattr(driver, "RETRY_FIRST_SECONDS", 60.0)
    asked = asyncio.Event()

    async def advance(_key):
        asked.set()
        raise PeerUnreachable("nobody answers")

    made = Driver("job", advance, lambda _key, _fault: asyncio.sleep(0))
    try:
        async with asyncio.timeout(10):
            for _ in range(3):
                made.wake("it")
                await asked.wait()
                asked.clear()
                await asyncio.sleep(0.01)
    finally:
        await made.close()


async def test_a_refusal_is_logged_in_words_and_what_should_not_happen_with_its_trace(monkeypatch, caplog):
    await Work(monkeypatch, 1, InvalidInput("no such thing")).done()
    await Work(monkeypatch, 1, KeyError("a bug")).done()
    refused, failed = [line for line in caplog.records if "failed" in line.message]
    assert "no such thing" in refused.message
    assert not refused.exc_info
    assert failed.exc_info


async def test_of_very_many_that_a_start_finds_the_first_are_looked_at_at_once_and_each_of_the_others_once_by_and_by():
    looked, keys = [], [str(number) for number in range(driver.RESUMED_AT_ONCE + 40)]

    async def look(key):
        looked.append(key)

    async def fail(key, fault):
        raise AssertionError(key) from fault

    made = Driver("job", look, fail)
    made.resume(keys)
    made.resume(keys)  # another process changed something meanwhile
    await asyncio.sleep(0)
    assert looked == keys[: driver.RESUMED_AT_ONCE]
    while len(set(looked)) < len(keys):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert sorted(set(looked)) == sorted(keys)
    assert all(looked.count(key) == 1 for key in keys[driver.RESUMED_AT_ONCE :])
    await made.close()


async def test_what_is_left_of_a_start_is_given_up_where_its_process_ends():
    looked = []

    async def look(key):
        looked.append(key)

    made = Driver("job", look, lambda *_: None)
    made.resume(map(str, range(driver.RESUMED_AT_ONCE + 1_000)))
    await asyncio.sleep(0)
    await made.close()
    before = len(looked)
    await asyncio.sleep(0.05)
    assert len(looked) == before < driver.RESUMED_AT_ONCE + 1_000
