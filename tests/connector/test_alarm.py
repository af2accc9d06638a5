"""The one wait of the engine's workers: a moment is slept for, a call wakes at once, nothing told is lost."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from connector.runtime.alarm import Alarm

SOON, LATER = timedelta(seconds=0.05), timedelta(minutes=10)
LONG_SECONDS = 5.0


def now():
    return datetime.now(UTC)


@pytest.fixture
def alarm():
    return Alarm(now)


async def slept(alarm, until=None):
    """How long a sleep took."""
    begun = time.monotonic()
    async with asyncio.timeout(LONG_SECONDS):
        await alarm.sleep(until)
    return time.monotonic() - begun


@pytest.mark.parametrize("until", [None, LATER])
async def test_a_moment_told_in_a_sleep_ends_it_then_and_not_before(alarm, until):
    sleep = asyncio.ensure_future(slept(alarm, None if until is None else now() + until))
    await asyncio.sleep(0)
    alarm.notice(now() + SOON)
    assert await sleep >= SOON.total_seconds() * 0.9


async def test_a_later_moment_changes_nothing(alarm):
    sleep = asyncio.ensure_future(slept(alarm, now() + SOON))
    await asyncio.sleep(0)
    alarm.notice(now() + LATER)
    assert await sleep >= SOON.total_seconds() * 0.9


async def test_a_moment_told_while_nobody_sleeps_counts_for_the_next_sleep_alone(alarm):
    alarm.notice(now() + SOON)
    assert await slept(alarm) >= SOON.total_seconds() * 0.9
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2 * SOON.total_seconds()):
            await alarm.sleep(None)


@pytest.mark.parametrize("before", [True, False])
async def test_a_call_wakes_at_once_whatever_was_told(alarm, before):
    if before:
        alarm.notice()
    sleep = asyncio.ensure_future(slept(alarm, now() + LATER))
    await asyncio.sleep(0)
    alarm.notice(now() + LATER / 2)
    alarm.notice()
    assert await sleep < LONG_SECONDS


async def test_a_moment_that_has_passed_wakes_at_once(alarm):
    sleep = asyncio.ensure_future(slept(alarm))
    await asyncio.sleep(0)
    alarm.notice(now() - SOON)
    assert await sleep < LONG_SECONDS
