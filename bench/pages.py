"""The catalogue of the protocol: how long a page takes with a thousand offers and with a hundred thousand.

`python -m bench.pages [--offers 100000] [--requests 300] [--here]`

Two providers run side by side, each a `penstock serve` of an installation without extras (`bench/start.py`) with its
offers in its database; one client, a participant of its own, asks them in turn over loopback with a fresh token each
time, so a noisy minute hits both alike. A page holds a hundred offers; every request is proven, and its token used up
in a synced commit, before the page is read. The connector with many offers is also timed from start to ready, and
weighed when idle.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import uvloop
from aiohttp import web

from bench import report
from bench.rounds import in_turn
from bench.space import EXCHANGE, machine, make, workshop
from bench.start import MIB, SETTLE_SECONDS, Server, installed
from connector.demo.processes import SERVE, free_ports
from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.identity import tokens
from connector.identity.keys import Signer
from connector.negotiation.protocol import continuation, messages
from connector.runtime import settings
from connector.runtime.clock import Clock
from connector.runtime.data_folder import DATABASE
from connector.store.rows.product import ProductRow, ProductState
from connector.store.store import Store
from connector.store.tables import TABLES
from policy.offer import offer_rules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from bench.report import Figures

FEW, MANY = 1_000, 100_000
ROWS_PER_COMMIT = 10_000
WARM_UP = 20
STARTS = 3
REQUESTS = 300
READY, IDLE = {"at_most": 1.5}, {"at_most": 120.0}  # seconds, MiB: with all those offers
TARGETS = {
    f"first page of {MANY:,} offers, p99": {"at_most": 20.0},
    f"first page, {MANY:,} against {FEW:,} offers, p50": {"at_most": 1.5},
    f"connector with {MANY:,} offers, ready": READY,
    f"connector with {MANY:,} offers, idle": IDLE,
    f"connector with {MANY:,} offers, after the requests": IDLE,
}
SEEDED = datetime(2026, 1, 1, tzinfo=UTC)
ADDRESS = "0x" + "c3" * 20
REQUEST = orjson.dumps(messages.document("CatalogRequestMessage"))
PATH = "/dsp/catalog/request"


def product(number: int) -> ProductRow:
    """Return the row of a published product as `Publications` leaves it, with an id that says nothing of its order."""
    key, edition = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))), f"{number:064x}"
    title, until = f"Hourly observations of station {number}", SEEDED + timedelta(days=3650)
    terms = {
        "v": 1,
        "product": key,
        "title": title,
        "editionId": edition,
        "tariff": {"unit": "byte", "minor": "100", "per": "1048576", "currency": "CNY"},
        "token": ADDRESS,
        "split": [{"payee": ADDRESS, "bps": 9000}, {"payee": "0x" + "e1" * 20, "bps": 1000}],
        "maxExposure": "800",
        "lockTtl": 86_400,
        "claimMargin": 3600,
        "staleMax": 900,
        "maxUnpaidBytes": "2097152",
        "tier": "kept",
        "leaseSeconds": 0,
        "arbitrator": ADDRESS,
        "notAfter": "2035-12-30T00:00:00Z",
    }
    rules = offer_rules(purpose="Research", until=until, region="US", openings=None)
    return ProductRow(
        id=key,
        title=title,
        tier="kept",
        edition=edition,
        brief={"id": key, "title": title},
        dataset={},
        policy=rules,
        terms=terms,
        limits={"ask": "100", "floor": "50", "rounds": 8},
        state=ProductState.SUBMITTED,
        created=SEEDED,
        updated=SEEDED,
    )


async def seed(data: Path, count: int) -> None:
    """Put `count` products into the database of a participant that does not run."""
    store = await Store.open(data / DATABASE, TABLES)
    try:
        for first in range(0, count, ROWS_PER_COMMIT):
            rows = [product(number) for number in range(first, min(count, first + ROWS_PER_COMMIT))]
            await store.write(lambda tx, rows=rows: [tx.insert(row) for row in rows])
    finally:
        await store.close()


@dataclass(slots=True)
class Client:
    """A participant that asks: its DID document is served by this process."""

    did: str
    keys: key_files.Keys
    session: aiohttp.ClientSession

    async def ask(self, url: str, audience: str, *, packed: bool = False, method: str = "POST") -> float:
        """Ask for one page and return the milliseconds until its last byte is here."""
        token = tokens.issue(Signer(self.keys.token, self.did + "#token"), audience, Clock().now())
        headers = {"Authorization": tokens.SCHEME + token, "Accept-Encoding": "gzip" if packed else "identity"}
        body = REQUEST if method == "POST" else None
        begun = time.perf_counter()
        async with self.session.request(method, url, data=body, headers=headers) as answer:
            content = await answer.read()
        taken = 1000 * (time.perf_counter() - begun)
        assert answer.status == 200, content
        assert (answer.headers.get("Content-Encoding") == "gzip") is packed
        return taken


@contextlib.asynccontextmanager
async def client(folder: Path) -> AsyncIterator[Client]:
    """Run a client with a DID of its own."""
    key_files.create(folder)
    keys, port = key_files.load(folder), free_ports(1)[0]
    did, url = f"did:web:localhost%3A{port}", f"http://localhost:{port}"
    document = dids.build(did, url, keys, None, exchange=False)
    app = web.Application()
    app.router.add_get("/.well-known/did.json", lambda _request: _json(document))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield Client(did, keys, session)
    await runner.cleanup()


async def _json(document: Any) -> web.Response:
    return web.json_response(document)


async def pages(asking: Client, few: Path, many: Path, offers: int, requests: int) -> dict[str, list[float]]:
    """Return the milliseconds of pages: `few`, `many` and `packed` are first ones, `middle` is one far from them."""
    told = {name: settings.load(data, {}, {}) for name, data in (("few", few), ("many", many))}
    middle = continuation.Place("d", sorted(product(number).id for number in range(offers))[offers // 2]).token()
    urls = {name: each.url + PATH for name, each in told.items()}
    resumed = f"{urls['many']}?continuationToken={middle}"
    asked = {
        "few": lambda: asking.ask(urls["few"], told["few"].did),
        "many": lambda: asking.ask(urls["many"], told["many"].did),
        "middle": lambda: asking.ask(resumed, told["many"].did, method="GET"),
        "packed": lambda: asking.ask(urls["many"], told["many"].did, packed=True),
    }
    await in_turn(asked, WARM_UP)
    return await in_turn(asked, requests)


def figures_of(taken: dict[str, list[float]], offers: int) -> Figures:
    """Return the figures of pages."""
    p50, p99 = ({name: report.percentile(values, percent) for name, values in taken.items()} for percent in (50, 99))
    first = f"first page of {offers:,} offers"
    return {
        f"first page of {FEW:,} offers, p50": (p50["few"], "ms"),
        f"first page of {FEW:,} offers, p99": (p99["few"], "ms"),
        f"{first}, p50": (p50["many"], "ms"),
        f"{first}, p99": (p99["many"], "ms"),
        f"first page, {offers:,} against {FEW:,} offers, p50": (p50["many"] / p50["few"], "times"),
        f"page in the middle of {offers:,} offers, p50": (p50["middle"], "ms"),
        f"page in the middle of {offers:,} offers, p99": (p99["middle"], "ms"),
        f"{first}, gzip, p50": (p50["packed"], "ms"),
        f"{first}, gzip, p99": (p99["packed"], "ms"),
    }


async def measure(command: Sequence[str], offers: int = MANY, requests: int = REQUESTS) -> list[report.Row]:
    """Return the figures of the catalogue; `command` starts a participant."""
    with workshop() as folder:
        ports = free_ports(3)
        exchange, few, many = (folder / name for name in (EXCHANGE, "few", "many"))
        make(exchange, EXCHANGE, ports[0], "")
        for data, port, count in ((few, ports[1], FEW), (many, ports[2], offers)):
            make(data, "provider", port, f"http://localhost:{ports[0]}")
            await seed(data, count)
        servers = [Server(command, data, port) for data, port in zip((exchange, few, many), ports, strict=True)]
        try:
            for each in servers:
                each.start()
            ready = report.median(STARTS, lambda: _again(servers[2]))
            await asyncio.sleep(SETTLE_SECONDS)
            idle = servers[2].memory() / MIB
            async with client(folder / "client") as asking:
                taken = await pages(asking, few, many, offers, requests)
            after = servers[2].memory() / MIB
        finally:
            for each in servers:
                each.stop()
    weighed = f"connector with {offers:,} offers"
    sizes = {f"{weighed}, idle": (idle, "MiB"), f"{weighed}, after the requests": (after, "MiB")}
    return report.rows({**figures_of(taken, offers), f"{weighed}, ready": (ready, "s"), **sizes}, TARGETS)


def _again(server: Server) -> float:
    """Stop a server and return the seconds until it is ready again; a first start also derives a key's proof."""
    server.stop()
    return server.start()


def main() -> None:
    """Measure, print, write bench/results/catalogue.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages")
    parser.add_argument("--offers", type=int, default=MANY)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--here", action="store_true", help="run these sources, extras and all; write no figures")
    told = parser.parse_args()
    command = SERVE[:-1] if told.here else [str(installed())]
    print(machine())
    rows = uvloop.run(measure(command, told.offers, told.requests))
    print(report.table(rows))
    if not told.here:
        print("written to", report.write("catalogue", rows))


if __name__ == "__main__":
    main()
