"""Pulling a replica: sealed bytes by any road, keys window by window, until everything that was bought is here.

Law: a row's bytes are verified and synced before its key is asked for (spec 4, message 1); bytes run ahead of keys and
are free; a corrupted piece is refused at its row and fetched again; the disk is the truth after a crash.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.channel import tally
from connector.channel.plan import Want
from connector.engine import disputes, paying
from connector.engine.books import transfer_id
from connector.engine.purchase import Purchase
from connector.errors import PeerMisbehaved, PeerUnreachable
from connector.limits import ROWS_BYTES_MAX
from connector.vault import replicas, tickets
from connector.vault.reader import Reader
from contracts.ranges import RowSet
from ledger.opening import OpeningError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.engine.trader import Trader
    from connector.store.transaction import Tx
    from connector.vault.intake import Intake

BATCH_ROWS = 64  # one request for bytes: 4 MiB in pieces of 64 KiB, 64 MiB in pieces of 1 MiB
HEADER_BYTES_MAX = 16_384
REFETCHES_MAX = 8  # of one range; a source that keeps sending wrong bytes is given up

log = logging.getLogger(__name__)
Row = dict[str, Any]


async def pull(trader: Trader, row: Row, tell: Callable[[], Awaitable[None]]) -> None:
    """Bring the acquisition's replica here; in the tier kept pay for its keys, too, and acknowledge them."""
    transfer = await _row(trader, "transfers", row["transfer"])
    agreement = await trader.store.read(lambda tx: tx.get("agreements", digest=row["agreement"]))
    assert agreement is not None
    replica = await _replica(trader, row, agreement)
    intake = await asyncio.to_thread(replicas.intake, trader.replica_folder, replica)
    try:
        carrier = Carrier(trader, replica["id"], intake, transfer["address"], tell)
        if agreement["terms"]["tier"] == "leased":
            await carrier.fetch_all()
            return
        carrying = asyncio.create_task(carrier.fetch_all(), name="carrier")
        try:
            await _buy_keys(trader, row, transfer, replica, carrier, tell)
            await carrying
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)  # whatever broke it has been raised by `need`
    finally:
        intake.close()
    await paying.acknowledge(trader, row["provider"], bytes.fromhex(row["channel"]))
    done = await _row(trader, "transfers", row["transfer"])
    if done["state"] == "STARTED" and not done["pending"]:  # not said before a crash
        await trader.engine.complete_transfer(row["transfer"])


class Carrier:
    """Fetches sealed bytes ahead of the keys; `need` waits for rows, and says so when they will not come."""

    def __init__(
        self,
        trader: Trader,
        replica: str,
        intake: Intake,
        address: Row,
        tell: Callable[[], Awaitable[None]],
    ) -> None:
        self.table = intake.table
        self._trader = trader
        self._replica = replica
        self._intake = intake
        self._endpoint = str(address["endpoint"])
        self._headers = {"Authorization": tickets.SCHEME + ticket_of(address)}
        self._tell = tell
        self._arrived = asyncio.Condition()
        self._synced = intake.held
        self._broken: Exception | None = None

    async def fetch_all(self) -> None:
        """Fetch every missing row, range by range, each synced and noted before it counts."""
        try:
            await self._note()
            while missing := self._intake.missing:
                first, count = missing.ranges[0]
                await self._fetch(first, min(count, BATCH_ROWS))
                await self._note()
        except Exception as fault:
            self._broken = fault
            raise
        finally:
            async with self._arrived:
                self._arrived.notify_all()

    async def need(self, rows: RowSet) -> None:
        """Return when the bytes of `rows` are verified and synced; raises what broke the fetching."""
        async with self._arrived:
            while not rows <= self._synced:
                if self._broken is not None:
                    raise self._broken
                await self._arrived.wait()

    async def _fetch(self, first: int, count: int) -> None:
        """Fetch `count` rows from `first`, or those before one that came wrong; that one is fetched again alone."""
        for _ in range(REFETCHES_MAX):
            wrong = await self._try(first, count)
            if wrong is None:
                return
            first, count = wrong, 1
        raise PeerMisbehaved(f"the source keeps sending wrong bytes for row {first}", "try another source")

    async def _try(self, first: int, count: int) -> int | None:
        """Fetch rows once; returns the row that came wrong, None when all are here."""
        stream = self._intake.stream(first, count)
        length = self._intake.table.span(first, count)[1]
        url = f"{self._endpoint}/pieces?first={first}&count={count}"
        try:
            async with self._trader.outbound.download(url, limit_bytes=length, headers=self._headers) as body:
                async for chunk in body.chunks():
                    stream.feed(chunk)
        except OpeningError as wrong:
            log.warning("row %s of replica %s came wrong and is fetched again: %s", wrong.row, self._replica, wrong)
            return stream.next_row
        if not stream.done:
            raise PeerUnreachable("the source ended early")
        return None

    async def _note(self) -> None:
        await asyncio.to_thread(self._intake.sync)
        held = self._intake.held
        await self._trader.store.write(lambda tx: replicas.note_bytes(tx, self._replica, held))
        async with self._arrived:
            self._synced = held
            self._arrived.notify_all()
        await self._tell()


def ticket_of(address: Row) -> str:
    """Return the ticket in a data address; raises PeerMisbehaved for one without, or with one that is no header."""
    found = {one["name"]: one["value"] for one in address.get("endpointProperties", ())}
    ticket: str = found.get("authorization", "")
    if not ticket or not ticket.isascii() or not ticket.isprintable():
        raise PeerMisbehaved("the data address has no `authorization` with a ticket", "ask for a new start")
    return ticket


async def _buy_keys(
    trader: Trader,
    row: Row,
    transfer: Row,
    replica: Row,
    carrier: Carrier,
    tell: Callable[[], Awaitable[None]],
) -> None:
    """Buy the keys of all rows: the index first, then what it calls critical, then the rest."""
    channel = bytes.fromhex(row["channel"])
    rows = RowSet.of([(0, int(replica["header"]["rows"]))])
    critical: RowSet | None = None
    exposure = row["mandate"].get("exposure")
    path = trader.replica_folder / replica["path"]
    prove = partial(disputes.unopenable, path, carrier.table)
    purchase = Purchase(trader, row["provider"], channel, carrier.need, prove)
    await purchase.resume(trader.keys.delivery_public)
    await paying.level(trader, row["provider"], channel)
    while True:
        want = Want(
            agreement=bytes.fromhex(row["agreement"]),
            transfer=transfer_id(transfer["peer_pid"], transfer["id"]),
            use=tally.KEEP,
            rows=rows,
            reader_key=trader.keys.delivery_public,
            context={"purpose": row["mandate"]["purpose"]},
            critical=critical or RowSet(),
            exposure=None if exposure is None else int(exposure),
        )
        if await purchase.next(want, further=critical is not None) is None:
            return
        await tell()
        if critical is None:
            critical = await asyncio.to_thread(_critical, trader, replica, await _secrets(trader, replica))


async def _secrets(trader: Trader, replica: Row) -> dict[int, bytes]:
    return await trader.store.read(lambda tx: replicas.load_secrets(tx, trader.secrets, replica["id"]))


def _critical(trader: Trader, replica: Row, secrets: dict[int, bytes]) -> RowSet | None:
    """Return the critical rows as soon as the index can be opened, None before."""
    with replicas.sealed_file(trader.replica_folder, replica) as sealed:
        reader = Reader(sealed, secrets)
        if any(number not in secrets for number in range(sealed.table.index_rows)):
            return None
        return reader.index().critical


async def _replica(trader: Trader, row: Row, agreement: Row) -> Row:
    """Return the replica's row; the first time, prove the header and rows that the provider sends."""
    known = await trader.store.read(lambda tx: replicas.under(tx, row["agreement"]))
    if known is not None:
        return known
    provider = trader.space.members[row["provider"]]
    base = f"{provider.url}/sealed/{agreement['edition']}"
    get = trader.outbound.get
    header = await get(base + "/header", limit_bytes=HEADER_BYTES_MAX)
    rows = await get(base + "/rows", limit_bytes=ROWS_BYTES_MAX)
    edition = bytes.fromhex(agreement["edition"])
    new = await asyncio.to_thread(replicas.prepare, trader.secrets, edition, header.json(), rows.body)
    registry = trader.programs.deployment.domain("editions")
    told = await get(base + "/seal", limit_bytes=HEADER_BYTES_MAX)
    seal = disputes.read_seal(told.json(), new.header, agreement, registry)
    now = trader.clock.now()

    def act(tx: Tx) -> Row:
        made = replicas.record(tx, new, agreement=row["agreement"], now=now)
        tx.update("replicas", {"id": made["id"]}, seal=seal)
        fields = {"place": trader.url, "rows": str(new.header.rows), "bytes": str(new.header.plain_bytes)}
        fields["from"] = row["provider"]
        link = [agreement["edition"], row["agreement"]]
        trader.evidence.record(tx, "replica.held", part=row["agreement"], link=link, fields=fields, now=now)
        return made

    return await trader.store.write(act)


async def _row(trader: Trader, table: str, key: str) -> Row:
    row = await trader.store.read(lambda tx: tx.get(table, id=key))
    assert row is not None
    return row
