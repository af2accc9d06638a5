"""Long work that ends with its part: nothing of it happens afterwards, and a fault it had met is not lost."""

from __future__ import annotations

import asyncio

import pytest

from connector.runtime.cancellation import cancel


async def rest(ended):
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        ended.append(1)


async def test_all_have_ended_when_it_returns():
    ended = []
    tasks = [asyncio.create_task(rest(ended)) for _ in range(3)]
    await asyncio.sleep(0)
    await cancel(*tasks)
    assert (ended, [task.cancelled() for task in tasks]) == ([1, 1, 1], [True] * 3)


async def test_one_that_never_began_is_nothing_and_one_that_is_over_stays_so():
    over = asyncio.create_task(asyncio.sleep(0, "done"))
    assert await over == "done"
    await cancel(None, over)
    assert over.result() == "done"


async def test_what_one_had_met_is_raised():
    async def broken():
        raise OSError("the disk is full")

    task = asyncio.create_task(broken())
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="full"):
        await cancel(task)
