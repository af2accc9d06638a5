"""Who writes the space's document: the exchange, from its members, the programs on chain, and its own description.

Law: what is written anew is what changed: rows that were read are not read again, but for those that another process
may have dated a little late. An exchange makes a head of each document (`connector.identity.space.heads`), once its
log is known to be whole.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.store.rows.space import MemberRow
from ledger.space.document import REVOKED, SUSPENDED, Member, Space
from ledger.space.entry import Entry
from ledger.space.roll import Roll

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.identity.identity import Identity
    from connector.identity.space.heads import Heads
    from connector.identity.space.view import SpaceView
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs
    from ledger.space.head import Head

FEE_BPS = 1000  # the exchange's tenth of every sale; shown in the space document and in every offer's split
# a row may be dated so much before one that was read: it waited to be written, or another process has another clock
LATE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read: the roll, of whom there were rows, the newest time of any, and when the last member came."""

    roll: Roll
    touched: Sequence[str]
    updated: datetime | None = None
    created: datetime | None = None


class SpaceAuthor:
    """Writes the document anew; `label` says what chain it is about, `embedded` or `shared`.

    `heads` is there at an exchange, None for a space of one.
    """

    def __init__(
        self, identity: Identity, space: SpaceView, programs: Programs, store: Store, label: str, heads: Heads | None
    ) -> None:
        self._identity, self._space, self._programs, self._store = identity, space, programs, store
        self._label, self.heads = label, heads
        self._known: _Read | None = None
        self._turn = asyncio.Lock()

    async def draft(self) -> None:
        """Write the document as the tables have it, and make no head of it."""
        async with self._turn:
            self._take(await self._store.read(self._read))

    async def rebuild(self) -> None:
        """Write the document anew, and a head if it says something else than the last one."""
        async with self._turn:
            heads = self.heads
            if heads is None:
                self._take(await self._store.read(self._read))
                return

            def look(tx: Tx) -> tuple[_Read, Head | None]:
                read = self._read(tx)
                return read, heads.fitting(tx, read.roll)

            def make(tx: Tx) -> tuple[_Read, Head]:
                read = self._read(tx)
                return read, heads.make(tx, read.roll, read.touched)

            read, fitting = await self._store.read(look)
            read, head = (read, fitting) if fitting is not None else await self._store.write(make)
            self._take(read)
            heads.take(head, read.roll)

    def _take(self, read: _Read) -> None:
        before, self._known = self._known, read
        if before is None or before.roll is not read.roll:
            self._space.take(read.roll.space)

    def _read(self, tx: Tx) -> _Read:
        """Read what changed since we last read; everything where a member came before the last one that we know."""
        known = self._known
        if known is None or known.updated is None or known.created is None:
            return self._whole(tx)
        rows = tx.find(MemberRow, "updated >= ?", (known.updated - timedelta(seconds=LATE_SECONDS),), "created")
        new = [row for row in rows if row.did not in known.roll.space.members]
        if any(row.created < known.created for row in new):
            return self._whole(tx)
        roll = known.roll.changed([Entry(self._identity.member), *map(_entry, rows)])
        updated = max((row.updated for row in rows), default=known.updated)
        touched = [self._identity.did, *(row.did for row in rows)]
        return _Read(roll, touched, max(updated, known.updated), new[-1].created if new else known.created)

    def _whole(self, tx: Tx) -> _Read:
        own, rows = self._identity.member, tx.find(MemberRow, order="created")
        entries = [Entry(own), *map(_entry, rows)]
        members = {one.member.did: one.member for one in entries}
        barred = {one.member.did: one.state for one in entries if one.state}
        space = Space(own.did, self._programs.deployment.json(), members, FEE_BPS, self._label, barred)
        times = (max(row.updated for row in rows), rows[-1].created) if rows else (None, None)
        return _Read(Roll.of(space), tuple(members), *times)


def _entry(row: MemberRow) -> Entry:
    state = row.state.value
    return Entry(Member.from_json(row.document), state if state in {SUSPENDED, REVOKED} else "")
