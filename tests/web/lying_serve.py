"""`penstock serve` in a strange world: wrong keys for the rows that the file `lies` of its data directory names, and a
resolver that knows a public name with a private address. Everything else is the product."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from aiohttp.resolver import ThreadedResolver

from connector.engine.books import Books

LIES = "lies"
PRIVATE_NAME, PRIVATE_ADDRESS = "printer.example", "10.11.12.13"


def give_wrong_keys(data):
    honest = Books.secrets

    def secrets(self, tx, edition_id, rows):
        found = honest(self, tx, edition_id, rows)
        lies = data / LIES
        wrong = {int(word) for word in lies.read_text().split()} if lies.exists() else set()
        return [bytes(32) if row in wrong else secret for row, secret in zip(rows, found, strict=True)]

    Books.secrets = secrets


def resolve_strangely():
    honest = ThreadedResolver.resolve

    async def resolve(self, host, port=0, family=socket.AF_INET):
        if host != PRIVATE_NAME:
            return await honest(self, host, port, family)
        place = {"hostname": host, "host": PRIVATE_ADDRESS, "port": port}
        return [{**place, "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}]

    ThreadedResolver.resolve = resolve


if __name__ == "__main__":
    give_wrong_keys(Path(sys.argv[sys.argv.index("--data") + 1]))
    resolve_strangely()
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
