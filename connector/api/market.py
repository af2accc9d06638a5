"""The market at the exchange, for its members: trades shown, prices, complaints, reputation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.complaint import Move
from connector.api.faults import as_json
from connector.exchange import cash as cash_room
from connector.exchange import reputing
from connector.exchange.cash import Cash
from connector.exchange.chain_events import ChainEvents
from connector.exchange.complaints import Complaints
from connector.exchange.trades import Trades
from connector.identity.space.view import SpaceView
from connector.runtime.errors import Absent
from ledger.chain.programs import Programs

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

MOVES = {move.value: move for move in Move}
FIRST_MAX = 100_000
# how an order may say how much
ORDERED = {"amount", "share"}


async def cash(call: Call) -> web.Response:
    """Take in a request about money outside the chain: `kind`, `id`, `amount`, and the `tx` of what was given back."""
    asked = cash_room.checked(await call.document())
    return as_json(await call.of(Cash).take(asked, call.peer, call.act), 201)


async def cash_page(call: Call) -> web.Response:
    """List the caller's requests about money, the newest first, from the `first` on."""
    found = await call.of(Cash).page(call.peer, first=call.first(FIRST_MAX))
    await call.spend()
    return as_json({"requests": found})


async def trade(call: Call) -> web.Response:
    """Take in a settled trade."""
    return as_json(await call.of(Trades).record(await call.document(), call.peer, call.act), 201)


async def prices(call: Call) -> web.Response:
    """Show what was paid for data, by class."""
    found = await call.of(Trades).prices()
    await call.spend()
    return as_json(found)


async def reputation(call: Call) -> web.Response:
    """Show the reputation of a member."""
    counted = call.of(SpaceView), call.of(Programs), call.of(ChainEvents), call.of(Complaints)
    found = await reputing.of(call.core, *counted, call.path["id"])
    await call.spend()
    return as_json(found)


async def complain(call: Call) -> web.Response:
    """Take in a complaint."""
    return as_json(await call.of(Complaints).file(await call.document(), call.peer, call.act), 201)


async def complaints(call: Call) -> web.Response:
    """List the complaints that concern the caller, from the `first` on."""
    found = await call.of(Complaints).page(call.peer, first=call.first(FIRST_MAX))
    await call.spend()
    return as_json({"complaints": found})


async def complaint(call: Call) -> web.Response:
    """Show a complaint to its parties and to the exchange."""
    found = await call.of(Complaints).show(call.path["id"], call.peer)
    await call.spend()
    return as_json(found)


async def move(call: Call) -> web.Response:
    """Move a complaint along its table: `words`, and the `amount` or the `share` that is ordered."""
    step = MOVES.get(call.path["move"])
    named = set(await call.object()) & ORDERED if step is Move.ORDER else ()
    told = await call.texts("words", *named)
    if step is None:
        raise Absent(f"a complaint has no move `{call.path['move'][:40]}`", f"one of {', '.join(MOVES)}")
    who = call.path["id"], step, call.peer
    return as_json(await call.of(Complaints).move(*who, told["words"], call.act, told.get("amount"), told.get("share")))
