"""What a request with an API key asks for, and whether that key may do it.

Law: acts that share a route are told apart by what their path or body always says; where that leaves several, the key
has to cover each. What is no declared act (the EDC interface, Data Plane Signaling) needs the scope `act`, and what
there gives somebody access is the owner's alone. A rehearsal needs what the act in it needs. An agent's key, one with a
budget, does and says what the table of agents has (`connector.client.acts.agents`), and nothing beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.client.acts import agents
from connector.client.acts.table import TABLE
from connector.runtime.errors import NotPermitted

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.client.acts.act import Act

# asked again for the act in it
REHEARSAL: Final = "rehearsals.rehearse"
# handlers beside the table that name other connectors, or tell and keep secrets of clients
OWN: Final = ("signaling.", "edc.DataPlanes-", "edc.ClientSecrets-")


async def require(call: Call) -> None:
    """Raise NotPermitted, with what it lacks, for a key that may not do what is asked."""
    key, row = call.key, call.route
    if key is None or row.handler == REHEARSAL:
        return
    for act in (acts := await _acts(call)):
        key.require(row.roles, act, act.name)
        if key.is_agent:
            await _require_given(call, act)
    if not acts:
        if row.handler.startswith(OWN):
            raise NotPermitted("this gives access, and is the owner's alone", "use the token of the data directory")
        key.require(row.roles, None, row.handler)
        if key.is_agent:
            raise NotPermitted("this is no declared act, and no agent's", "ask the owner to do it")


async def _require_given(call: Call, act: Act) -> None:
    """Raise NotPermitted, or InvalidInput, for what no agent is given: an act, or something that it says."""
    if not agents.is_given(act):
        raise NotPermitted(f"`{act.name}` is given to no agent, whatever its scopes", "ask the owner to do it")
    if act.changes and (call.kept is not None or call.request.body_exists):
        agents.require(act, await call.document())


async def _acts(call: Call) -> list[Act]:
    """Return the acts that a request may be, none for what is no declared one."""
    sharing = [act for act in TABLE if (act.method, act.route) == (call.route.method, call.route.path)]
    if len(sharing) == 1:
        return sharing
    told = dict(call.path)
    if any(act.fixed for act in sharing) and isinstance(body := await call.document(), dict):
        told |= body
    return [act for act in sharing if all(told.get(name) == value for name, value in act.always.items())] or sharing
