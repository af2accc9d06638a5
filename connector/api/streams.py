"""Batches of a stream, for any client with the token of a started transfer (decision 0171).

    GET  /streams/{edition}                       {oldest, newest}: the numbers of the batches that are kept
    GET  /streams/{edition}?after=7&seconds=20    the first batch behind 7, sealed; 204 where none comes within the time
    POST /streams/{edition}/{number}              {head, messages, bytes, signature?} → {key}: the key of a batch

A batch comes with its number, the head that it follows, its messages and plain bytes in headers; how it is sealed is in
`connector.custody.batches`. For its key its head is acknowledged, and what has come in all under the agreement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from connector.api.faults import as_json
from connector.api.plain import NO_STORE, said_of, token
from connector.api.sealed import OCTETS
from connector.api.sending import Sending
from connector.custody import batches
from connector.custody.batches import Acknowledgement
from connector.enforcement.context import PURPOSE
from connector.licence.carriage import Carriage
from connector.provider.streams.giving import Giving, Wish
from connector.runtime.errors import InvalidInput
from connector.runtime.limits import STREAM_WAIT_SECONDS_MAX
from contracts import signature
from contracts.decimals import read_decimal, read_hex

if TYPE_CHECKING:
    from connector.api.call import Call

HEAD_BYTES: Final = 32
NUMBER_DIGITS_MAX: Final = 15
_MEMBERS: Final = frozenset({"head", "messages", "bytes", "signature"})


async def batch(call: Call) -> web.Response:
    """Serve the next batch, or say which there are."""
    ticket, asked = token(call), call.request.query
    if "after" not in asked:
        oldest, newest = await call.of(Giving).span(ticket)
        return as_json({"oldest": oldest, "newest": newest})
    after, seconds = _number(asked["after"]), _number(asked.get("seconds", "0"))
    with Sending(call.request) as sending, call.of(Carriage).carrying(ticket, sending.cut):
        found = await call.of(Giving).next(ticket, after, min(float(seconds), STREAM_WAIT_SECONDS_MAX))
        sending.begin()
        if found is None:
            return web.Response(status=204, headers=NO_STORE)
        one, sealed = found
        told = {
            batches.NUMBER: str(one.number),
            batches.PREVIOUS: one.previous.hex(),
            batches.MESSAGES: str(one.messages),
            batches.BYTES: str(one.plain_bytes),
        }
        return web.Response(body=sealed, content_type=OCTETS, headers=NO_STORE | told)


async def key(call: Call) -> web.Response:
    """Give the key of a batch for its acknowledgement."""
    ticket, number = token(call), _number(call.path["index"])
    body: Any = await call.document()
    if not isinstance(body, dict) or set(body) - _MEMBERS:
        raise InvalidInput("an acknowledgement has head, messages, bytes, and a signature")
    word = Acknowledgement(
        ticket.subject.hex(),
        number,
        read_hex(body.get("head"), "head", HEAD_BYTES).hex(),
        read_decimal(body.get("messages"), "messages"),
        read_decimal(body.get("bytes"), "bytes"),
    )
    signed = body.get("signature")
    proof = None if signed is None else read_hex(signed, "signature", signature.SIGNATURE_BYTES)
    asked = call.request.query
    found = await call.of(Giving).key(ticket, number, word, proof, Wish(asked.get(PURPOSE, ""), said_of(asked)))
    return as_json({"key": found.hex()})


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > NUMBER_DIGITS_MAX:
        raise InvalidInput(f"`{text[:20]}` is no number of a batch, or of seconds")
    return int(text)
