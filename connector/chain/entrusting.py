"""Our heads in the exchange's tree: given to it, and proven by what it gives back (`ledger.log.head_tree`).

Law: one head is under way at a time. What comes back counts when it proves this very head, under a head of the
exchange's log that the chain has. Where the exchange refuses, is away, gives back what proves nothing, or nothing for
`PATIENCE` of our intervals, the log says so (`heads.missed`) and we anchor by ourselves.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.runtime.errors import PeerMisbehaved, PenstockError, explain_failure
from connector.store.rows.evidence import AnchorRow, EntrustedRow
from connector.store.table_row import replace
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.checkpoint import origin_id
from ledger.log.head_tree import HeadTreeError
from ledger.space import gathered

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.net.outbound import Outbound
    from connector.runtime.clock import Clock
    from connector.store.evidence import Evidence
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs
    from ledger.log.checkpoint import Checkpoint
    from ledger.log.head_tree import Gathered
    from ledger.log.note import Note
    from ledger.space.document import Member

PATIENCE = 2
PATH = "/log/heads"
MISSED = "heads.missed"

log = logging.getLogger(__name__)


class Settled(NamedTuple):
    """What became of the head under way: still `waiting`, `placed` on the chain, or `missed`; nothing without one."""

    waiting: EntrustedRow | None = None
    placed: Gathered | None = None
    missed: bool = False


class Entrusting:
    """What one participant gives the exchange; `interval` is how often it anchors (seconds)."""

    def __init__(
        self,
        did: str,
        store: Store,
        evidence: Evidence,
        outbound: Outbound,
        peers: Peers,
        space: SpaceView,
        programs: Callable[[], Programs],
        clock: Clock,
        interval: int,
    ) -> None:
        self._did, self._store, self._evidence = did, store, evidence
        self._outbound, self._peers, self._space, self._programs = outbound, peers, space, programs
        self._clock, self._patience = clock, timedelta(seconds=PATIENCE * interval)

    async def settle(self) -> Settled:
        """Ask for the proof of the head under way, if there is one, and keep it."""
        row = await self._store.read(_under_way)
        if row is None:
            return Settled()
        try:
            document = await self._asked()
            placed = None if document is None else await self._proven(document, row)
        except PenstockError as fault:
            await self._miss(row.size, explain_failure(fault).text)
            return Settled(missed=True)
        if placed is not None:
            await self._keep(row, document, placed)
            return Settled(placed=placed)
        if self._clock.now() - row.at >= self._patience:
            await self._miss(row.size, "it was left out")
            return Settled(missed=True)
        return Settled(waiting=row)

    async def give(self, head: Checkpoint, note: Note, time: int) -> bool:
        """Give the exchange a head that its witnesses signed at `time`; say whether it took it."""
        try:
            exchange = await self._exchange()
            headers = self._peers.authorization(exchange.did)
            body = {"note": note.encode(), "time": str(time)}
            await self._outbound.post(exchange.url + PATH, body, headers=headers)
        except PenstockError as fault:
            await self._miss(head.size, explain_failure(fault).text)
            return False
        row = EntrustedRow(size=head.size, note=note.encode(), time=time, at=self._clock.now())
        await self._store.write(lambda tx: tx.put(row))
        return True

    async def _miss(self, size: int, reason: str) -> None:
        """Give up the head of a size, and say why in the log."""
        log.warning("the exchange does not anchor size %d of our log: %s", size, reason)
        now, by = self._clock.now(), self._space.last().exchange

        def act(tx: Tx) -> None:
            tx.delete(EntrustedRow, size=size)
            fields = {"size": str(size), "by": by, "reason": reason}
            self._evidence.record(tx, MISSED, part=self._evidence.origin, fields=fields, now=now)

        await self._store.write(act)

    async def _exchange(self) -> Member:
        return await self._space.require(self._space.last().exchange)

    async def _asked(self) -> Any:
        exchange = await self._exchange()
        headers = self._peers.authorization(exchange.did)
        answer: Any = (await self._outbound.get(exchange.url + PATH, headers=headers)).json()
        if not isinstance(answer, dict) or "anchor" not in answer:
            raise PeerMisbehaved("the exchange does not say where our head is")
        return answer["anchor"]

    async def _proven(self, document: Any, row: EntrustedRow) -> Gathered | None:
        """Return what a document proves, None if it is of a head before ours; raises PeerMisbehaved for a false one."""
        exchange, own = await self._exchange(), await self._space.require(self._did)
        try:
            found = gathered.proven(self._space.last(), own, exchange, document)
        except HeadTreeError as error:
            raise PeerMisbehaved(f"what the exchange gave for our head proves nothing: {error}") from error
        if found.head.size < row.size:
            return None
        wanted = checkpoints.parse_text(notes.parse(row.note).text)
        if (found.head.size, found.head.root, found.time) != (wanted.size, wanted.root, row.time):
            raise PeerMisbehaved("the exchange gathered another head than ours")
        if not await stands(self._programs(), found):
            raise PeerMisbehaved("the chain has not the head that the exchange names")
        return found

    async def _keep(self, row: EntrustedRow, document: Any, placed: Gathered) -> None:
        now: datetime = self._clock.now()

        def act(tx: Tx) -> None:
            for older in tx.find(EntrustedRow, "size < ?", (row.size,)):
                tx.delete(EntrustedRow, size=older.size)
            tx.change(row, replace(row, proof=document))
            head = placed.head
            tx.put(AnchorRow(origin=head.origin, size=head.size, root=head.root, tx="", block=placed.block, at=now))

        await self._store.write(act)


async def stands(programs: Programs, found: Gathered) -> bool:
    """Say whether the chain has the exchange's head that a gathered one is under, in the block that is named."""
    origin, block = origin_id(found.under.origin), found.block
    events = await programs.events("anchors", "Anchored", block, block, origin=origin)
    return any((one.fields["size"], one.fields["root"]) == (found.under.size, found.under.root) for one in events)


def proofs(tx: Tx) -> list[Any]:
    """Return what shows that heads of our log stand on the chain by way of the exchange's: the newest of it."""
    return [row.proof for row in tx.find(EntrustedRow, "proof IS NOT NULL", order="size desc")]


def _under_way(tx: Tx) -> EntrustedRow | None:
    rows = tx.find(EntrustedRow, "proof IS NULL", order="size desc", limit=1)
    return rows[0] if rows else None
