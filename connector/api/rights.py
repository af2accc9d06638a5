"""What the command line asks its own server about rights on the chain; an act without a row of `ACTS` is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.licence.suspension import RESUME, SUSPEND, Suspensions
from connector.provider.rights import Rights
from connector.runtime.errors import Absent
from contracts.namespace import AGREEMENT_URN

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

# act → the members of its body, each a text
ACTS = {
    "transfer": ("to",),
    "pledge": ("to", "terms"),
    "release": (),
    "withdraw": ("reason",),
    "suspend": ("reason",),
    "resume": ("reason",),
}
TURNS = {turn.act: turn for turn in (SUSPEND, RESUME)}


async def show(call: Call) -> web.Response:
    """Show who holds an edition or licence, and who holds a pledge of it."""
    return as_json(await call.of(Rights).show(call.path["id"].removeprefix(AGREEMENT_URN)))


async def act(call: Call) -> web.Response:
    """Do one of `ACTS`."""
    key, name = call.path["id"].removeprefix(AGREEMENT_URN), call.path["act"]
    if name not in ACTS:
        raise Absent(f"there is no act `{name[:100]}` of rights", f"there are {', '.join(ACTS)}")
    body = await call.texts(*ACTS[name])
    if name in TURNS:
        return as_json(await call.of(Suspensions).turn(TURNS[name], key, body["reason"]))
    return as_json(await getattr(call.of(Rights), name)(key, *(body[each] for each in ACTS[name])))
