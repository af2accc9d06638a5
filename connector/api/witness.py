"""The witness: C2SP add-checkpoint over HTTP, and the share in a space's attestation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from connector.api.faults import as_json
from connector.chain.witnessing import Witness
from connector.runtime.errors import InvalidInput
from contracts.decimals import read_decimal, read_hex
from ledger.log.head_share import SHARE_HEADER
from ledger.log.witness import HEAD_TIME_HEADER

if TYPE_CHECKING:
    from connector.api.call import Call
    from ledger.log.aggregate import FinalHead

HEADS_MAX = 10_000  # as many members as a space may have


async def add_checkpoint(call: Call) -> web.Response:
    """Answer 200 with signature lines, or 400, 403, 404, 409, 422 as the witness protocol says."""
    body = await call.request.read()
    asked = call.request.headers
    told = asked.get(HEAD_TIME_HEADER), asked.get(SHARE_HEADER)
    ruling, lines = await call.of(Witness).add_checkpoint(body, *told)
    text = lines if ruling.status == 200 else (ruling.body or ruling.reason + "\n")
    return web.Response(text=text, status=ruling.status, headers={"Content-Type": ruling.content_type})


async def attest(call: Call) -> web.Response:
    """Sign the statement over final heads that this witness has seen itself; 409 names the first it has not."""
    heads = _heads(await call.document())
    await call.spend()
    return as_json(await call.of(Witness).attest(heads))


def _heads(document: Any) -> list[FinalHead]:
    """Read `{"heads": [{"origin", "size", "root"}]}`."""
    from ledger.log.aggregate import FinalHead  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

    listed = document.get("heads") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= HEADS_MAX:
        raise InvalidInput(f"an attestation is over 1 to {HEADS_MAX} `heads`")
    if not all(isinstance(one, dict) and isinstance(one.get("origin"), str) for one in listed):
        raise InvalidInput("a head has `origin`, `size` and `root`")
    return [
        FinalHead(one["origin"], read_decimal(one.get("size"), "size"), read_hex(one.get("root"), "root", 32))
        for one in listed
    ]
