"""One replica on its way in: rows come ahead of their keys, and are opened as their keys arrive, in one pass.

Law: a row's key is asked for only when its bytes were verified and, where the replica is kept, are synced (spec 4,
message 1). Keys are bought in the order of the carrier's stages, so the rows whose keys come next are in memory.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from connector.channel.window import MAX_BATCH_ROWS
from connector.consumer.carrier import Carrier
from connector.consumer.roads import Road, Roads, sources
from connector.custody import lineage, passes, replicas
from connector.custody.intake import Intake
from connector.custody.sealed_file import SealedFile
from connector.custody.unsealer import Unsealer
from connector.runtime.errors import PeerRefused
from connector.settlement import disputes
from contracts.ranges import RowSet
from ledger.edition.header import read_header
from ledger.edition.opening import Code, OpeningError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from connector.channel.receive import Received
    from connector.consumer.pipe import Pipe
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.secrets import Keys as Secrets
    from connector.custody.sinks import Sink
    from connector.custody.slabs import Pool
    from connector.identity.peers import Peers
    from connector.store.rows.protocol import TransferRow
    from connector.store.rows.vault import ReplicaRow
    from connector.store.transaction import Tx
    from ledger.edition.row_table import RowTable

RENEW_SECONDS = passes.PASS_SECONDS / 2
# a note is for people who watch, and a commit of its own
NOTE_SECONDS = 1.0
# rows that come quickly are asked for together; a slow source's are not held up for longer
LINGER_SECONDS = 0.1


async def roads_to(core: Core, peers: Peers, replica: ReplicaRow, transfer: TransferRow) -> Roads:
    """Return where an edition is to be had, but for sources that have sent wrong bytes of it before.

    The ticket of a transfer that rested for long is renewed. Raises PeerMisbehaved for a data address without one.
    """
    assert transfer.address is not None, "its start has told it"
    own, here = Road.of(transfer.address), Road(core.identity.url, "").origin
    dropped = await core.store.read(lambda tx: lineage.dropped(tx, replica.edition))
    without = {*dropped, here}
    try:
        return Roads(await sources(core.outbound, own, without))
    except PeerRefused:
        own = await _renewed(core, peers, own, transfer)
        return Roads(await sources(core.outbound, own, without))


async def _renewed(core: Core, peers: Peers, own: Road, transfer: TransferRow) -> Road:
    """Ask the provider, as ourselves, for a fresh ticket to what a transfer of ours moves."""
    headers = peers.authorization(transfer.peer)
    answer = await core.outbound.post(f"{own.endpoint}/ticket", {"transfer": transfer.peer_pid}, headers=headers)
    return own.fresh(answer.json())


class Haul:
    """The bytes and the opening of one pull, of the `rows` agreed on.

    `intake` is None where no sealed byte rests; `pools` are for sealed and for plain pieces.
    """

    def __init__(
        self,
        core: Core,
        secrets: Secrets,
        blobs: Blobs,
        replica: ReplicaRow,
        table: RowTable,
        rows: RowSet,
        roads: Roads,
        intake: Intake | None,
        pools: tuple[Pool, Pool],
        tell: Callable[[], object],
    ) -> None:
        self.table = table
        self.rows = rows
        self.sealed_at = read_header(replica.header).sealed_at
        self.path: Path = blobs.folder / replica.path
        self._sealed, self.plain = pools
        self._core, self._secrets = core, secrets
        self._replica, self._edition, self._agreement = replica.id, replica.edition, replica.agreement
        self.pipe: Pipe | None = None
        self._roads = roads
        self._intake = intake
        self._tell = tell
        self._noted = RowSet.from_json(replica.bytes_rows)  # what is here may be another agreement's, and not noted
        self._noted_at = -NOTE_SECONDS
        self._keys = RowSet.from_json(replica.key_rows)
        self._wanted = RowSet()
        self._stored: SealedFile | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def start(self, sink: Sink | None, *, everything: bool) -> None:
        """Begin to fetch, without `everything` only what is not here or has no key yet; no `sink`, no opening."""
        here = RowSet() if self._intake is None else self._intake.held
        if sink is None:
            self._wanted = self.rows - here
        elif everything:
            self._wanted = self.rows
        else:
            self._wanted = self.rows - (here & self._keys) | RowSet.of([(0, self.table.index_rows)])
        self._carrier = Carrier(self.table, self._sealed, self._roads, self._intake, keeps=sink is not None)
        if sink is not None:
            self._unsealer = Unsealer(self.table, self.plain, sink)
        if here:
            self._stored = SealedFile(self.path, self.table)
        await self._carrier.start(self._core.outbound, self._wanted, self._stored)
        self._renewing = asyncio.create_task(self._renew(), name="renewing")

    @property
    def critical(self) -> RowSet | None:
        """The critical rows, None before the index is open."""
        return None if self._unsealer.index is None else self._unsealer.index.critical

    async def open_paid(self) -> None:
        """Open again what was paid by an earlier run: it comes first in the order of the keys."""
        keys, replica = self._secrets, self._replica
        while rows := await self._carrier.front(MAX_BATCH_ROWS) & self._keys:
            load = partial(replicas.load_secrets, keys=keys, replica_id=replica, rows=rows)
            await self.room()
            wrong = await self._open(rows, await self._core.store.read(load))
            assert wrong is None, "its key was kept because it opened"

    async def room(self) -> None:
        """Wait until whoever reads what is opened wants more; raises ReaderGone."""
        if self.pipe is not None:
            await self.pipe.room()

    async def here(self, after: int) -> int:
        """Return how many rows behind the next `after` are here, waiting for the first of them; 0 if there is none.

        While keys of `after` are under way it waits a moment for as many as are worth a window.
        """
        count = len(await self._together(after) if after else await self._carrier.front(MAX_BATCH_ROWS))
        if self._intake is not None:
            if count:
                await asyncio.to_thread(self._intake.sync)
            await self._note(last=not count)
        return count

    async def _together(self, after: int) -> RowSet:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                return await self._carrier.front(MAX_BATCH_ROWS, after, self._carrier.worth(after))
        return await self._carrier.front(MAX_BATCH_ROWS, after)

    async def prove(self, received: Received) -> int | None:
        """Open what a window brought the keys of; return the first row that was sealed wrong, None if none was."""
        secrets = {key.row: key.secret for key in received.keys}
        rows = RowSet.rows(secrets)
        if again := rows - self._carrier.ahead:  # released before a crash, and opened then or since
            if not again & self._wanted:
                return await disputes.unopenable(self.path, self.table, received)
            rows -= again
        if not rows:
            return None
        await self._carrier.wait(rows)
        wrong = await self._open(rows, secrets)
        self._keys |= rows
        return wrong

    async def all_here(self) -> None:
        """Wait until every wanted row came in, and make them durable."""
        await self._carrier.all_here()
        assert self._intake is not None, "what is not opened is kept"
        await asyncio.to_thread(self._intake.sync)
        await self._note(last=True)

    async def close(self) -> None:
        """Stop fetching; what is written stays."""
        if self._renewing is not None:
            self._renewing.cancel()
        self.plain.close()
        await self._carrier.close()
        if self._stored is not None:
            self._stored.close()
        if self._roads.drawn or self._roads.dropped:
            await self._core.store.write(self._record_sources)

    async def _renew(self) -> None:
        """Ask for fresh tickets and passes well before those in use are over."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(PeerRefused):  # a ticket that was over for long: the next pull begins with a fresh one
                self._roads.renew(await sources(self._core.outbound, self._roads.onward(self._roads.all[0])))

    def _record_sources(self, tx: Tx) -> None:
        """Record who brought how many rows, and who was dropped."""
        now = self._core.clock.now()
        for origin in sorted({*self._roads.drawn, *self._roads.dropped}):
            rows, why = self._roads.drawn[origin], self._roads.dropped.get(origin, "")
            lineage.note_drawn(tx, self._replica, origin, rows, why)
            told = {"result": why or f"{rows} pieces verified", "from": origin}
            link = [self._edition, self._agreement]
            self._core.evidence.record(tx, "replica.checked", part=self._agreement, link=link, fields=told, now=now)

    async def _note(self, *, last: bool) -> None:
        """Note what is here, now and then and at the end: after a crash the disk says it."""
        assert self._intake is not None
        held, now = self._intake.held, self._core.clock.monotonic()
        if held != self._noted and (last or now - self._noted_at >= NOTE_SECONDS):
            await self._core.store.write(lambda tx: replicas.note_bytes(tx, self._replica, held))
            self._noted, self._noted_at = held, now
            self._tell()

    async def _open(self, rows: RowSet, secrets: Mapping[int, bytes]) -> int | None:
        """Open rows that are here and let them go; returns the first that was sealed wrong, having kept its bytes."""
        before = self._unsealer.index
        try:
            await asyncio.to_thread(self._open_each, rows, secrets)
        except OpeningError as error:
            if error.code is not Code.EDITION or error.row is None:
                raise
            return error.row
        self._carrier.passed(rows)
        if before is None and self._unsealer.index is not None:
            self._carrier.prefer(self._unsealer.index.critical)
        return None

    def _open_each(self, rows: RowSet, secrets: Mapping[int, bytes]) -> None:
        for load, slab, some in self._carrier.lent(rows):
            try:
                self._unsealer.open(load, slab, some, secrets)
            except OpeningError as error:
                if self._intake is None and error.row is not None:
                    self._keep_proof(error.row, slab[slice(*load.at(error.row))])
                raise
            self._carrier.opened(some)

    def _keep_proof(self, number: int, piece: memoryview) -> None:
        """Let the one piece rest that shows what its key opens (spec 6)."""
        proof = Intake(self.path, self.table)
        proof.accept(number, piece)
        proof.sync()
        proof.close()
