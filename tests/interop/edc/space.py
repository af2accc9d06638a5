"""A lone provider and buyer of ours beside the stock connector, and a place that takes what is pushed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

from aiohttp import web

from connector.client.client import Client
from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.data_folder import DATABASE
from tests.interop.edc.counterpart import NAME, NS

if TYPE_CHECKING:
    from pathlib import Path

UNTIL = "2099-01-01T00:00:00Z"
PURPOSE = "Research"
HEARD_EACH_SECONDS = 0.05
CONTENT = b"station,height\n" + b"".join(b"%d,%d\n" % (number, number * 7 % 100) for number in range(2_000))


def address(port: int) -> str:
    return f"http://localhost:{port}"


class Ours:
    """A participant of ours, alone in a space of its own, that takes the stock connector for `NAME`."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port = folder / "ours", free_ports(1)[0]
        self.url = address(self.port)
        roles = ("provider", "buyer")
        told = {"region": "US-NY", "port": self.port, "exchange": None, "development": True}
        self.did = initialise(self.data, name="Ours", roles=roles, **told).did
        self._process: Participant | None = None

    async def start(self, authorization: str) -> None:
        os.environ["PENSTOCK_DEVELOPMENT_STATIC_TOKEN"] = authorization
        os.environ["PENSTOCK_DEVELOPMENT_STATIC_PEER"] = NAME
        self._process = Participant(self.data, (*SERVE, "--verbose"))
        await self._process.start()

    async def stop(self) -> None:
        if self._process is not None:
            await self._process.stop()

    async def publish(self, folder: Path, product: str, **more) -> None:
        """Offer a table as plain copies."""
        path = folder / f"{product}.csv"
        path.write_bytes(CONTENT)
        brief = {
            "id": product,
            "files": [str(path)],
            "title": f"Table {product}",
            "price": "100",
            "floor": "100",
            "unit": "MiB",
        }
        brief |= {"tier": "plain", "purpose": PURPOSE, "until": UNTIL} | more
        async with Client(self.data) as penstock:
            await penstock.product_publish(**brief)

    def last_words(self) -> str:
        """Return why processes of ours ended, and what it said last."""
        with closing(sqlite3.connect(self.data / DATABASE)) as kept:
            ended = [
                kept.execute(f"SELECT state, pending, reason, count(*) FROM {name} GROUP BY 1, 2, 3").fetchall()
                for name in ("negotiations", "transfers")
            ]
        return f"{ended}\n{(self.data / 'serve.log').read_text(errors='replace')[-8_000:]}"


class Sink:
    """Takes what is pushed to it, and what it is called back about."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.addresses: dict[str, dict[str, str]] = {}  # of started transfers
        self.came = asyncio.Event()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append((request.method, await request.read()))
        self.came.set()
        return web.Response()

    async def hear(self, request: web.Request) -> web.Response:
        told = (await request.json())["payload"]
        said = (told.get("dataAddress") or {}).get("properties", {})  # a push has none
        self.addresses[told["transferProcessId"]] = {name.removeprefix(NS): value for name, value in said.items()}
        return web.Response()

    async def address(self, pid: str) -> dict[str, str]:
        """Return where the data of a transfer are, once it was told."""
        while pid not in self.addresses:
            await asyncio.sleep(HEARD_EACH_SECONDS)
        return self.addresses[pid]

    async def give(self, _request: web.Request) -> web.Response:
        return web.Response(body=CONTENT, content_type="text/csv")


@asynccontextmanager
async def sink():
    """Serve a place that takes pushes, and gives a table at `/table.csv`."""
    made, app = Sink(), web.Application()
    app.router.add_get("/table.csv", made.give)
    app.router.add_route("*", "/in", made.take)
    app.router.add_post("/told", made.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "localhost", 0).start()
        made.url = address(runner.addresses[0][1])
        yield made
    finally:
        await runner.cleanup()
