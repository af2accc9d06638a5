"""What an agent's key may do, told to the owner and to whoever has the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.client.acts import agents
from connector.console.api_keys import view
from connector.consumer import spending
from connector.runtime.errors import Absent, InvalidInput, NotPermitted
from connector.store.rows.console import ApiKeyRow

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# what is told of a key as `admin key list` tells it
OF_KEY = ("name", "roles", "scopes", "until", "ended")


async def show(call: Call) -> web.Response:
    """Show an agent by the name of its key; who asks with a key is shown its own alone."""
    name = call.request.query.get("name", "") or ("" if call.key is None else call.key.name)
    if not name:
        raise InvalidInput("no agent is named", "penstock agent show NAME; `penstock admin key list` has the keys")
    if call.key is not None and call.key.name != name:
        raise NotPermitted(f"`{name[:100]}` is another's key", "leave the name out")
    now, ours = call.core.clock.now(), call.core.identity.roles

    def read(tx: Tx) -> JsonObject:
        row = tx.get(ApiKeyRow, name=name)
        if row is None or row.budget is None:
            hint = "penstock admin key add NAME --budget AMOUNT"
            raise Absent(f"there is no agent's key `{name[:100]}`: it would have a budget", hint)
        told = {member: value for member, value in view(row, now).items() if member in OF_KEY}
        roles = set(row.roles.split()) & ours
        tools = [act.call for act in agents.tools(row.scopes, roles)]
        return told | spending.shown(tx, row) | {"tools": tools}

    return as_json(await call.core.store.read(read))
