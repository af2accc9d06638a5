"""Projects at the exchange, for their parties; what a party asks through its own connector is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.project import Move
from connector.api.faults import as_json
from connector.exchange.projects import Projects
from connector.runtime.errors import Absent

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

# the moves of a party, as paths name them
MOVES = (Move.DECLINE, Move.WITHDRAW, Move.END)
FIRST_MAX = 100_000


async def propose(call: Call) -> web.Response:
    """Take in the caller's project: `document`, and its `signature`."""
    told = await call.members({"document": "document", "signature": "text"})
    return as_json(await call.of(Projects).propose(told["document"], told["signature"], call.peer, call.act), 201)


async def page(call: Call) -> web.Response:
    """List the caller's projects, newest first, from the `first` on."""
    found = await call.of(Projects).page(call.peer, call.first(FIRST_MAX))
    await call.spend()
    return as_json({"projects": found})


async def show(call: Call) -> web.Response:
    """Show a project of the caller's."""
    found = await call.of(Projects).show(call.path["id"], call.peer)
    await call.spend()
    return as_json(found)


async def sign(call: Call) -> web.Response:
    """Take in the caller's signature."""
    told = await call.texts("signature")
    return as_json(await call.of(Projects).sign(call.path["id"], told["signature"], call.peer, call.act))


async def add(call: Call) -> web.Response:
    """Put a result of the caller's into the workspace."""
    return as_json(await call.of(Projects).add(call.path["id"], await call.document(), call.peer, call.act))


async def move(call: Call) -> web.Response:
    """Make a move of the caller's: `reason`."""
    told, asked = await call.texts("reason"), call.path["move"]
    step = next((one for one in MOVES if one.value == asked), None)
    if step is None:
        raise Absent(f"a project has no move `{asked[:40]}`", f"one of {', '.join(MOVES)}")
    return as_json(await call.of(Projects).move(call.path["id"], step, call.peer, told["reason"], call.act))
