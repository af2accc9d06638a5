"""The surface of a participant: the paths of peers, led to the same handlers as over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

from connector.api import channel, dsp, log
from connector.api.call import Call
from connector.api.faults import answer_fault
from connector.identity.tokens import Claims
from connector.negotiation.protocol import messages
from connector.runtime.errors import CatchingUp
from connector.runtime.limits import MESSAGE_BYTES_MAX
from tests.simulation.network import Request, absent

PROOF = timedelta(minutes=5)
PID = r"(?P<pid>[^/]+)"
ID = r"/channel/(?P<id>[0-9a-f]{64})/"
TAKES = {"negotiation": dsp.negotiate, "transfer": dsp.transfers}
CHANNEL = {
    "request": channel.request,
    "voucher": channel.voucher,
    "step": channel.step,
    "acknowledge": channel.acknowledge,
    "resume": channel.resume_channel,
    "acknowledgement": channel.acknowledgement,
    "close": channel.close,
}


def _routes():
    """Method, path, handler, kind of the message."""
    for said in (messages.BEGINNINGS, messages.PATHS):
        for (process, message), path in said.items():
            if process in TAKES:
                where = "/dsp" + re.escape(path).replace(re.escape("{pid}"), PID)
                yield "POST", where, TAKES[process], messages.TYPE_OF[process, message]
    yield "GET", f"/dsp/negotiations/{PID}", dsp.negotiation, ""
    yield "GET", f"/dsp/transfers/{PID}", dsp.transfer, ""
    for name, handler in CHANNEL.items():
        yield "POST", ID + name, handler, ""
    yield "GET", "/log/checkpoint", log.checkpoint, ""
    yield "GET", "/log/addenda/(?P<index>[0-9-]+)", log.addenda, ""
    yield "GET", "/log/peers", log.peers, ""
    yield "GET", "/log/tile/(?P<tail>.+)", log.tile, ""


ROUTES = tuple((method, re.compile(path), handler, kind) for method, path, handler, kind in _routes())


def require_caught_up(house, handler):
    if house.catching_up and handler is not log.peers:
        raise CatchingUp("it asks what others know of its log")


async def answer(house, method, path, body, peer, proof):
    """Answer a request of a peer, whom the network has proven; a `proof` is good for one act."""
    parts, core = house.parts, house.core
    now = core.clock.now()
    claims = proof and Claims(peer, core.identity.did, proof, now, now + PROOF, None)
    for of, pattern, handler, kind in ROUTES:
        found = pattern.fullmatch(path) if of == method else None
        if found is not None:
            request = Request(method, path, body, found.groupdict())
            route = SimpleNamespace(kind=kind, body_bytes=MESSAGE_BYTES_MAX)
            try:
                require_caught_up(house, handler)
                return await handler(Call(parts, core, request, route, peer=peer, claims=claims))
            except Exception as fault:
                return answer_fault(request, fault)
    return absent()
