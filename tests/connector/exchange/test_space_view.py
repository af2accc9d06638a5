"""The space's document of an exchange that other processes of it change, too."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from connector.identity.space.view import SpaceView
from connector.runtime.clock import Clock


async def test_who_misses_a_member_is_told_by_a_look_that_began_after_it_asked():
    """Many ask at once; one look serves those who asked before it began, and nobody is told of an older one."""
    admitted, looks = {}, []
    view = SpaceView(None, None, "", Clock())
    view._known = SimpleNamespace(members={})

    async def build():
        looks.append(len(looks))
        seen = dict(admitted)  # a moment of the table, which is read for a while
        await asyncio.sleep(0.02)
        view._known = SimpleNamespace(members=seen)

    view.build = build
    first = [asyncio.create_task(view.member("late")) for _ in range(20)]
    await asyncio.sleep(0.01)
    admitted["late"] = "a member"
    asked_after = [asyncio.create_task(view.member("late")) for _ in range(20)]
    assert await asyncio.gather(*asked_after) == ["a member"] * 20
    await asyncio.gather(*first)
    assert len(looks) <= 2, "those who wait share a look"
