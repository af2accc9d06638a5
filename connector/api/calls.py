"""Calls of an interface that is sold, for any client with the token of a started transfer (decision 0164).

    ANY /calls/{edition}/{path}   the call, forwarded to the provider's server where it is permitted, and its answer
    GET /calls/{edition}          what may be called: the product's one file (`connector.api.plain`)

What a policy asks of a use its caller says in the header `Penstock-Use`, as a query: `purpose=Research&user=ann`. Who
says nothing asks for the purpose of its agreement.

Law: of a request its method, path, the names and values of its query, its body, and the headers of PASSED go on; of the
answer its status, its body and the headers of RETURNED. Nothing else crosses, in neither direction. An answer of that
server has the header `Penstock-Call: counted`; any other is our own refusal, and costs nothing. Whoever sends
`Penstock-Receipt: wanted` gets that header back with a receipt of the call (`contracts.call_receipt`), signed;
whoever sends `Penstock-Sealed: KEY` gets answer and receipt sealed to that key (`connector.licence.sealed_answer`).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from catalog import interface
from connector.api.plain import NO_STORE, said_of, token
from connector.api.sealed import drop_who_stalls
from connector.api.sending import Sending
from connector.custody import bearers
from connector.enforcement.context import PURPOSE
from connector.licence import sealed_answer
from connector.licence.carriage import Carriage
from connector.provider.plain.calls import Asked, Calls
from connector.runtime.errors import InvalidInput, PeerMisbehaved, PeerUnreachable
from connector.runtime.limits import (
    CALL_ANSWER_BYTES_MAX,
    CALL_ANSWER_SECONDS_MAX,
    CALL_BODY_BYTES_MAX,
    CALL_SHOWN_BYTES_MAX,
)
from contracts import call_receipt
from contracts.call_receipt import Made
from contracts.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    from connector.api.call import Call
    from connector.net.outbound import Download
    from connector.provider.plain.calls import Held
    from contracts.canonical import JsonObject

USE: Final = bearers.USE
USE_CHARACTERS_MAX: Final = 4_096
QUERY_PAIRS_MAX: Final = 256
# what of a request's head its server is told, and what of an answer's head its caller
PASSED: Final = ("Accept", "Accept-Language", "Content-Type", "If-None-Match", "If-Modified-Since")
RETURNED: Final = ("Content-Type", "Content-Language", "ETag", "Last-Modified", "Retry-After")
WANTED: Final = "wanted"
COUNTED: Final = "counted"
FAILED: Final = 500
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Said:
    """A call as its caller says it: what is asked for, its target at the provider's server, its body."""

    asked: Asked
    target: str
    body: bytes


async def forward(call: Call) -> web.StreamResponse:
    """Decide, count and make a call."""
    ticket, calls, request = token(call), call.of(Calls), call.request
    said = await read(call, f"/calls/{call.path['edition']}")
    reader = _reader(request)
    with Sending(request) as sending, call.of(Carriage).carrying(ticket, sending.cut):
        held = await calls.hold(ticket, said.asked)
        try:
            url = held.base + said.target
            if reader is not None or request.headers.get(bearers.RECEIPT) == WANTED:
                return await whole(call, sending, held, said, partial(_receipted, reader))
            return await _made(call, sending, held, url, said.body)
        finally:
            calls.over(held)


async def read(call: Call, prefix: str) -> Said:
    """Return the call that a request below `prefix` is; raises InvalidInput, CatalogError."""
    request = call.request
    raw, _, query = request.raw_path.partition("?")
    path = interface.segments(raw.removeprefix(prefix).removeprefix("/"))
    pairs = _pairs(query)
    told = request.headers.get(USE, "")
    if len(told) > USE_CHARACTERS_MAX:
        raise InvalidInput(f"`{USE}` has at most {USE_CHARACTERS_MAX} characters", "say it shorter")
    use = dict(_pairs(told))
    asked = Asked(request.method, path, [name for name, _ in pairs], use.get(PURPOSE, ""), said_of(use))
    body = await request.read()
    if len(body) > CALL_BODY_BYTES_MAX:
        raise InvalidInput(f"a call sends at most {CALL_BODY_BYTES_MAX} bytes")
    return Said(asked, interface.path_of(path) + (f"?{urlencode(pairs)}" if pairs else ""), body)


async def _made(call: Call, sending: Sending, held: Held, url: str, body: bytes) -> web.StreamResponse:
    """Forward a call that is held; it is counted when its answer begins, and given back when there is none."""
    calls, request = call.of(Calls), call.request
    headers = {name: request.headers[name] for name in PASSED if name in request.headers} | dict(held.headers)
    taken = False
    try:
        async with call.core.outbound.forward(
            request.method, url, body, headers, seconds=CALL_ANSWER_SECONDS_MAX, limit_bytes=CALL_ANSWER_BYTES_MAX
        ) as answer:
            _require_answered(answer)
            chunks = answer.chunks()
            first = await anext(chunks, b"")
            sending.begin()
            await calls.take(held, len(first))
            taken = True
            if answer.ended:
                return web.Response(status=answer.status, headers=_head(answer), body=first)
            told = web.StreamResponse(status=answer.status, headers=_head(answer))
            drop_who_stalls(call)  # one that takes nothing would hold a place at the provider's server
            await told.prepare(request)
            await told.write(first)
            async for chunk in chunks:
                await calls.add(held, len(chunk))
                await told.write(chunk)
            await told.write_eof()
            return told
    except (PeerUnreachable, PeerMisbehaved) as fault:
        if taken:
            sending.cut()  # a broken body must not look whole
            raise
        # where the server is goes into no answer: the fault's own text would name it
        raise PeerUnreachable("the provider's server did not answer this call; it is not counted") from fault
    finally:
        if not taken:
            await calls.give_back(held)


def _reader(request: web.Request) -> X25519PublicKey | None:
    """Return the key that the answer is wanted sealed to, if any; raises InvalidInput and ContractError."""
    told = request.headers.get(bearers.SEALED)
    if told is None:
        return None
    if request.method == "HEAD":
        raise InvalidInput("the answer of a HEAD has no body that could be sealed", "ask by GET")
    return sealed_answer.reader_key(told)


@dataclass(frozen=True, slots=True)
class Whole:
    """A call whose answer is here whole, with its receipt and our signature over that."""

    made: Made
    headers: Mapping[str, str]
    receipt: JsonObject
    signature: bytes


async def whole(
    call: Call, sending: Sending, held: Held, said: Said, shape: Callable[[Whole], web.Response]
) -> web.Response:
    """Forward a call whose answer is signed: it is read whole, and given its `shape`, before a byte of it goes on."""
    calls, request = call.of(Calls), call.request
    headers = {name: request.headers[name] for name in PASSED if name in request.headers} | dict(held.headers)
    taken = False
    try:
        async with call.core.outbound.forward(
            request.method,
            held.base + said.target,
            said.body,
            headers,
            seconds=CALL_ANSWER_SECONDS_MAX,
            limit_bytes=CALL_SHOWN_BYTES_MAX,
        ) as answer:
            _require_answered(answer)
            content = b"".join([chunk async for chunk in answer.chunks()])
        made = Made(held.agreement, request.method, said.target, said.body, answer.status, content)
        told = call_receipt.receipt(made, held.granted.use.taker, call.core.clock.now().isoformat())
        signed = call.core.identity.sign(call_receipt.digest(told), held.account)
        shaped = shape(Whole(made, _returned(answer), told, signed))
        sending.begin()
        await calls.take(held, len(content))
        taken = True
    except (PeerUnreachable, PeerMisbehaved) as fault:
        raise PeerUnreachable("the provider's server did not answer this call; it is not counted") from fault
    finally:
        if not taken:
            await calls.give_back(held)
    return shaped


def _receipted(reader: X25519PublicKey | None, answer: Whole) -> web.Response:
    """Return an answer with its receipt beside it, or both sealed to `reader`."""
    if reader is not None:
        sealed = sealed_answer.seal(answer.made, answer.headers, answer.receipt, answer.signature, reader)
        return web.Response(headers=NO_STORE | {bearers.ANSWERED: COUNTED, bearers.SEALED: "1"}, body=sealed)
    receipt = base64.urlsafe_b64encode(canonical(answer.receipt)).decode()
    proof = {bearers.RECEIPT: receipt, bearers.SIGNED: answer.signature.hex(), bearers.ANSWERED: COUNTED}
    headers = {**answer.headers, **NO_STORE, **proof}
    return web.Response(status=answer.made.status, headers=headers, body=answer.made.answer)


def _require_answered(answer: Download) -> None:
    """Raise PeerMisbehaved for what is no answer to be paid: a failure, or the way to another server."""
    if answer.status >= FAILED or answer.status in REDIRECTS or answer.status < 200:
        raise PeerMisbehaved(f"the provider's server answered {answer.status}")


def _returned(answer: Download) -> dict[str, str]:
    return {name: answer.headers[name] for name in RETURNED if name in answer.headers}


def _head(answer: Download) -> dict[str, str]:
    return _returned(answer) | NO_STORE | {bearers.ANSWERED: COUNTED}


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        # strictly: what is no UTF-8 would go on as something else than what was asked
        found = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=QUERY_PAIRS_MAX
        )
    except ValueError as fault:
        raise InvalidInput("the query cannot be read", f"at most {QUERY_PAIRS_MAX} pairs `name=value`") from fault
    if not all(text.isprintable() for pair in found for text in pair):
        raise InvalidInput("a query has no control characters")
    return found
