"""Pulling a replica: sealed bytes by any road, keys window by window, until everything that was bought is here.

Law: a row's bytes are verified and synced before its key is asked for (spec 4, message 1); bytes run ahead of keys and
are free; a corrupted piece is refused at its row and fetched again; the disk is the truth after a crash.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from connector.channel import tally
from connector.channel.plan import Want
from connector.consumer import next_channel, resting
from connector.consumer.haul import Haul, roads_to
from connector.consumer.mandate import NOWHERE, SAID, STREAM
from connector.consumer.purchase import Purchase
from connector.consumer.wish import wished
from connector.custody import earlier, packs, replicas
from connector.custody.errors import VaultError
from connector.custody.sinks import Folder, Null
from connector.custody.stream import Stream
from connector.licence import pricing
from connector.licence.books import transfer_id
from connector.licence.licensed import bytes_of, rows_of
from connector.negotiation.envelope import pids
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import STARTED
from connector.runtime.errors import InvalidInput, NotPermitted
from connector.runtime.limits import HEADER_BYTES_MAX
from connector.runtime.room import FAILED
from connector.settlement import disputes
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.use import ReadRow, ReadState
from connector.store.rows.vault import ReplicaRow
from contracts.ranges import RowSet
from contracts.units import LEASED

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.consumer.copying import Copying
    from connector.consumer.fetching import Fetching
    from connector.consumer.pipe import Pipes
    from connector.consumer.purchase import Till
    from connector.consumer.quoting import Quotes
    from connector.consumer.reads import Reads
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.intake import Intake
    from connector.custody.replicas import WholeReplica
    from connector.custody.secrets import Keys as Secrets
    from connector.custody.sinks import Sink
    from connector.custody.slabs import Memory
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.engine import Engine
    from connector.settlement.paying import Payments
    from connector.store.rows.agreement import AcquisitionRow
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs
    from ledger.edition.row_table import RowTable


class Pulls:
    """Brings replicas here, and in the tier kept buys their keys."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        peers: Peers,
        secrets: Secrets,
        blobs: Blobs,
        engine: Engine,
        memory: Memory,
        pipes: Pipes,
        payments: Payments,
        quotes: Quotes,
        reads: Reads,
        till: Till,
        copying: Copying,
        fetching: Fetching,
    ) -> None:
        self._core, self._space, self._programs, self._peers = core, space, programs, peers
        self._secrets, self._blobs, self._engine, self._memory = secrets, blobs, engine, memory
        self._pipes, self._payments, self._quotes, self._reads = pipes, payments, quotes, reads
        self._till, self._copying, self._fetching = till, copying, fetching

    async def bring(self, row: AcquisitionRow, tell: Callable[[], object]) -> bool:
        """Bring here what an acquisition is of, plain or sealed; returns whether all is done."""
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=row.agreement))
        assert agreement is not None
        if agreement.terms is None:
            return await self._fetching.take(row, tell)
        if agreement.signed_terms["tier"] == PLAIN:
            return await self._copying.take(row, tell)
        await self.pull(row, tell)
        return True

    async def pull(self, row: AcquisitionRow, tell: Callable[[], object]) -> None:
        """Bring the acquisition's replica here; in the tier kept pay for its keys, too, and acknowledge them.

        Where the mandate says `to`, everything is opened there in the same pass; raises VaultError `pack` at the end of
        all where its provider's archives are none.
        """
        transfer = await self._transfer(row.its_transfer)
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=row.agreement))
        assert agreement is not None
        replica = await self._replica(row, agreement)
        leased = agreement.signed_terms["tier"] == LEASED
        opening = None if leased else await self._opening(row)
        broken = None
        if opening is None or opening.state != ReadState.DONE:
            try:
                await self._carry(row, transfer, agreement, replica, opening, tell)
            except VaultError as fault:
                if fault.code != packs.BROKEN:
                    raise
                broken = fault  # all is here and paid for, and can be had packed: it is acknowledged like any other
        if leased:
            return
        await self._acknowledge(row)
        done = await self._transfer(row.its_transfer)
        if done.state == STARTED and not done.pending:  # not said before a crash
            await self._engine.complete_transfer(row.its_transfer)
        if broken is not None:
            raise broken

    async def _acknowledge(self, row: AcquisitionRow) -> None:
        """Acknowledge all keys; on a channel that is over nothing is left to claim, and nothing to acknowledge."""
        try:
            await self._payments.acknowledge(row.its_provider, bytes.fromhex(row.its_channel))
        except Exception as fault:
            if not next_channel.says_over(fault):
                raise

    async def _carry(
        self,
        row: AcquisitionRow,
        transfer: TransferRow,
        agreement: AgreementRow,
        replica: WholeReplica,
        opening: ReadRow | None,
        tell: Callable[[], object],
    ) -> None:
        """Fetch, buy and open until everything agreed on is here; what an earlier run did is not done again."""
        keeps = opening is None or row.mandate["keep"]
        roads = await roads_to(self._core, self._peers, replica, transfer)
        others = await self._core.store.read(lambda tx: earlier.held(tx, replica)) if keeps else []
        intake, table = await asyncio.to_thread(_prepare, self._blobs.folder, replica, others, keeps=keeps)
        rows, memory = rows_of(agreement.signed_terms, table), self._memory
        try:
            with memory.sealed(table) as sealed, memory.plain(table) as plain:
                haul = Haul(
                    self._core, self._secrets, self._blobs, replica, table, rows, roads, intake, (sealed, plain), tell
                )
                if opening is not None and row.mandate["to"] == STREAM:
                    haul.pipe = self._pipes.of(row.id)
                leased = agreement.signed_terms["tier"] == LEASED
                sink = None if leased else await asyncio.to_thread(_sink, haul, row, opening)
                await self._fill(row, transfer, haul, sink, opening, tell)
        finally:
            if intake is not None:
                intake.close()

    async def _fill(
        self,
        row: AcquisitionRow,
        transfer: TransferRow,
        haul: Haul,
        sink: Sink | None,
        opening: ReadRow | None,
        tell: Callable[[], object],
    ) -> None:
        """Let the haul run until replica and sink have everything."""
        async with AsyncExitStack() as ending:
            if sink is not None:
                ending.push_async_callback(asyncio.to_thread, sink.close)
            ending.push_async_callback(haul.close)
            await haul.start(sink, everything=opening is not None)
            if sink is None:
                await haul.all_here()
                return
            number = 0 if opening is None else await self._decided(opening)
            await self._buy_keys(row, transfer, haul, tell)
            if opening is not None:
                if haul.pipe is not None:
                    await haul.pipe.room(0)
                files = await asyncio.to_thread(sink.finish)
                data = haul.rows - RowSet(((0, haul.table.index_rows),))
                await self._reads.finish(opening, number, tally.plain_bytes(haul.table, data), files, sink.renamed)

    async def _opening(self, row: AcquisitionRow) -> ReadRow | None:
        """Return the opening that the mandate asks for, None when it asks for none."""
        if row.mandate.get("to") is None:
            return None
        said = row.mandate.get(SAID, {})
        return await self._reads.begin(f"{row.id}/to", row, row.mandate["purpose"], said)

    async def _decided(self, opening: ReadRow) -> int:
        try:
            return await self._reads.decide(opening)
        except NotPermitted as refusal:
            await self._reads.deny(opening, refusal=refusal)
            raise

    async def _buy_keys(
        self, row: AcquisitionRow, transfer: TransferRow, haul: Haul, tell: Callable[[], object]
    ) -> None:
        """Buy the keys of all rows agreed on: the index first, then what it calls critical, then the rest."""
        channel = bytes.fromhex(row.its_channel)
        exposure, identity = row.mandate.get("exposure"), self._core.identity
        await haul.open_paid()
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=row.its_agreement))
        assert agreement is not None, "keys are bought under an agreement"
        said = row.mandate.get(SAID, {})
        context = wished(agreement, self._core.identity.did, row.mandate["purpose"], said)
        going = partial(resting.require_going, row=row)
        purchase = Purchase(self._till, row.its_provider, channel, haul.here, haul.prove, going)
        await purchase.resume([one.public_key().public_bytes_raw() for one in identity.keys.deliveries])
        while True:
            want = Want(
                agreement=bytes.fromhex(row.its_agreement),
                transfer=transfer_id(*pids(transfer)),
                use=tally.KEEP,
                rows=haul.rows,
                reader_key=identity.keys.delivery_public,
                context=context,
                critical=haul.critical or RowSet(),
                exposure=None if exposure is None else int(exposure),
            )
            await haul.room()
            await self._core.store.read(going)
            if await purchase.next(want, further=haul.critical is not None) is None:
                return
            tell()

    async def _replica(self, row: AcquisitionRow, agreement: AgreementRow) -> WholeReplica:
        """Return the replica's row; the first time, prove the header and rows that the provider sends."""
        known = await self._core.store.read(lambda tx: replicas.under(tx, row.its_agreement))
        if known is not None:
            return known
        provider = self._space.last().members[row.its_provider]
        shown = await self._quotes.public(provider, agreement.signed_edition)
        new = await asyncio.to_thread(replicas.prepare, self._secrets, bytes.fromhex(agreement.signed_edition), *shown)
        pricing.verify(agreement.signed_terms, new.table)
        registry = self._programs.deployment.domain("editions")
        place = f"{provider.url}/sealed/{agreement.signed_edition}/seal?agreement={agreement.digest}"
        told = await self._core.outbound.get(place, limit_bytes=HEADER_BYTES_MAX)
        seal = disputes.read_seal(told.json(), new.header, agreement, registry)
        now = self._core.clock.now()

        def act(tx: Tx) -> WholeReplica:
            made = replicas.record(tx, new, agreement=row.its_agreement, now=now)
            tx.update(ReplicaRow, {"id": made.id}, seal=seal)
            fields = {
                "place": self._core.identity.url,
                "rows": str(new.header.rows),
                "bytes": str(new.header.plain_bytes),
            }
            fields["from"] = row.its_provider
            link = [agreement.signed_edition, row.its_agreement]
            self._core.evidence.record(tx, "replica.held", part=row.its_agreement, link=link, fields=fields, now=now)
            return made

        return await self._core.store.write(act)

    async def _transfer(self, key: str) -> TransferRow:
        row = await self._core.store.read(lambda tx: tx.get(TransferRow, id=key))
        assert row is not None
        return row


def _prepare(
    folder: Path, replica: WholeReplica, others: list[earlier.Held], *, keeps: bool
) -> tuple[Intake | None, RowTable]:
    """Open the replica's file and hash what it holds (blocking), unless nothing sealed is to be kept.

    What other replicas of the series have of it already is taken from them.
    """
    if not keeps:
        return None, replicas.table_of(replica)
    intake = replicas.intake(folder, replica)
    earlier.carry_over(folder, intake, others)
    return intake, intake.table


def _sink(haul: Haul, row: AcquisitionRow, opening: ReadRow | None) -> Sink:
    """Return where plaintext goes: where the mandate says, or nowhere, for every piece is proven in any case."""
    to = row.mandate.get("to")
    if haul.pipe is not None:
        return Stream(haul.plain, haul.table, haul.rows, haul.sealed_at, haul.pipe)
    if opening is None or to is None or to == NOWHERE:
        return Null(haul.plain)
    stage = sha256(opening.id.encode()).hexdigest()[:16]
    try:
        overwrite = bool(row.mandate.get("overwrite"))
        return Folder(haul.plain, Path(to), stage, bytes_of(haul.table, haul.rows), overwrite=overwrite)
    except OSError as error:
        if error.errno in FAILED:
            raise
        raise InvalidInput(f"`{to}` cannot be written to: {error.strerror}", "open it from the replica") from error
