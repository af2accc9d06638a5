"""One participant in this process, with its HTTP surface: what `penstock serve` runs, without the process."""

from __future__ import annotations

import contextlib

from aiohttp import web

from connector.api.server import build
from connector.app.app import Connector
from connector.demo.processes import free_ports
from connector.operation.initialise import initialise
from connector.runtime import settings as settings_file
from tests import founded


@contextlib.asynccontextmanager
async def lone(folder, roles, variables=None):
    """Run a participant with these roles on a chain of its own; it has the attribute `owner`, the owner's header.

    Entered again on the same folder it goes on with what it has. `variables` stand for those of the environment.
    """
    if not (folder / "penstock.toml").exists():
        named = {"name": "Lone", "roles": roles, "region": "US-NY", "exchange": None, "development": True}
        initialise(folder, port=free_ports(1)[0], **named)
    told = settings_file.load(folder, dict(variables or {}))
    founded.lend(folder, told)
    connector = await Connector.start(folder, told)
    runner = web.AppRunner(build(connector.parts), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", connector.settings.server.port).start()
    await connector.recover()
    connector.owner = {"Authorization": "Bearer " + (folder / "management.token").read_text().strip()}
    try:
        yield connector
    finally:
        await runner.cleanup()
        await connector.close()
