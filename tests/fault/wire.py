"""A userspace proxy between two peers that delays, drops, truncates, flips, repeats and reorders, as a seed says.

It knows nothing of what passes: bytes of a TCP connection, answers only (`harmed` counts what it did to them). A harm
strikes once, at a byte that the seed draws; after `most` harms everything passes, so that the story can end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

CHUNK_BYTES = 16 * 1024
DELAY_SECONDS = 0.002


def flip(chunk, chance):
    place = chance.randrange(len(chunk) * 8)
    return [chunk[: place // 8] + bytes([chunk[place // 8] ^ 1 << place % 8]) + chunk[place // 8 + 1 :]]


def reorder(chunk, chance):
    middle = chance.randrange(len(chunk))
    return [chunk[middle:], chunk[:middle]]


def shorten(chunk, chance):
    """Leave out a few bytes in the middle, so that all that follows comes too early."""
    begin = chance.randrange(len(chunk))
    return [chunk[:begin], chunk[begin + chance.randint(1, 100) :]]


# what comes of the chunk that is struck; None ends the connection behind what is there
HARMS = {
    "flip": flip,
    "repeat": lambda chunk, _: [chunk, chunk],
    "reorder": reorder,
    "shorten": shorten,
    "truncate": lambda chunk, chance: [chunk[: chance.randrange(len(chunk))], None],
    "drop": lambda _chunk, _chance: [None],
    "delay": lambda chunk, _: [chunk],
}


class Wire:
    """Forwards to `target` (a port) on a port of its own."""

    def __init__(self, target):
        self.target, self.chance, self.left = target, None, 0
        self.harmed = Counter()
        self._reach, self._open = 1, {}

    async def start(self):
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._server.close()
        for writers in self._open.values():
            for writer in writers:
                writer.transport.abort()
        if self._open:
            await asyncio.wait(list(self._open))

    def harm(self, chance, most, reach):
        """From now on do harm, at most so often, each within `reach` bytes of a connection."""
        self.chance, self.left, self._reach = chance, most, reach

    async def _pass(self, reader, writer):
        self._open[asyncio.current_task()] = writers = [writer]
        try:
            there, to = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            del self._open[asyncio.current_task()]
            return
        writers.append(to)
        asking = asyncio.create_task(self._copy(reader, to, harmful=False))
        try:
            await self._copy(there, writer, harmful=True)
        finally:
            asking.cancel()
            for each in (to, writer):
                each.close()
            await asyncio.gather(asking, return_exceptions=True)
            del self._open[asyncio.current_task()]

    async def _copy(self, reader, writer, *, harmful):
        place = self._draw() if harmful else None
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK_BYTES):
                parts = [chunk]
                if place is not None and (place := place - len(chunk)) < 0:
                    parts, place = await self._strike(chunk), self._draw()
                for part in parts:
                    if part is None:
                        writer.transport.abort()
                        return
                    writer.write(part)
                await writer.drain()

    def _draw(self):
        """Return after how many bytes the next harm strikes, None if none does."""
        return self.chance.randrange(self._reach) if self.left > 0 else None

    async def _strike(self, chunk):
        if self.left <= 0:
            return [chunk]
        self.left -= 1
        name = self.chance.choice(list(HARMS))
        self.harmed[name] += 1
        if name == "delay":
            await asyncio.sleep(DELAY_SECONDS)
        return HARMS[name](chunk, self.chance)
