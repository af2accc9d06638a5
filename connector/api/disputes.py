"""What the command line asks its own server about disputes: filed as a party, ruled on as an arbitrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.api.faults import as_json
from connector.runtime.errors import InvalidInput
from connector.settlement.arbitration import Arbitration
from connector.settlement.cases import Cases
from contracts.decimals import read_decimal

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def file(call: Call) -> web.Response:
    """File a bundle at the exchange."""
    return as_json(await call.of(Cases).file(await call.document()), 201)


async def show(call: Call) -> web.Response:
    """Show a case with its bundle and what our verifier says of it."""
    return as_json(await call.of(Cases).show(call.path["id"]))


async def hold(call: Call) -> web.Response:
    """Freeze the channel of a dispute for `seconds`."""
    body: Any = await call.document()
    seconds = body.get("seconds") if isinstance(body, dict) and len(body) == 1 else None
    if type(seconds) is not int or seconds <= 0:
        raise InvalidInput("the body must have exactly `seconds`, a whole number above 0")
    return as_json(await call.of(Arbitration).hold(call.path["id"], seconds))


async def rule(call: Call) -> web.Response:
    """Rule on a dispute: `award`, an amount or null, and `reason`, perhaps empty."""
    body = await call.members({"award": "text?", "reason": "text"})
    award = None if body["award"] is None else read_decimal(body["award"], "award")
    return as_json(await call.of(Arbitration).rule(call.path["id"], award, body["reason"]))
