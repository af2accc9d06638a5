"""Heartbeats and leaving over HTTP: a member's requests, the operator's, and the owner's who asks through its own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.exchange.heartbeats import Heartbeats
from connector.exchange.leaving import PLANS, Departing, Leaving, view
from connector.exchange.searches import Searches
from connector.runtime.errors import Absent, InvalidInput

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

ANSWERS = ("approve", "refuse")


async def heartbeat(call: Call) -> web.Response:
    """Take in the caller's heartbeat; the answer tells what is new of its saved searches."""
    standing = await call.of(Heartbeats).receive(call.peer, await call.document(), call.act)
    news = await call.of(Searches).news(call.peer)
    return as_json(standing | ({"news": news} if news else {}))


async def ask(call: Call) -> web.Response:
    """Take in the caller's plan to leave."""
    return as_json(await call.of(Leaving).ask(call.peer, await call.document(), call.act), 201)


async def own(call: Call) -> web.Response:
    """Show the caller's plan."""
    row = await PLANS.read(call.core.store, call.peer)
    await call.spend()
    return as_json(view(row))


async def stay(call: Call) -> web.Response:
    """Take the caller's plan back."""
    await call.texts()
    return as_json(await call.of(Leaving).stay(call.peer, call.act))


async def answer(call: Call) -> web.Response:
    """Approve or refuse a plan: `did`, `reason`."""
    act, told = call.path["act"], await call.texts("did", "reason")
    if act not in ANSWERS:
        raise Absent(f"there is no answer `{act[:40]}`", f"there are {', '.join(ANSWERS)}")
    if act == "approve":
        return as_json(await call.of(Leaving).approve(told["did"]))
    return as_json(await call.of(Leaving).refuse(told["did"], told["reason"]))


async def plan(call: Call) -> web.Response:
    """Show the plan by which we could leave, with `until` if that is to be its end."""
    found = await call.of(Departing).plan("", _until(call.request.query.get("until", "")))
    return as_json(found.json())


async def leave(call: Call) -> web.Response:
    """Hand our plan in: `reason`, `until` (empty for the earliest)."""
    told = await call.texts("reason", "until")
    return as_json(await call.of(Departing).ask(told["reason"], _until(told["until"])), 201)


def _until(told: str) -> datetime | None:
    if not told:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise InvalidInput(f"`until` is no date and time: `{told[:40]}`") from error
    if moment.tzinfo is None:
        raise InvalidInput("`until` has no time zone", "such as 2027-12-31T00:00:00Z")
    return moment
