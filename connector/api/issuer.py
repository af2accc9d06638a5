"""The exchange as an issuer over HTTP (DCP 1.0.1): what it issues, requests, how they stand, status lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from connector.api.faults import as_json
from connector.exchange.issuer import Issuer
from connector.operation.dcp.status import LIST_TYPE
from connector.runtime.errors import Absent
from connector.runtime.limits import INDEX_DIGITS_MAX, STATUS_SECONDS

if TYPE_CHECKING:
    from connector.api.call import Call


async def metadata(call: Call) -> web.Response:
    """Say what is issued here."""
    return as_json(await call.of(Issuer).metadata(call.peer))


async def request(call: Call) -> web.Response:
    """Issue what is asked for; where the request stands is said at `Location`."""
    assert call.claims is not None, "a peer has shown a token"
    made = await call.of(Issuer).request(await call.document(), call.claims, call.use_up)
    return web.Response(status=201, headers={"Location": f"{call.core.identity.url}/issuer/requests/{made}"})


async def status(call: Call) -> web.Response:
    """Say how a request of the caller's stands."""
    assert call.claims is not None, "a peer has shown a token"
    return as_json(await call.of(Issuer).status(call.path["id"], call.claims, call.use_up))


async def status_list(call: Call) -> web.Response:
    """Serve a status list: signed to who takes that, else as JSON, the only form that an EDC of today reads."""
    number = call.path["number"]
    if not (number.isascii() and number.isdecimal()) or len(number) > INDEX_DIGITS_MAX:
        raise Absent("a status list has a number")
    signs = LIST_TYPE in call.request.headers.get("Accept", "")
    told = await call.of(Issuer).status_list(call.path["alias"], int(number), signs=signs)
    cached = {"Cache-Control": f"max-age={STATUS_SECONDS}", "Vary": "Accept"}
    if isinstance(told, str):
        return web.Response(text=told, content_type=LIST_TYPE, headers=cached)
    return as_json(told, headers=cached)
