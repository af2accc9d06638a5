"""What the exchange's operator does with members, arbitrators and what the space gave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.exchange.members import Members
from connector.identity.space.view import SpaceView
from connector.runtime import reasons
from connector.runtime.errors import Absent, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiohttp import web

    from connector.api.call import Call

TURNS = ("suspend", "resume", "revoke", "reread")
APPOINTMENTS = ("name", "dismiss")


async def page(call: Call) -> web.Response:
    """List the members with their states."""
    return as_json(await call.of(Members).page())


async def turn(call: Call) -> web.Response:
    """Suspend, resume or expel a member, or read its documents again: `did`, `reason`."""
    act, members = _act(call, TURNS), call.of(Members)
    told = await call.texts("did", "reason")
    if act == "reread":
        why = reasons.check(told["reason"], "the log keeps it")
        return as_json(await members.reread(told["did"], why, by=call.core.identity.did))
    return as_json(await call.of(Members).move(told["did"], act, told["reason"]))


async def appoint(call: Call) -> web.Response:
    """Name or dismiss an arbitrator: `did`."""
    act = _act(call, APPOINTMENTS)
    return as_json(await call.of(Members).appoint((await call.texts("did"))["did"], "arbitrator", act))


async def depute(call: Call) -> web.Response:
    """Name or dismiss another exchange of the space: `did`."""
    act = _act(call, APPOINTMENTS)
    return as_json(await call.of(Members).appoint((await call.texts("did"))["did"], "deputy", act))


async def own(call: Call) -> web.Response:
    """Read the caller's own documents again, as its `did` says: its BLS key, name and region may have changed."""
    if (await call.texts("did"))["did"] != call.peer:
        raise NotPermitted("a member has its own documents read, and nobody else's")
    await call.spend()
    return as_json(await call.of(Members).reread(call.peer, "its own request", by=call.peer))


async def cut_off(call: Call) -> web.Response:
    """Suspend a member because the node of the space says so: `did`, `reason`; to let it in again is ours."""
    told, node = await call.texts("did", "reason"), call.of(SpaceView).last().node
    if node is None or node.did != call.peer:
        raise NotPermitted("only the node of the space cuts a member off", "ask its operator")
    if told["did"] == call.peer:
        raise NotPermitted("a node does not cut itself off", "penstock leave")
    await call.spend()
    return as_json(await call.of(Members).move(told["did"], "suspend", told["reason"], by=call.peer))


async def revoke(call: Call) -> web.Response:
    """Revoke what the space gave out: `subject`, its digest, and `reason`."""
    told = await call.texts("subject", "reason")
    return as_json(await call.of(Members).revoke(told["subject"], told["reason"]))


def _act(call: Call, known: Collection[str]) -> str:
    act = call.path["act"]
    if act not in known:
        raise Absent(f"there is no act `{act[:100]}`", f"there are {', '.join(known)}")
    return act
