"""The course of a log: whether each entry is dated after the one before, and after the block that it cites.

A cited block proves that an entry was not written before it; it is asked of the chain once, whoever cites it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ledger.audit.event import Event, at
from ledger.audit.report import Report
from ledger.audit.sources import BlockHead, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.audit.event import Row
    from ledger.audit.proven import Standing
    from ledger.audit.sources import Sources

CLOCK_SKEW_SECONDS = 60  # acts are timed before they queue for the one writer, so neighbours may swap a little
SKEW_MICROSECONDS = CLOCK_SKEW_SECONDS * 1_000_000

# a chain whose blocks each count a second runs ahead of the clock while it is busy
CHAIN_AHEAD = timedelta(minutes=15)


@dataclass(slots=True)
class Blocks:
    """What the chain says of the blocks that entries cite; by number, because most entries cite the same few."""

    sources: Sources
    known: dict[int, BlockHead | None] = field(default_factory=dict)
    _silent: set[int] = field(default_factory=set)

    async def cited(self, number: int, digest: bytes) -> BlockHead | None:
        """Return the chain's block of a number; a chain that does not answer contradicts nobody."""
        if number not in self.known and number not in self._silent:
            try:
                self.known[number] = await self.sources.block(number)
            except Unavailable:
                self._silent.add(number)
        if number in self._silent:
            return BlockHead(digest, datetime.min.replace(tzinfo=UTC))
        return self.known[number]

    def newest(self) -> datetime | None:
        """Return the newest time of a block that was asked for, None if none was there."""
        return max((head.at for head in self.known.values() if head is not None), default=None)

    def up_to(self, number: int) -> dict[int, BlockHead]:
        """Return the blocks up to a number that were asked for and are there."""
        return {at: head for at, head in self.known.items() if head is not None and at <= number}

    def silent(self, number: int) -> bool:
        """Return whether the chain did not answer for a block."""
        return number in self._silent

    async def at(self, number: int) -> datetime | None:
        """Return a block's time, None if the chain has no such block or does not answer."""
        head = await self.cited(number, b"")
        return None if head is None or number in self._silent else head.at


@dataclass(slots=True)
class Course:
    """One log so far, in rows of events; times in microseconds since 1970.

    `latest` is its newest time, `last` that of its last event, `highest` the highest block it cited. `unheard` says
    that the chain did not answer for one of them.
    """

    latest: int | None = None
    last: int | None = None
    highest: int = -1
    unheard: bool = False
    times: Report = field(default_factory=Report)
    blocks: Report = field(default_factory=Report)

    @classmethod
    def of(cls, known: Standing) -> Course:
        """Go on with a log that was followed so far."""
        course = cls(known.latest, known.last, known.highest)
        course.times.join(Report(list(known.times)))
        course.blocks.join(Report(list(known.blocks)))
        return course

    async def follow(self, did: str, rows: Iterable[Row], blocks: Blocks) -> None:
        """Take the next entries of the log."""
        for row in rows:
            # rows stay rows here: of a million events next to none gives a finding
            if self.latest is None or row.time > self.latest:
                self.latest = row.time
            elif self.latest - row.time > SKEW_MICROSECONDS:
                self.times.find("time-went-back", did, Event.from_row(did, row))
            if row.block is not None:
                head = await blocks.cited(row.block, row.block_hash or b"")
                self.unheard = self.unheard or blocks.silent(row.block)
                self._check_block(did, row, row.block, head)
            self.last = row.time

    def _check_block(self, did: str, row: Row, number: int, head: BlockHead | None) -> None:
        if number < self.highest or head is None or head.hash != row.block_hash:
            self.blocks.find("block-contradicted", did, Event.from_row(did, row), number=number)
        elif head.at - at(row.time) > CHAIN_AHEAD:
            self.blocks.find("dated-before-block", did, Event.from_row(did, row), number=number)
        self.highest = max(self.highest, number)
