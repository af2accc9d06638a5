"""Plain copies over HTTP, for any client with the token of a started transfer (spec 5, "Foreign"; RFC 9110).

    GET  /plain/{edition}               the file of an edition of one, else the list of its files
    GET  /plain/{edition}?path=a/b.csv  one file; `Range` and `If-Range` go on where a broken download stopped
    GET  /plain/{edition}/a/b.csv       the same, for who appends to an address; nothing appended is the address itself
    GET  /plain/{edition}?list          the list of files in any case, with the BLAKE3 of all their bytes in order
    HEAD                                the same without the bytes: counts nothing, opens nothing but the index
    GET  /plain/{edition}/receipt       after the transfer: what was served, signed by the provider

`purpose` may be said in the query; who says none asks for the purpose of its agreement. So may what else a policy asks
of its use (`connector.enforcement.context.words`, `user`, `role`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from aiohttp import web

from connector.api.faults import answer_fault, as_json
from connector.api.sealed import OCTETS, drop_who_stalls
from connector.api.sending import Sending
from connector.custody.opened import STEP_BYTES
from connector.enforcement.context import PURPOSE, ROLE, USER, words
from connector.enforcement.person import CHARACTERS_MAX
from connector.licence.carriage import Carriage
from connector.licence.throttle import Throttle
from connector.provider.plain.copies import Copies
from connector.runtime.errors import Absent, InvalidInput, RequestRefused
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from connector.custody.opened import Opened
    from connector.custody.tickets import Ticket
    from connector.provider.plain.meter import Meter
    from ledger.edition.index import Index, IndexedFile

FILES: Final = "Penstock-Files"  # header of a list of files: how many
NO_STORE: Final = {"Cache-Control": "no-store"}  # plaintext for the bearer of a token, not for what lies between


async def read(call: Call) -> web.StreamResponse:
    """Serve a file of a plain copy or the list of its files, whole or in part."""
    ticket = token(call)
    await call.of(Copies).stands(ticket)
    if call.request.method != "HEAD":
        asked = call.request.query
        await call.of(Copies).begin(ticket, asked.get(PURPOSE, ""), said_of(asked))
    return await serve(call, call.of(Copies), ticket)


async def serve(call: Call, meter: Meter, ticket: Ticket) -> web.StreamResponse:
    """Serve a file or the list of files of what a ticket opens, as `meter` permits and counts it."""
    with Sending(call.request) as sending, call.of(Carriage).carrying(ticket, sending.cut):
        await meter.stands(ticket)
        with await meter.open(ticket) as opened:
            index = await asyncio.to_thread(opened.index)
            path = call.path.get("path") or call.request.query.get("path")
            if path is None and (len(index.files) != 1 or "list" in call.request.query):
                files = [_entry(index, file) for file in index.files]
                sending.begin()
                document = {"files": files, "blake3": (await asyncio.to_thread(opened.digest, index)).hex()}
                return as_json(document, headers={FILES: str(len(files))})
            file = index.files[0] if path is None else _named(index, path)
            return await _file(Served(call, meter, ticket, sending, opened, index, file))


@dataclass(frozen=True, slots=True)
class Served:
    """One file that is asked for: by which call, counted by whom, out of what."""

    call: Call
    meter: Meter
    ticket: Ticket
    sending: Sending
    opened: Opened
    index: Index
    file: IndexedFile

    @property
    def tag(self) -> str:
        """Return the entity tag: the same as long as the bytes are."""
        return f'"{self.ticket.edition.hex()[:32]}-{self.file.first_row}"'


def said_of(asked: Mapping[str, str]) -> dict[str, str]:
    """Return what a query says of a use, besides its purpose; raises InvalidInput for more than a question holds."""
    said = {name: asked[name] for name in (*words(), ROLE, USER) if name in asked}
    if long := next((name for name, text in said.items() if len(text) > CHARACTERS_MAX), None):
        raise InvalidInput(f"`{long}` has more than {CHARACTERS_MAX} characters", "say it shorter")
    return said


async def receipt(call: Call) -> web.Response:
    """Serve the receipt of a transfer that is over, with its place in our log."""
    return as_json(await call.of(Copies).receipt(token(call)))


def token(call: Call) -> Ticket:
    """Return what the caller's token opens; raises Absent for the path of another edition."""
    assert call.ticket is not None, "the row asks for one"
    if call.path["edition"] != call.ticket.edition.hex():
        raise Absent("the token is for another edition")
    return call.ticket


async def _file(served: Served) -> web.StreamResponse:
    call, index, file = served.call, served.index, served.file
    kind = index.media_type if len(index.files) == 1 else OCTETS
    headers = {"Content-Type": kind, "Accept-Ranges": "bytes", "ETag": served.tag}
    headers["Content-Disposition"] = _saved_as(file)
    try:
        start, stop = _wanted(call.request, served.tag, file.size)
    except RequestRefused as fault:
        answer = answer_fault(call.request, fault)
        answer.headers["Content-Range"] = f"bytes */{file.size}"
        return answer
    part = (start, stop) != (0, file.size)
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    headers["Content-Length"] = str(stop - start)
    copy = web.StreamResponse(status=206 if part else 200, headers=headers | NO_STORE)
    if call.request.method == "HEAD":
        await copy.prepare(call.request)
        return copy
    await _stream(served, (start, stop), copy)
    return copy


async def _stream(served: Served, wanted: tuple[int, int], answer: web.StreamResponse) -> None:
    """Send the bytes step by step; what was counted of the last step and did not leave is given back."""
    call, meter, ticket, file = served.call, served.meter, served.ticket, served.file
    owed = 0
    try:
        for rows, length in served.opened.steps(file, *wanted, STEP_BYTES):
            await meter.charge(ticket, rows, length, calls=int(not answer.prepared))
            owed += length
            if not answer.prepared:
                served.sending.begin()
                drop_who_stalls(call)
                await answer.prepare(call.request)
            for row in rows:
                data = await asyncio.to_thread(served.opened.bytes_of, file, row, *wanted)
                await call.of(Throttle).turn(meter.pace(ticket), len(data))
                await answer.write(data)
                owed -= len(data)
        if not answer.prepared:  # an empty file
            await meter.charge(ticket, range(0), 0, calls=1)
            served.sending.begin()
            await answer.prepare(call.request)
        await answer.write_eof()
    except BaseException:
        if answer.prepared:
            served.sending.cut()  # a broken body must not look whole
        raise
    finally:
        await asyncio.shield(meter.give_back(ticket, owed))


def _wanted(request: web.Request, tag: str, size: int) -> tuple[int, int]:
    """Return which bytes are asked for; all where the range is of another version, or of several parts.

    Raises RequestRefused 416 for a range that is not in the file.
    """
    told, condition = request.headers.get("Range", ""), request.headers.get("If-Range")
    if not told.startswith("bytes=") or "," in told or condition not in {None, tag}:
        return 0, size
    first, dash, last = told.removeprefix("bytes=").partition("-")
    if not dash or not all(each == "" or (each.isascii() and each.isdecimal()) for each in (first, last)):
        return 0, size
    if first == last == "" or len(first) > 19 or len(last) > 19:
        return 0, size
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= size or stop <= start or (not first and int(last) == 0):
        raise RequestRefused("no-range", f"`{told[:60]}` is not in a file of {size} bytes")
    return start, stop


def _named(index: Index, path: str) -> IndexedFile:
    try:
        return index.file(path)
    except ContractError as error:
        raise Absent(f"there is no file `{path[:200]}` in this edition", "ask without `path` for the list") from error


def _entry(index: Index, file: IndexedFile) -> dict[str, str]:
    kind = index.media_type if len(index.files) == 1 else OCTETS
    return {"path": file.name, "bytes": str(file.size), "mediaType": kind}


def _saved_as(file: IndexedFile) -> str:
    return "attachment; filename*=UTF-8''" + quote(file.name.rsplit("/", 1)[-1], safe="")
