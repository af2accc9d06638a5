"""Participants of ours beside the stock connector: an issuer, the hub of its identity, and one who trades with it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from connector.client.client import Client
from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.data_folder import DATABASE
from connector.runtime.settings_sources import PREFIX
from tests.interop.edc.space import CONTENT, PURPOSE, UNTIL, address
from tests.interop.resolve import run

if TYPE_CHECKING:
    from pathlib import Path

COMMAND_SECONDS = 180
LAST_CHARACTERS = 4_000


class Party:
    """A participant of ours in no space, driven by its commands."""

    def __init__(self, folder: Path, name: str, *roles: str, public_url: str | None = None) -> None:
        port, self.folder, self.data = free_ports(1)[0], folder, folder / name
        told = {"region": "US-NY", "port": port, "exchange": None, "development": True, "public_url": public_url}
        self.did = initialise(self.data, name=name.title(), roles=roles, **told).did
        self.url = address(port)
        self._process = Participant(self.data, (*SERVE, "--verbose"))

    async def start(self, **settings: str) -> None:
        """Serve it with settings (trust_required=…) of its own."""
        await self._process.start({PREFIX + name.upper(): value for name, value in settings.items()})

    async def stop(self) -> None:
        await self._process.stop()

    async def command(self, *words: str) -> dict:
        """Run a command of ours as its user would; return what it answers."""
        told = [*SERVE[:-1], *words, "--data", str(self.data), "--json"]
        code, said = await run(told, self.folder, COMMAND_SECONDS)
        assert code == 0, f"{words}: {said}"
        return json.loads(said.splitlines()[-1])

    async def publish(self, product: str) -> None:
        """Offer a table as plain copies."""
        path = self.folder / f"{product}.csv"
        path.write_bytes(CONTENT)
        brief = {"id": product, "files": [str(path)], "title": f"Table {product}", "price": "100", "floor": "100"}
        brief |= {"unit": "MiB", "tier": "plain", "purpose": PURPOSE, "until": UNTIL}
        async with Client(self.data) as penstock:
            await penstock.product_publish(**brief)

    def last_words(self) -> str:
        """Return why its negotiations and transfers ended, and what it said last."""
        with closing(sqlite3.connect(self.data / DATABASE)) as kept:
            told = [
                kept.execute(f"SELECT state, pending, reason, count(*) FROM {name} GROUP BY 1, 2, 3").fetchall()
                for name in ("negotiations", "transfers")
            ]
        return f"{told}\n{self.data.name}: {(self.data / 'serve.log').read_text(errors='replace')[-LAST_CHARACTERS:]}"
