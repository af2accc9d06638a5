"""Heads of members' logs in one tree a round: the exchange anchors its own log, and theirs with it.

The life of a gathered head: its owner gives it, signed by its witnesses; it waits, one for each log; when the exchange
anchors its own log, all that wait make a tree (or several) whose root is an event of that log; from then on its owner
gets the proof that leads from its head to the chain (`ledger.log.head_tree`).

Law: a head is taken only with the quorum that the chain would ask for, and never one that is behind what was taken of
its log. Who is gathered costs the exchange a row and no gas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.runtime.errors import Conflict, InvalidInput
from connector.store.entries import entry_at
from connector.store.evidence import anchored
from connector.store.rows.evidence import GatheredRow
from connector.store.shelf import TxShelf
from connector.store.table_row import replace
from ledger.log import checkpoint as checkpoints
from ledger.log import head_tree
from ledger.log import note as notes
from ledger.log.head_tree import GATHERED, Place
from ledger.log.note import NoteError
from ledger.log.tree import Log
from ledger.space.document import QUORUM

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.identity.space.view import SpaceView
    from connector.runtime.clock import Clock
    from connector.store.evidence import Evidence
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain

_WAITING = "entry IS NULL"
_COUNT = "SELECT count(*) AS waiting FROM gathered_heads WHERE entry IS NULL"
# of one transaction, which others wait for: half a second
TREE_HEADS_MAX = 4_096


class Gathering:
    """The heads that wait, and those that were gathered; `domain` is that of the anchors program."""

    def __init__(
        self, store: Store, evidence: Evidence, space: SpaceView, clock: Clock, domain: Callable[[], Domain]
    ) -> None:
        self._store, self._evidence, self._space, self._clock = store, evidence, space, clock
        self._domain = domain

    async def take(self, did: str, note: str, time: int) -> dict[str, str]:
        """Have a member's head wait for the next round; it was signed by its witnesses at `time` (posix seconds).

        Raises InvalidInput for one that its witnesses did not sign, Conflict for one behind what was taken before.
        """
        member = await self._space.require(did)
        witnesses = self._space.last().witnesses_of(did)
        try:
            parsed = notes.parse(note)
            head = checkpoints.verify(parsed, member.log_vkey)
            signed = head_tree.signers(parsed, time, self._domain(), [one.head_vkey for one in witnesses])
        except NoteError as error:
            raise InvalidInput(f"this is no head of your log: {error}") from error
        if not witnesses or signed < min(QUORUM, len(witnesses)):
            raise InvalidInput(f"{signed} of {len(witnesses)} witnesses signed this head at `{time}`", "have it signed")
        now = self._clock.now()

        def act(tx: Tx) -> None:
            known = tx.find(GatheredRow, "origin = ?", (head.origin,), order="size desc")
            if any(row.size > head.size or (row.size == head.size and row.root != head.root) for row in known):
                raise Conflict(f"a head of size {known[0].size} was taken of this log before, and not this one")
            if any(row.size == head.size for row in known):
                return
            for row in known:
                if row.entry is None:
                    tx.delete(GatheredRow, origin=row.origin, size=row.size)
            tx.insert(GatheredRow(origin=head.origin, size=head.size, root=head.root, note=note, time=time, at=now))

        await self._store.write(act)
        return {"origin": head.origin, "size": str(head.size)}

    def waiting(self, tx: Tx) -> int:
        """Return how many heads wait."""
        return int(tx.execute(_COUNT)[0]["waiting"])

    async def gather(self) -> None:
        """Make trees of all heads that wait, and an event with the root of each; nothing if none waits.

        Of each log the head that was gathered before is forgotten: the newer one covers it.
        """
        while await self._store.write(self._plant):
            pass

    def _plant(self, tx: Tx) -> bool:
        """Make one tree; say whether more heads wait than it takes."""
        rows, now = tx.find(GatheredRow, _WAITING, order="at", limit=TREE_HEADS_MAX), self._clock.now()
        if not rows:
            return False
        domain = self._domain()
        tree = head_tree.planted(head_tree.leaf(domain, _head(row), row.time) for row in rows)
        link = (tree.root().hex(), str(len(rows)))
        entry = self._evidence.record(tx, GATHERED, part=self._evidence.origin, link=link, fields={}, now=now)
        for index, row in enumerate(rows):
            for older in tx.find(GatheredRow, "origin = ? and size < ?", (row.origin, row.size)):
                tx.delete(GatheredRow, origin=older.origin, size=older.size)
            place = Place(index, len(rows), tuple(tree.inclusion(index)))
            tx.change(row, replace(row, entry=entry, place=place.json()))
        return len(rows) == TREE_HEADS_MAX

    async def proof(self, did: str) -> Any:
        """Return what shows that a member's newest head stands on the chain by way of our log, None without one."""
        origin = (await self._space.require(did)).origin

        def look(tx: Tx) -> Any:
            found = tx.find(GatheredRow, "origin = ? and entry IS NOT NULL", (origin,), order="size desc", limit=1)
            own = anchored(tx, self._evidence.origin)
            if not found or own is None:
                return None
            [row] = found
            assert row.entry is not None, "it was asked for"
            assert row.place is not None, "who is in a tree has a place"
            if own.size <= row.entry or (kept := entry_at(tx, row.entry)) is None:
                return None
            under = checkpoints.Checkpoint(own.origin, own.size, own.root)
            below = Place(row.entry, own.size, tuple(Log(TxShelf(tx)).inclusion(row.entry, own.size)))
            place = Place.from_json(row.place)
            return head_tree.document(row.note, row.time, place, kept.entry, under, below, own.block)

        return await self._store.read(look)


def newest(tx: Tx, origin: str) -> GatheredRow | None:
    """Return the newest head that was taken of a log, gathered or waiting."""
    rows = tx.find(GatheredRow, "origin = ?", (origin,), order="size desc", limit=1)
    return rows[0] if rows else None


def _head(row: GatheredRow) -> checkpoints.Checkpoint:
    return checkpoints.Checkpoint(row.origin, row.size, row.root)
