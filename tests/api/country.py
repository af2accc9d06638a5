"""Spaces of a country: each with its exchange and its node, and one more whose node is to be above the others."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from tests.api.noded import Noded


class Province(Noded):
    """A space with somebody who has something."""

    kinds: ClassVar = {"exchange": "exchange", "node": "node", "provider": "provider"}


class Top(Noded):
    """The space of the node above."""

    kinds: ClassVar = {"exchange": "exchange", "node": "node"}


class Country:
    """Two provinces, `river` and `harbour`, and `top`."""

    def __init__(self, folder, now):
        self.river, self.harbour = Province(folder / "river", now), Province(folder / "harbour", now)
        self.top = Top(folder / "top", now)
        self.spaces = (self.river, self.harbour, self.top)

    async def start(self):
        """Start everybody, and put the nodes of the provinces below the one at the top."""
        for space in self.spaces:
            space.prepare(tuple(space.kinds))
        await asyncio.gather(*(space.start() for space in self.spaces))
        for space in (self.river, self.harbour):
            told = await space.doors["node"].call("POST", "above", {"address": self.top.url("node")})
            assert told["state"] == "asked"
            await self.top.doors["node"].call("POST", "below/accepted", {"did": space.did("node")})

    async def stop(self):
        """Stop everybody."""
        await asyncio.gather(*(space.stop() for space in self.spaces))
