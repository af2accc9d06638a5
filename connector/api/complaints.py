"""Complaints, as their parties ask for them: what the exchange says, and beside it what the chain says to ourselves.

Law: what was given back is read off the chain by whoever is asked: the exchange for itself, each party for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.api.faults import as_json
from connector.identity.space.exchange import ExchangeDoor
from connector.identity.space.view import SpaceView
from connector.settlement.refunds import Refunds
from contracts import payment_reference as references

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

GIVEN = "given"


async def shown(call: Call) -> web.Response:
    """Show one complaint, or a page of them."""
    path = "/exchange" + call.target.removeprefix("/management")
    return as_json(await looked(call, await call.of(ExchangeDoor).ask("GET", path)))


async def looked(call: Call, found: Any) -> Any:
    """Return complaints as the exchange told them, with what we see ourselves as given back of what they order."""
    rows = found.get("complaints", [found])
    me = call.core.identity.did
    ours = [row for row in rows if "amount" in row and me in (row["complainant"], row["respondent"])]
    refunds = await call.of(Refunds).known() if ours else None
    exchange = call.of(SpaceView).last().exchange
    for row in ours:
        row.pop(GIVEN, None)
        if refunds is not None:
            named = references.complaint(exchange, row["id"]).hex()
            row[GIVEN] = str(sum(one.amount for one in refunds if one.complaint == named))
    return found
