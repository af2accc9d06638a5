"""What the exchange's operator does with members, arbitrators and what the space gave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import Absent, InvalidInput
from connector.web.faults import as_json

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiohttp import web

    from connector.web.call import Call

TURNS = ("suspend", "resume", "revoke")
APPOINTMENTS = ("name", "dismiss")


async def page(call: Call) -> web.Response:
    """List the members with their states."""
    return as_json(await call.connector.members.page())


async def turn(call: Call) -> web.Response:
    """Suspend, resume or expel a member: `did`, `reason`."""
    act = _act(call, TURNS)
    told = await _texts(call, "did", "reason")
    return as_json(await call.connector.members.move(told["did"], act, told["reason"]))


async def appoint(call: Call) -> web.Response:
    """Name or dismiss an arbitrator: `did`."""
    act = _act(call, APPOINTMENTS)
    return as_json(await call.connector.members.arbitrator((await _texts(call, "did"))["did"], act))


async def revoke(call: Call) -> web.Response:
    """Revoke what the space gave out: `subject`, its digest, and `reason`."""
    told = await _texts(call, "subject", "reason")
    return as_json(await call.connector.members.revoke(told["subject"], told["reason"]))


def _act(call: Call, known: Collection[str]) -> str:
    act = call.path["act"]
    if act not in known:
        raise Absent(f"there is no act `{act[:100]}`", f"there are {', '.join(known)}")
    return act


async def _texts(call: Call, *names: str) -> dict[str, str]:
    body: Any = await call.document()
    if not isinstance(body, dict) or set(body) != set(names) or not all(isinstance(one, str) for one in body.values()):
        raise InvalidInput(f"the body must have exactly {', '.join(f'`{name}`, a text' for name in names)}")
    return body
