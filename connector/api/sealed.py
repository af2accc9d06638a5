"""Sealed bytes and what proves them: header, rows, pieces; and rows opened to a reviewer."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from connector.api.faults import JSON, as_json
from connector.api.sending import SEND_BYTES, Sending
from connector.custody import review, tickets
from connector.custody.blobs import Blobs
from connector.custody.sealed_file import SealedFile
from connector.custody.secrets import Keys as Secrets
from connector.identity.space.view import SpaceView
from connector.licence.books import Books
from connector.licence.carriage import Carriage
from connector.licence.throttle import Throttle
from connector.negotiation.notices import account_of
from connector.negotiation.protocol.states import PROVIDER
from connector.negotiation.transfer import running
from connector.provider.data_addresses import DataAddresses
from connector.provider.review import draw
from connector.runtime.errors import Absent, InvalidInput
from connector.settlement import disputes
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.vault import EditionRow
from contracts.canonical import canonical
from contracts.typed_data import digest
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.edition.header import read_header

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from connector.api.call import Call
    from connector.custody.bucket import SealedObject
    from connector.store.transaction import Tx
    from ledger.edition.row_table import RowTable

OCTETS = "application/octet-stream"
# shorter stretches of a file are read together and sent at once
STRETCH_BYTES = 64 * 1024
PIECES_MAX = 4096  # rows of one request; a pull asks for a window's worth


async def header(call: Call) -> web.Response:
    """Serve the public header of an edition (spec 1.5: header and rows are public), as it is hashed."""
    edition = await _edition(call)
    return web.Response(body=canonical(edition.header), content_type=JSON)


async def rows(call: Call) -> web.Response:
    """Serve the rows of an edition, 152 bytes each."""
    edition = await _edition(call)
    drop_who_stalls(call)
    return web.Response(body=edition.rows, content_type=OCTETS)


async def seal(call: Call) -> web.Response:
    """Serve our signature under an edition: with it a dispute needs nothing more from us.

    It is by the account that sold it under the `agreement` that is named, else by the present one.
    """
    edition = await _edition(call)
    header, named = read_header(edition.header), call.request.query.get("agreement", "")
    sold = await call.core.store.read(lambda tx: tx.get(AgreementRow, digest=named)) if named else None
    account = account_of(sold) if sold is not None and (sold.edition, sold.role) == (edition.id, PROVIDER) else None
    registry = call.of(Programs).deployment.domain("editions")
    signature = call.core.identity.sign(digest(registry, disputes.edition_of(header)), account)
    return as_json(disputes.seal_json(header, signature))


async def pieces(call: Call) -> web.StreamResponse:
    """Stream the sealed bytes of `count` rows from `first` to the bearer of a ticket."""
    ticket = call.ticket
    assert ticket is not None, "the row asks for one"
    if call.path["edition"] != ticket.edition.hex():
        raise Absent("the ticket is for another edition")
    table = await call.core.store.read(lambda tx: call.of(Books).table(tx, ticket.edition))
    if table is None:
        raise Absent(f"there is no edition `{ticket.edition.hex()}` here")
    first, count, length = span_of(call, table)
    with Sending(call.request) as sending, call.of(Carriage).carrying(ticket, sending.cut):
        await call.of(Carriage).charge(ticket, length)
        turn = partial(call.of(Throttle).turn, ticket.subject.hex())
        with await _opened(call.of(Blobs), ticket.edition, table) as sealed:
            return await answer(call, sending, sealed, first, count, turn)


async def ticket(call: Call) -> web.Response:
    """Renew the ticket of a transfer that runs: a long pull outlives one (`tickets.TICKET_SECONDS`)."""
    document = await call.document()
    wanted = document.get("transfer") if isinstance(document, dict) else None
    if not isinstance(wanted, str):
        raise InvalidInput("a renewal names its `transfer`", 'say {"transfer": ID}')

    def find(tx: Tx) -> tuple[TransferRow, AgreementRow] | None:
        row = tx.get(TransferRow, id=wanted)
        agreement = None if row is None else tx.get(AgreementRow, digest=row.agreement)
        if row is None or agreement is None:
            return None
        ours = agreement.peer == call.peer and agreement.edition == call.path["edition"]
        return (row, agreement) if ours and row in running(tx, agreement.digest) else None

    found = await call.act(find)
    if found is None:
        raise Absent(f"no transfer `{wanted[:100]}` of yours runs here", "request one, or wait for its start")
    return as_json({"authorization": call.of(DataAddresses).ticket(*found)})


async def review_rows(call: Call) -> web.Response:
    """Open the drawn rows to the exchange's reviewer alone (spec 6): secrets boxed to its key, and a ticket."""
    wanted = await call.document()
    if call.peer != (await call.of(SpaceView).current()).exchange:
        raise Absent("only the exchange of this space reviews")
    edition = await _edition(call)
    numbers, reader = await draw(call.core, call.of(SpaceView), call.of(Programs), call.of(Chain), edition, wanted)
    answer = review.answer(call.of(Secrets), edition, numbers, reader)
    await call.spend()
    about = bytes.fromhex(edition.id), tickets.NO_SUBJECT, tickets.NO_TRANSFER
    ticket = tickets.issue(call.of(DataAddresses).key, *about, call.core.clock.now())
    return as_json({"rows": answer, "ticket": ticket})


async def _at_once(_size: int) -> None:
    """Wait for nothing."""


async def answer(
    call: Call,
    sending: Sending,
    sealed: SealedFile | SealedObject,
    first: int,
    count: int,
    turn: Callable[[int], Awaitable[None]] = _at_once,
) -> web.StreamResponse:
    """Send `count` rows from `first`, each part when it is its `turn`; large ones as the kernel has them.

    What fails before the first bytes are here is a fault like any other; after that the connection is cut, because
    words about it would be taken for the bytes that were announced.
    """
    length = sealed.table.span(first, count)[1]
    file = sealed if isinstance(sealed, SealedFile) and not sealed.distant and sending.straight else None
    stretches = [] if file is None else file.stretches(first, count)
    straight = file is not None and length >= len(stretches) * STRETCH_BYTES
    buffers = _buffers(sealed, first, count)
    buffer = b"" if straight else await anext(buffers, b"")
    sending.begin()
    drop_who_stalls(call)
    response = web.StreamResponse(headers={"Content-Type": OCTETS, "Content-Length": str(length)})
    writer = await response.prepare(call.request)
    assert writer is not None
    try:
        if straight:
            assert file is not None
            writer.send_headers()
            for offset, size in stretches:
                for begun in range(0, size, SEND_BYTES):
                    await turn(min(SEND_BYTES, size - begun))
                    await sending.send(file.fileno(), offset + begun, min(SEND_BYTES, size - begun))
        while buffer:
            await turn(len(buffer))
            await response.write(buffer)
            buffer = await anext(buffers, b"")
        await response.write_eof()
    except Exception:
        sending.cut()
        raise
    return response


async def _opened(blobs: Blobs, edition: bytes, table: RowTable) -> SealedFile | SealedObject:
    if blobs.bucket is None:
        return blobs.open(edition, table)
    return await asyncio.to_thread(blobs.open, edition, table)


async def _buffers(sealed: SealedFile | SealedObject, first: int, count: int) -> AsyncIterator[bytes]:
    """Yield buffers; those of a bucket are waited for in a thread."""
    buffers = sealed.buffers(first, count)
    while buffer := await asyncio.to_thread(next, buffers, b"") if sealed.distant else next(buffers, b""):
        yield buffer


def span_of(call: Call, table: RowTable) -> tuple[int, int, int]:
    """Return the rows that a request asks for and their sealed bytes: first, count, length; raises InvalidInput."""
    first, count = _number(call, "first"), _number(call, "count")
    if count > PIECES_MAX or first + count > len(table):
        raise InvalidInput(f"pieces {first}+{count} are not in an edition of {len(table)} pieces, or too many at once")
    return first, count, table.span(first, count)[1]


def drop_who_stalls(call: Call) -> None:
    """Have the kernel end the connection of a reader that takes nothing of a long answer for too long (on Linux)."""
    transport, option = call.request.transport, getattr(socket, "TCP_USER_TIMEOUT", None)
    if transport is not None and option is not None:
        stalled = 1000 * call.core.settings.server.request_seconds
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, option, stalled)


async def _edition(call: Call) -> EditionRow:
    key = call.path["edition"]
    edition = await call.core.store.read(lambda tx: tx.get(EditionRow, id=key))
    if edition is None:
        raise Absent(f"there is no edition `{key[:64]}` here")
    return edition


def _number(call: Call, name: str) -> int:
    text = call.request.query.get(name, "")
    if not text.isdecimal() or len(text) > 15:
        raise InvalidInput(f"`{name}` must be a number of pieces")
    return int(text)
