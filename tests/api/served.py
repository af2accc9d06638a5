"""A connector in the test's own process, on its real HTTP surface: its rows can be set, then looked at, in between."""

from __future__ import annotations

from contextlib import asynccontextmanager

import orjson
from aiohttp import web

from connector.api.server import build
from connector.app.app import Connector
from connector.demo.processes import free_ports
from connector.negotiation import reactions
from connector.negotiation.protocol.states import FINAL, NONE, ROLES, STATES
from connector.operation.initialise import initialise
from connector.runtime import settings
from tests import founded

HOLD = [
    {"process": process, "role": role, "state": state, "act": "hold"}
    for process, known in STATES.items()
    for role in ROLES
    for state in known
    if state not in {NONE, *FINAL}
]


@asynccontextmanager
async def served(folder, *, roles=("provider", "buyer"), rules=HOLD):
    """Serve a lone connector with these reactions; it holds in every state unless they say otherwise."""
    made = initialise(
        folder, name="Lone", roles=roles, region="US-NY", port=free_ports(1)[0], exchange=None, development=True
    )
    told = settings.load(folder, {})
    founded.lend(folder, told)
    connector = await Connector.start(folder, told, rules=reactions.read(orjson.dumps({"reactions": rules})))
    runner = web.AppRunner(build(connector.parts), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, made.server.host, made.server.port).start()
        await connector.recover()
        yield connector
    finally:
        await runner.cleanup()
        await connector.close()
