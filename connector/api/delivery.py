"""Deliveries whose header says it all (NDI-TR-2025-05): bulk pulls, and calls of an interface.

    POST /bulkPull          the bytes, whole or a range
    POST /bulkPush/{number} what is pushed to us under the number of a push that we asked for
    ANY  /apiCall/{path}    the call, made of the provider's own server; what that answers stands within ours

Law: (1) a call is decided, counted, billed and receipted as any other of an interface (`connector.api.calls`), and made
once under one `sequenceNum`. (2) `bodyHash` is of the body as it came; what does not fit it goes nowhere.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.api import calls, certified, plain
from connector.api.faults import as_json
from connector.api.flows import pieces
from connector.api.ndi import refused
from connector.api.sending import Sending
from connector.licence.carriage import Carriage
from connector.operation.ndi.landing import Landing
from connector.operation.ndi.ways import Ways
from connector.provider.plain.calls import Calls
from connector.provider.plain.copies import Copies
from contracts.ndi.delivery import CALL_PATH, CALLED, PULLED, PUSHED, headed, require_body
from contracts.ndi.fields import Code, FieldError

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call
    from connector.api.calls import Whole
    from connector.custody.tickets import Ticket
    from contracts.ndi.fields import Field

STATUS: Final = "code"


async def pull(call: Call) -> web.StreamResponse:
    """Serve the bytes of a product to who says in the header what it asks for (B.5); a range goes on where it broke."""
    try:
        ticket = await _pulled(call)
    except Exception as fault:  # noqa: BLE001  # every refusal has one form here
        return refused(fault, STATUS)
    return await plain.serve(call, call.of(Copies), ticket)


async def _pulled(call: Call) -> Ticket:
    """Return what a pull opens, after its copy is begun; raises FieldError, and what a transport raises."""
    said = await _said(call, PULLED)
    if await call.request.read():
        raise FieldError(Code.FORM, "/", "has no body: all is said in the header")
    ticket = await call.of(Ways).transports.pulled(said, call.peer, call.use_up)
    await call.of(Copies).begin(ticket, "", {})
    return ticket


async def land(call: Call) -> web.Response:
    """Keep what is pushed to us (bulk push)."""
    try:
        said, landing = headed(PUSHED, lambda name: call.request.headers.getall(name, [])), call.of(Landing)
        asked = await landing.asked(call.path["sequence"], said)
        await certified.require(call, asked.peer)
        await landing.take(asked, call.path.get("path", ""), said, pieces(call.request))
    except Exception as fault:  # noqa: BLE001  # every refusal has one form here
        return refused(fault, STATUS)
    return as_json({"code": Code.SUCCESS, "message": "success"})


async def make(call: Call) -> web.Response:
    """Make a call of an interface for who says in the header under which contract."""
    try:
        return await _made(call)
    except Exception as fault:  # noqa: BLE001  # every refusal has one form here
        return refused(fault, STATUS)


async def _made(call: Call) -> web.Response:
    ways, made = call.of(Ways), call.of(Calls)
    said = await _said(call, CALLED)
    asked = await calls.read(call, CALL_PATH)
    ticket = await ways.transports.called(said, call.peer, call.use_up)
    number = said["sequenceNum"]
    with Sending(call.request) as sending:
        try:
            with call.of(Carriage).carrying(ticket, sending.cut):
                held = await made.hold(ticket, asked.asked)
                try:
                    answer = await calls.whole(call, sending, held, asked, _shaped)
                finally:
                    made.over(held)
        except BaseException:
            if sending.begun:
                # that server has answered: the call was made, whatever hindered us to count it
                await ways.deliveries.end(call.peer, number, 0, Code.UNKNOWN)
            else:
                await ways.deliveries.give_up(call.peer, number)
            raise
    await ways.deliveries.end(call.peer, number, len(answer.body) if isinstance(answer.body, bytes) else 0)
    return answer


async def _said(call: Call, fields: tuple[Field, ...]) -> dict[str, Any]:
    """Return what the header says; raises FieldError, also for a body that is not the one it tells of."""
    await certified.require(call)
    headers = call.request.headers
    said = headed(fields, lambda name: headers.getall(name, []))
    require_body(said, sha256(await call.request.read()).hexdigest())
    return said


def _shaped(answer: Whole) -> web.Response:
    """Return what the text has: the original answer's head and body within ours, its receipt as `data`."""
    made = answer.made
    try:
        body, encoding = made.answer.decode(), "utf-8"
    except UnicodeDecodeError:
        body, encoding = base64.b64encode(made.answer).decode(), "base64"
    told = {
        "status": made.status,
        "encoding": encoding,
        "receipt": answer.receipt,
        "signature": answer.signature.hex(),
    }
    document = {"code": Code.SUCCESS, "message": "success", "data": told, "header": answer.headers, "body": body}
    return as_json(document)
