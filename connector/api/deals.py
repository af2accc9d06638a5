"""Filed deals at the exchange, for their parties and whoever supervises; what a party asks is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.deal import WORDS, Move
from catalog.listing import REASON_CHARACTERS_MAX
from connector.api.faults import as_json
from connector.exchange.deals import FiledDeals
from connector.runtime.errors import Absent, InvalidInput

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

FIRST_MAX = 100_000


async def file(call: Call) -> web.Response:
    """Take in the caller's deal: `document`, and its `signature`."""
    told = await call.members({"document": "document", "signature": "text"})
    return as_json(await call.of(FiledDeals).file(told["document"], told["signature"], call.peer, call.act), 201)


async def page(call: Call) -> web.Response:
    """List the deals that the caller may read, the last to move first, from the `first` on."""
    found = await call.of(FiledDeals).page(call.peer, call.first(FIRST_MAX))
    await call.spend()
    return as_json({"deals": found})


async def show(call: Call) -> web.Response:
    """Show a filed deal to who may read it."""
    found = await call.of(FiledDeals).show(call.path["id"], call.peer)
    await call.spend()
    return as_json(found)


async def move(call: Call) -> web.Response:
    """Make a move of the caller's: `reason`, and of a word `signature`."""
    asked = call.path["move"]
    step = next((one for one in Move if one.value == asked), None)
    told = await call.texts("reason", *(["signature"] if step in WORDS else []))
    if step is None:
        raise Absent(f"a filed deal has no move `{asked[:40]}`", f"one of {', '.join(Move)}")
    if len(told["reason"]) > REASON_CHARACTERS_MAX:
        raise InvalidInput(f"a reason has at most {REASON_CHARACTERS_MAX} characters", "say less")
    return as_json(await call.of(FiledDeals).move(call.path["id"], step, call.peer, told, call.act))
