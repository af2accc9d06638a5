"""Harvesting fifty sources of twenty thousand products each, and what it costs the exchange that does.

`python -m bench.federation [--sources 50] [--products 20000]`

The exchange is a `penstock serve`. This process plays its sources, each with keys, a DID document and an address of its
own: four of five are exchanges that sign their changes, every fifth is a catalogue of the Dataspace Protocol with pages
and links. Products are drawn as for `bench/catalog.py`. All sources are added at once and read to their end; meanwhile
another process asks the exchange for products, and again while every source is read a second time, when one product in
a hundred is new. What counts is read from the kernel and from the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from aiohttp import web

from bench import questions, report
from bench.catalog import languages
from bench.space import machine
from catalog.codes import TIERS
from catalog.dataset import Dataset, Distribution, dataset_json, dcat_json
from catalog.profile import FileProfile
from connector.demo.processes import SERVE, Participant, free_ports
from connector.exchange.federation import changes, entry
from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.negotiation.protocol import messages
from connector.operation.initialise import initialise
from connector.runtime.clock import Clock
from connector.runtime.data_folder import DATABASE, SEARCH
from connector.runtime.limits import PAGE_ROWS_MAX
from ledger.edition.header import Header

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SOURCES, PRODUCTS = 50, 20_000
PLAIN_EVERY = 5
NEW_EVERY = 100
TITLE_WORDS, BODY_WORDS = 5, 30
MIB = 1024 * 1024
AT = datetime(2026, 3, 1, tzinfo=UTC)
LOOK_SECONDS = 0.5
BEHIND_SECONDS_MAX = 120.0
TARGETS: dict[str, dict[str, float]] = {
    "products": {"at_least": float(SOURCES * PRODUCTS)},
    "first reading": {"at_most": 3600.0},
    "second reading, a hundredth is new": {"at_most": 900.0},
    "exchange, most memory": {"at_most": 600.0},
    "index": {"at_most": 700.0},
    "found in between, at the least of the first reading's": {"at_least": 1.0},
    "question while reading, p99": {"at_most": 300.0},
}


drawn_from = cache(languages)


@dataclass(slots=True)
class Played:
    """One source; `total` of its products are told; a `plain` one speaks the protocol alone."""

    number: int
    port: int
    keys: key_files.Keys
    total: int
    plain: bool

    @property
    def name(self) -> str:
        """Return what the exchange calls it."""
        return f"s{self.number}"

    @property
    def did(self) -> str:
        """Return its DID."""
        return f"did:web:localhost%3A{self.port}"

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://localhost:{self.port}"

    def dataset(self, number: int) -> Dataset:
        """Return the description of one product, always the same."""
        drawn, gap = drawn_from()[number % 2], (" ", "、")[number % 2]
        rng = random.Random(self.number * 1_000_003 + number)
        title, body = (gap.join(drawn.words[int(len(drawn.words) ** rng.random()) - 1] for _ in range(count))
                       for count in (TITLE_WORDS, BODY_WORDS))  # fmt: skip
        files = (FileProfile("data.csv", "text/csv", 1 + rng.randrange(1 << 30)),)
        ways = (Distribution("kept", TIERS["kept"].formats[0]),)
        return Dataset(f"p{self.number}-{number}", title, body, ("drawn",), files, ways, 1 + rng.randrange(3), "CN-44")

    def submission(self, number: int) -> dict[str, Any]:
        """Return one product as an exchange tells it."""
        dataset = self.dataset(number)
        mark = sha256(dataset.id.encode()).digest()
        header = Header(mark, 1, None, self.did, 1 << 20, 1, (1 << 20) + 16, 1_000, mark, mark, AT)
        tariff = {"unit": "byte", "minor": "5", "per": "1000", "currency": "CNY"}
        edition = header.edition_id().hex()
        about = {"product": dataset.id, "title": dataset.title, "tier": "kept", "editionId": edition}
        offer = {"id": dataset.id + "#offer", "ask": "5", "terms": {"tariff": tariff, **about}, "policy": POLICY}
        told = {"id": dataset.id, "title": dataset.title, "tier": "kept", "dataset": dataset_json(dataset)}
        return {
            "kind": "sealed",
            "provider": self.did,
            **told,
            "offer": offer,
            "header": header.json(),
            "edition": edition,
        }

    async def tell(self, request: web.Request) -> web.Response:
        """Tell changes, signed."""
        after = int(request.query["after"])
        last = min(after + PAGE_ROWS_MAX, self.total)
        lines = [
            entry.listed(f"p{self.number}-{n}", n, [self.did], AT, self.submission(n))
            for n in range(after + 1, last + 1)
        ]
        head = {
            "exchange": self.did,
            "epoch": "e",
            "after": after,
            "next": last,
            "more": last < self.total,
            "reset": False,
        }
        body = orjson.dumps(head | {"entries": lines})
        headers = {changes.HEADER: changes.signed(body, self.did, self.keys.log)}
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def list(self, request: web.Request) -> web.Response:
        """Serve a page of a catalogue."""
        first = int(request.query.get("first", "1"))
        offer = {"@id": "o", "@type": "Offer", **POLICY}
        page = range(first, min(first + PAGE_ROWS_MAX, self.total + 1))
        datasets = [dcat_json(self.dataset(n), offers=[offer | {"@id": f"o{n}"}], service="urn:s") for n in page]
        body = messages.catalog("urn:c", self.did, [messages.data_service("urn:s", self.url + "/dsp")], datasets)
        more = page.stop <= self.total
        link = {"Link": f"<{self.url}/dsp/catalog/request?first={page.stop}>; rel=next"} if more else {}
        return web.Response(body=orjson.dumps(body), content_type="application/json", headers=link)

    async def versions(self, _request: web.Request) -> web.Response:
        """Serve the version document."""
        return web.json_response(messages.version_document("/dsp", "s"))

    async def document(self, _request: web.Request) -> web.Response:
        """Serve its DID document."""
        return web.json_response(dids.build(self.did, self.url, self.keys, None, exchange=not self.plain))


POLICY = {"permission": [{"action": "reproduce"}]}


@contextlib.asynccontextmanager
async def played(
    folder: Path, count: int, products: int, plain_every: int = PLAIN_EVERY
) -> AsyncIterator[list[Played]]:
    """Serve the sources, of which every so manieth is plain; 0: none."""
    made, runners = [], []
    for number, port in enumerate(free_ports(count)):
        key_files.create(folder / f"keys{number}")
        plain = bool(plain_every) and number % plain_every == 0
        source = Played(number, port, key_files.load(folder / f"keys{number}"), products, plain)
        app = web.Application()
        app.router.add_get("/.well-known/did.json", source.document)
        app.router.add_get("/.well-known/dspace-version", source.versions)
        app.router.add_get(changes.PATH, source.tell)
        app.router.add_route("*", "/dsp/catalog/request", source.list)
        runners.append(web.AppRunner(app, access_log=None))
        await runners[-1].setup()
        await web.TCPSite(runners[-1], "127.0.0.1", port).start()
        made.append(source)
    try:
        yield made
    finally:
        for runner in runners:
            await runner.cleanup()


@dataclass(slots=True)
class Exchange:
    """The exchange that harvests, as its owner asks it."""

    url: str
    token: str
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the management interface."""
        headers = {"Authorization": "Bearer " + self.token}
        async with self.session.request(method, f"{self.url}/management/{path}", json=body, headers=headers) as answer:
            told = await answer.json()
            assert answer.status < 300, told
            return told

    async def read_to_the_end(self, since: str) -> tuple[float, list[float], int]:
        """Wait until each source was read after `since`; return seconds, milliseconds of questions, least found."""
        begun = time.perf_counter()
        async with questions.asked(self.url, self.token) as answers:
            while True:
                rows = (await self.ask("GET", "sources"))["sources"]
                assert not [row for row in rows if row["state"] == "failing"], rows
                if all(row["state"] == "fresh" and row["read"] and row["read"] >= since for row in rows):
                    break
                await asyncio.sleep(LOOK_SECONDS)
            seconds = time.perf_counter() - begun
        return seconds, answers.milliseconds, answers.least

    async def all_found(self, total: int) -> float:
        """Return after how many seconds every product is found; fails when that takes longer than anybody waits."""
        begun = time.perf_counter()
        async with asyncio.timeout(BEHIND_SECONDS_MAX):
            while (await self.ask("GET", "find?q=&where=grade%3D1,2,3"))["found"] != total:
                await asyncio.sleep(questions.ASK_SECONDS)
        return time.perf_counter() - begun

    async def again(self, sources: list[Played]) -> None:
        """Have every source read now."""
        await asyncio.gather(*(self.ask("POST", f"sources/{each.name}/harvest", {}) for each in sources))


def children(pid: int) -> list[str]:
    """Return the processes that a process has begun and that run."""
    return [one for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]


def _now() -> str:
    return Clock().now().isoformat(timespec="seconds")


def _size(path: Path) -> float:
    files = path.rglob("*") if path.is_dir() else path.parent.glob(path.name + "*")
    return sum(each.stat().st_size for each in files if each.is_file()) / MIB


async def measure(folder: Path, count: int, products: int) -> dict[str, tuple[float, str]]:
    """Return the figures."""
    data, port = folder / "exchange", free_ports(1)[0]
    named = {"name": "Harvester", "roles": ("exchange",), "region": "US-NY", "exchange": None, "development": True}
    initialise(data, port=port, **named)  # type: ignore[arg-type]  # the row above is its keywords
    server = Participant(data, SERVE)
    figures: dict[str, tuple[float, str]] = {}
    async with played(folder, count, products) as sources, aiohttp.ClientSession() as session:
        await server.start({"PENSTOCK_FEDERATION_INTERVAL_SECONDS": "86400"})
        try:
            own = Exchange(f"http://localhost:{port}", (data / "management.token").read_text().strip(), session)
            before, pid = _size(data / DATABASE), orjson.loads((data / "server.json").read_bytes())["pid"]
            since = _now()
            for each in sources:
                about = {"name": each.name, "address": each.url, "kind": "dsp" if each.plain else "exchange"}
                await own.ask("POST", "sources", about)
            seconds, times, _ = await own.read_to_the_end(since)
            total = sum(each.total for each in sources)
            figures["index behind the last page"] = (await own.all_found(total), "s")
            figures["first reading"] = (seconds, "s")
            figures["first reading, a product"] = (1e6 * seconds / total, "µs")
            figures["question while reading, p50"] = (report.percentile(times, 50), "ms")
            figures["question while reading, p99"] = (report.percentile(times, 99), "ms")
            figures["database"] = (_size(data / DATABASE) - before, "MiB")
            figures["index"] = (_size(data / SEARCH), "MiB")
            for each in sources:
                each.total += each.total // NEW_EVERY
            await asyncio.sleep(1.0)
            since = _now()
            asking = asyncio.create_task(own.again(sources))
            seconds, times, least = await own.read_to_the_end(since)
            await asking
            figures["second reading, a hundredth is new"] = (seconds, "s")
            figures["found in between, at the least of the first reading's"] = (least / total, "of it")
            figures["exchange, most memory"] = (report.memory_bytes(pid, peak=True) / MIB, "MiB")
            beside = sum(report.memory_bytes(int(child), peak=True) for child in children(pid))
            figures["its worker, most memory"] = (beside / MIB, "MiB")
        finally:
            await server.stop()
    return figures


def main() -> None:
    """Measure, print, write bench/results/federation.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.federation")
    parser.add_argument("--sources", type=int, default=SOURCES)
    parser.add_argument("--products", type=int, default=PRODUCTS)
    asked = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder), asked.sources, asked.products))
    figures = {"products": (float(asked.sources * asked.products), "in all")} | figures
    rows = report.rows(figures, TARGETS)
    print(report.table(rows))
    print("written to", report.write("federation", rows))


if __name__ == "__main__":
    main()
