"""The console's accounts, as the owner of the data directory keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.declared import read
from connector.api.faults import as_json
from connector.client.acts.areas import named
from connector.console.accounts import Accounts
from connector.console.page import PREFIX

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def add(call: Call) -> web.Response:
    """Make an account: `name`, `roles` (empty: all of ours), `operator`, `title`, `subject`; its password is told."""
    told = await read(named("account_add"), call)
    roles = told["roles"] or sorted(call.core.identity.roles)
    more = {name: told.get(name) or "" for name in ("title", "subject")}
    return as_json(await call.of(Accounts).add(told["name"], roles, operator=told["operator"], **more), 201)


async def link(call: Call) -> web.Response:
    """Give out a link by which an account signs in once."""
    await call.texts()
    made = await call.of(Accounts).link(call.path["id"])
    told = {"url": f"{call.core.identity.url}{PREFIX}/enter?token={made['token']}"}
    return as_json({"name": made["name"], "expires": made["expires"], **told}, 201)
