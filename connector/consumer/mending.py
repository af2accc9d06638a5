"""Damaged rows fetched again: of a replica from the provider and whom it names, of an edition of ours from its holders.

Law: (1) what is damaged is found by hashing, and what comes in its place is verified like every row; the rest of the
file is not touched. (2) Nothing about it is kept but the file: whoever breaks off begins again and finds less to do.
(3) Bytes cost nothing, so nothing is paid; a replica's provider is asked by a transfer under its own agreement.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from catalog.codes import tier
from connector.consumer.carrier import Carrier
from connector.consumer.haul import roads_to
from connector.consumer.roads import ROADS_MAX, Road, Roads
from connector.consumer.steps import FINAL as GOT
from connector.custody import needs, passes, scrub
from connector.custody.errors import VaultError
from connector.custody.intake import Intake
from connector.custody.passes import HELD_PATH
from connector.negotiation.notices import account_under
from connector.negotiation.protocol.states import FINAL, STARTED, TRANSFER
from connector.runtime import files
from connector.runtime.errors import Conflict, PeerUnreachable, PenstockError
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.vault import HolderRow, ReplicaRow
from contracts.ranges import RowSet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.scrub import Kept, Scrubbed
    from connector.custody.slabs import Memory
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.engine import Engine
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


FETCHING, MENDED, FAILED = "fetching", "mended", "failed"
START_SECONDS_MAX = 60.0  # a provider that answers starts a transfer within a second

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Mend:
    """One damaged edition or replica: which rows were bad, and how far it is."""

    kind: str
    id: str
    bad: RowSet
    state: str = FETCHING
    reason: str = ""
    intake: Intake | None = field(default=None, repr=False)

    def json(self) -> JsonObject:
        """Return the row of `vault scrub --repair`."""
        here = RowSet() if self.intake is None else self.intake.held
        left = 0 if self.state == MENDED else len(self.bad - here)
        told = {"kind": self.kind, "id": self.id, "bad": self.bad.json(), "left": left}
        return told | {"state": self.state, "reason": self.reason}


class Mending:
    """The repairs of one participant's vault; one run at a time."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        peers: Peers,
        blobs: Blobs,
        engine: Engine,
        memory: Memory,
    ) -> None:
        self._core, self._space, self._peers, self._blobs = core, space, peers, blobs
        self._engine, self._memory = engine, memory
        self._mends: list[Mend] = []
        self._hashed = 0
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()

    def begin(self) -> JsonObject:
        """Begin to hash and repair everything kept, if that is not under way; return how far it is."""
        if self._task is None or self._task.done():
            self._mends, self._hashed = [], 0
            self._task = asyncio.get_running_loop().create_task(self._run(), name="mending")
        return self.view()

    def view(self) -> JsonObject:
        """Return how far it is."""
        running = self._task is not None and not self._task.done()
        return {"running": running, "hashed": self._hashed, "mends": [mend.json() for mend in self._mends]}

    async def close(self) -> None:
        """Stop; what is still damaged is found again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        folder = self._blobs.folder
        for kept in await self._core.store.read(lambda tx: scrub.holdings(tx, folder)):
            found = await asyncio.to_thread(scrub.scrub, kept, self._blobs)
            self._hashed += 1
            if found.bad:
                await self._mend(found)

    async def _mend(self, found: Scrubbed) -> None:
        mend = Mend(found.kept.kind, found.kept.id, found.bad)
        self._mends.append(mend)
        try:
            async with self._roads(found) as roads:
                await self._fetch(found, mend, roads)
        except Exception as fault:  # noqa: BLE001  # whatever it is, the operator reads it, and the next is repaired
            mend.state, mend.reason = FAILED, str(fault) or type(fault).__name__
            log.warning("%s pieces of %s `%s` stay damaged: %s", len(mend.bad), mend.kind, mend.id, fault)
        else:
            mend.state = MENDED

    async def _fetch(self, found: Scrubbed, mend: Mend, roads: Roads) -> None:
        """Write the right rows into the file; what is in the bucket is brought here, mended, and moved there again."""
        kept, blobs, edition = found.kept, self._blobs, bytes.fromhex(found.kept.edition)
        distant = await asyncio.to_thread(blobs.is_distant, edition, kept.table)
        path = blobs.part(edition) if distant else kept.path
        mend.intake = Intake(path, kept.table)
        with self._memory.sealed(kept.table) as pool:
            carrier = Carrier(kept.table, pool, roads, mend.intake, keeps=False)
            try:
                await carrier.start(self._core.outbound, mend.bad)
                await carrier.all_here()
                if distant:
                    await asyncio.to_thread(_copy, kept, blobs, mend)
                await asyncio.to_thread(mend.intake.sync)
            finally:
                await carrier.close()
                mend.intake.close()
        if distant:
            files.move(path, kept.path)
            with suppress(VaultError):  # it is mended, and goes to a bucket that is away now at a later round
                await asyncio.to_thread(blobs.offload, edition, kept.table)

    @asynccontextmanager
    async def _roads(self, found: Scrubbed) -> AsyncIterator[Roads]:
        """Yield where the rows are to be had; raises Conflict when nobody may give them."""
        if found.kept.kind == needs.EDITION:
            yield Roads(await self._to_holders(found.kept.id))
            return
        replica, agreement = await self._core.store.read(lambda tx: self._held_under(tx, found.kept.id))
        engine = self._engine
        pid = await engine.start_transfer(agreement.digest, tier(agreement.signed_terms["tier"]).formats[0])
        try:
            yield await roads_to(self._core, self._peers, replica, await self._started(pid))
        finally:
            with suppress(PenstockError):
                await engine.complete_transfer(pid)

    def _held_under(self, tx: Tx, key: str) -> tuple[ReplicaRow, AgreementRow]:
        replica = tx.get(ReplicaRow, id=key)
        assert replica is not None, "it was found a moment ago"
        agreement = tx.get(AgreementRow, digest=replica.agreement)
        if agreement is None:
            raise Conflict(f"the agreement of the replica `{key}` is not here")
        for got in tx.find(AcquisitionRow, "agreement = ?", (replica.agreement,)):
            if got.state not in GOT:
                raise Conflict(f"the replica is still being got by `{got.id}`", "that fetches what is damaged, too")
        return replica, agreement

    async def _started(self, pid: str) -> TransferRow:
        """Wait for the provider's start; return the transfer, whose data address it brought."""
        async with asyncio.timeout(START_SECONDS_MAX):
            while True:
                self._moved.clear()
                row = await self._core.store.read(lambda tx: tx.get(TransferRow, id=pid))
                assert row is not None
                if row.state in FINAL:
                    raise PeerUnreachable(f"the provider ended the transfer: {row.reason}")
                if row.state == STARTED and row.address is not None:
                    return row
                await self._moved.wait()

    async def _to_holders(self, edition: str) -> list[Road]:
        """Return roads to the holders of an edition of ours, each with a pass to ourselves."""

        def look(tx: Tx) -> list[tuple[bytes | None, str]]:
            rows = tx.find(HolderRow, "edition = ?", (edition,), order="at desc")
            return [(account_under(tx, row.agreement), row.holder) for row in rows]

        held = await self._core.store.read(look)
        named = [(account, await self._space.member(holder)) for account, holder in held]
        known = [(account, member) for account, member in named if member is not None]
        if not known:
            raise Conflict("nobody is known to hold it", "seal it anew, or restore its file")
        now, key = self._core.clock.now(), bytes.fromhex(edition)
        return [
            Road(
                f"{member.url}{HELD_PATH}/{edition}",
                passes.SCHEME + passes.issue(partial(self._core.identity.sign, account=account), key, member.did, now),
                own=False,
            )
            for account, member in known[:ROADS_MAX]
        ]

    def woken(self, process: str, _key: str) -> None:
        """Look again at the transfers that repairs wait for."""
        if process == TRANSFER:
            self._moved.set()


def _copy(kept: Kept, blobs: Blobs, mend: Mend) -> None:
    """Bring the rows that verify from the bucket."""
    assert mend.intake is not None
    with blobs.open(bytes.fromhex(kept.edition), kept.table) as sealed:
        for first, count in (kept.rows - mend.bad).ranges:
            for number, piece in enumerate(sealed.read_pieces(first, count), first):
                mend.intake.accept(number, piece)
