"""What an operator sees of a running participant: health, measures, and what became of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from connector.api.faults import as_json
from connector.identity.peers import Peers
from connector.identity.space.view import SpaceView
from connector.operation import following, metrics
from connector.operation.health import Health
from connector.operation.metrics import Metrics
from connector.runtime.errors import Absent
from connector.runtime.spans import Spans

if TYPE_CHECKING:
    from connector.api.call import Call

NOT_READY = 503


async def live(_call: Call) -> web.Response:
    """Say that the loop turns."""
    return as_json({"status": "live"})


async def ready(call: Call) -> web.Response:
    """Say whether requests may be sent here, and if not, why."""
    told = await call.of(Health).looked()
    return as_json(told, NOT_READY if told["reasons"] else 200)


async def measures(call: Call) -> web.Response:
    """Serve all measures in Prometheus' text format."""
    body = await call.of(Metrics).scrape(call.core, call.of(Health))
    return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})


async def seen(call: Call) -> web.Response:
    """Show a peer the requests of a trace that it sent us itself."""
    await call.spend()
    spans = call.of(Spans).of({call.path["id"]}, call.peer)
    if not spans:
        raise Absent("no request of yours has this id", "requests are remembered for a while only")
    return as_json({"spans": [span.json() for span in spans]})


async def trace(call: Call) -> web.Response:
    """Follow a request, a negotiation, a transfer or an acquisition through this participant and its peers."""
    found = await following.follow(call.core, call.of(SpaceView), call.of(Peers), call.of(Spans), call.path["id"])
    return as_json(found)
