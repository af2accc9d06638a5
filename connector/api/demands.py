"""Demands: at the exchange for its members, and for an owner, who asks the exchange through the own connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.demand import TABLE, Move
from catalog.listing import REASON_CHARACTERS_MAX
from catalog.roles import Doing
from connector.api.exchange import may
from connector.api.faults import as_json
from connector.exchange.demands import Demands
from connector.identity.space.exchange import ExchangeDoor
from connector.identity.space.view import SpaceView
from connector.runtime.errors import Absent, InvalidInput

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

# the moves of who posted it, as paths name them
MOVES = {step.value: step for (_, step), row in TABLE.items() if row.role == "buyer"}
# what a move names, besides a reason
NAMES = {Move.NEGOTIATE: frozenset({"product"}), Move.MEET: frozenset({"agreement"})}
REASON = "reason"
FIRST_MAX = 100_000


async def post(call: Call) -> web.Response:
    """Take in a demand."""
    may(call.of(SpaceView).last().members[call.peer], Doing.DEMAND)
    return as_json(await call.of(Demands).post(await call.document(), call.peer, call.act), 201)


async def page(call: Call) -> web.Response:
    """List demands that are looking, or with `mine` the caller's own, newest first, from the `first` on."""
    mine, first = call.truth("mine"), call.first(FIRST_MAX)
    found = await call.of(Demands).page(call.peer, mine=mine, first=first)
    await call.spend()
    return as_json({"demands": found})


async def show(call: Call) -> web.Response:
    """Show a demand, to who posted it with what matches it."""
    found = await call.of(Demands).show(call.path["id"], call.peer)
    await call.spend()
    return as_json(found)


async def move(call: Call) -> web.Response:
    """Move a demand of the caller's along its table."""
    body, step = await call.object(), MOVES.get(call.path["move"])
    if step is None:
        raise Absent(f"a demand has no move `{call.path['move'][:40]}`", f"one of {', '.join(MOVES)}")
    needed = NAMES.get(step, frozenset())
    if not needed <= set(body) <= needed | {REASON}:
        raise InvalidInput(f"the body is an object with {', '.join(sorted(needed)) or 'nothing'}, perhaps {REASON}")
    if not all(isinstance(value, str) and len(value) <= REASON_CHARACTERS_MAX for value in body.values()):
        raise InvalidInput(f"its members are texts of at most {REASON_CHARACTERS_MAX} characters")
    return as_json(await call.of(Demands).move(call.path["id"], step, call.peer, body, call.act))


async def of_product(call: Call) -> web.Response:
    """List the demands that a listed product meets."""
    found = await call.of(Demands).for_product(call.path["id"])
    await call.spend()
    return as_json({"demands": found})


async def forward(call: Call) -> web.Response:
    """Ask the exchange what the path below `/management` asks, in our own name."""
    method = call.route.method
    path = "/exchange" + call.target.removeprefix("/management")
    body = None if method == "GET" else await call.document()
    return as_json(await call.of(ExchangeDoor).ask(method, path, body))
