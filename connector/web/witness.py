"""The witness: C2SP add-checkpoint over HTTP, and the share in a space's attestation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from connector.web.faults import as_json
from contracts.canonical import load
from ledger.aggregate import FinalHead
from ledger.witness import HEAD_TIME_HEADER, REQUEST_LIMIT_BYTES

if TYPE_CHECKING:
    from connector.web.server import Call


async def add_checkpoint(call: Call) -> web.Response:
    """Answer 200 with signature lines, or 400, 403, 404, 409, 422 as the witness protocol says."""
    body = await call.request.content.read(REQUEST_LIMIT_BYTES + 1)
    ruling, lines = await call.connector.witness.add_checkpoint(body, call.request.headers.get(HEAD_TIME_HEADER))
    text = lines if ruling.status == 200 else (ruling.body or ruling.reason + "\n")
    return web.Response(text=text, status=ruling.status, headers={"Content-Type": ruling.content_type})


async def attest(call: Call) -> web.Response:
    """Sign the statement over final heads that this witness has seen itself; 409 names the first it has not."""
    document = load(await call.request.read())
    await call.spend()
    heads = [FinalHead(one["origin"], int(one["size"]), bytes.fromhex(one["root"])) for one in document["heads"]]
    return as_json(await call.connector.witness.attest(heads))
