"""What the other side of a delegation asks for: a host its offer and what it sells, a provider that the chain is read.

POST /hosting/{id}/offer      {}             the delegation, to the host it names
POST /hosting/{id}/handover   {signature}    the host's; then description, keys boxed for it, a ticket to sealed bytes
POST /hosting/{id}/look       {}             the host reads now whether its delegations stand
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.provider.hosting.hosting import Hosting
from connector.runtime.errors import Absent

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

# step → the members of its body
STEPS = {"offer": (), "handover": ("signature",), "look": ()}


async def ask(call: Call) -> web.Response:
    """Answer the other side of a delegation."""
    step = call.path["step"]
    if step not in STEPS:
        raise Absent(f"a delegation has no step `{step[:40]}`", f"one of {', '.join(STEPS)}")
    told = await call.texts(*STEPS[step])
    await call.spend()
    return as_json(await call.of(Hosting).asked(call.path["id"], step, told, call.peer))
