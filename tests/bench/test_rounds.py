"""Rounds take turns; many at once are that many, and as often as was asked."""

from __future__ import annotations

import asyncio

from bench import rounds


async def test_rounds_take_turns():
    order = []

    def work(name, values):
        async def once():
            order.append(name)
            return values.pop(0)

        return once

    taken = await rounds.in_turn({"a": work("a", [9, 1, 5]), "b": work("b", [2, 2, 8])}, 3)
    assert (taken, order) == ({"a": [9, 1, 5], "b": [2, 2, 8]}, ["a", "b"] * 3)


async def test_so_many_are_under_way_at_once():
    under_way, most = 0, 0

    async def work():
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1

    seconds, times = await rounds.side_by_side(work, 20, 4)
    assert (len(times), most) == (20, 4)
    assert 1 <= min(times) <= max(times) <= 1000 * seconds
