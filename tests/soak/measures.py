"""What the processes of a soak hold, looked at again and again: memory, descriptors, write-ahead log, database."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.report import memory_bytes
from tests.soak.space import SPARED, pid

MIB = 2**20
LOOK_SECONDS = 2.0
# of the looks at who is spared: warm from here on, and its last part is held against the first warm one
WARM, PART = 0.4, 0.2


@dataclass(frozen=True)
class Look:
    """One look at a participant: its orders so far, bytes and descriptors."""

    name: str
    pid: int
    orders: int
    memory: int
    descriptors: int
    wal: int
    tables: int
    chain: int


class Measures:
    """All looks of a soak, and the figures that are made of them."""

    def __init__(self, space, counted):
        self._space, self._counted = space, counted
        self.looks = []

    async def run(self, over):
        while not over.is_set():
            self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), LOOK_SECONDS)

    def look(self):
        """Look at everybody who runs."""
        for name, person in self._space.people.items():
            if (process := pid(person)) is not None:
                with suppress(OSError):
                    self.looks.append(self._at(name, person, process))

    def _at(self, name, person, process):
        descriptors = len(list(Path(f"/proc/{process}/fd").iterdir()))
        wals = sum(path.stat().st_size for path in person.data.glob("*.db-wal"))
        stored = self._space.ground.stored(name, person.data)
        return Look(name, process, self._counted(name), memory_bytes(process), descriptors, wals, *stored)

    def rise(self, what):
        """Return by how much `what` rose at whoever rose most of those who were never struck, from warm to the end."""
        return max(self._risen([look for look in self.looks if look.name == name], what) for name in SPARED)

    def _risen(self, looks, what):
        values = [getattr(look, what) for look in looks]
        part = max(1, int(len(values) * PART))
        warm = int(len(values) * WARM)
        return statistics.median(values[-part:]) - statistics.median(values[warm : warm + part])

    def most(self, what):
        return max(getattr(look, what) for look in self.looks)

    def per_order(self, role, what):
        """Return by how many bytes `what` of a role's participants grew with each of their orders; None without one."""
        grown = orders = 0
        for name in self._space.of(role):
            looks = [look for look in self.looks if look.name == name]
            grown += getattr(looks[-1], what) - getattr(looks[0], what)
            orders += looks[-1].orders - looks[0].orders
        return grown / orders if orders else None


def stored_bytes(path):
    """Return the bytes of a database of SQLite that are in use, as if its write-ahead log were written back."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int((pages - free) * size)
