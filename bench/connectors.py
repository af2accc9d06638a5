"""Two connectors of one make that trade with each other, ours and a stock Eclipse EDC's, driven by one Management API.

`python -m bench.connectors [--rounds 20] [--at-once 64]`, or `make bench-peers`

The same program writes an asset, its policies and its definition, asks for the catalogue through the buyer, negotiates
one after the other and many at once, and asks the buyer for each negotiation until it is final, by the same calls of
release 3. EDC runs with its default loop and with a tuned one, in memory; ours are two members of a space, with their
rows on disk and every agreement signed. Each make runs alone, in turn. Start is from the process to its first answer;
idle is the provider's resident size before anything is asked of it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from bench import report
from bench.space import machine, space, workshop
from connector.runtime.data_folder import TOKEN_FILE
from tests.interop.edc import counterpart

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

OURS, TUNED, DEFAULT = "ours", "EDC tuned", "EDC default"
MAKES = {DEFAULT: "default", TUNED: "tuned", OURS: ""}
ONE, MANY, CATALOGUE = "negotiation, p50", "negotiations at once, a second", "catalogue through two connectors, p50"
START, IDLE, SPENT = "start", "memory idle", "CPU of both a negotiation"
LOST = "negotiations that ended without an agreement"
FASTER = {ONE: 8.0, MANY: 10.0, CATALOGUE: 10.0}
LESS = {START: 0.5, IDLE: 0.5}
TARGETS = {f"{work}: {OURS} ÷ {TUNED}, times faster": {"at_least": bound} for work, bound in FASTER.items()} | {
    f"{work}: {OURS} ÷ {DEFAULT}": {"at_most": bound} for work, bound in LESS.items()
}
ASSET = "bench"
NS = "https://w3id.org/edc/v0.0.1/ns/"
PROTOCOL = "dataspace-protocol-http:2025-1"
POLL_SECONDS = 0.005
WARM = 2
MIB = 2**20


@dataclass(frozen=True)
class Door:
    """A connector's Management API, and what it is to others."""

    url: str
    key: str
    dsp: str
    did: str
    pid: int

    async def call(self, session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
        """Call it; return what it answers."""
        told = None if body is None else {"@context": {"@vocab": NS}, **body}
        headers = {"x-api-key": self.key}
        async with session.request(method, f"{self.url}/v3/{path}", json=told, headers=headers) as answer:
            assert answer.status < 300, f"{method} {path}: {answer.status} {await answer.text()}"
            return await answer.json() if answer.status != 204 else None


@dataclass(frozen=True)
class Pair:
    """Two connectors that run, and how long the provider took to start."""

    provider: Door
    buyer: Door
    started: float


@contextlib.asynccontextmanager
async def edc(folder: Path, loop: str) -> AsyncIterator[Pair]:
    """Run two stock connectors."""
    classpath = await counterpart.resolve(folder)
    async with contextlib.AsyncExitStack() as stack:
        doors, seconds = [], 0.0
        for name in ("provider", "buyer"):
            at = folder / name
            at.mkdir()
            begun = time.perf_counter()
            running = counterpart.running(at, classpath, name, f"http://localhost/{name}", loop, name)
            found = await stack.enter_async_context(running)
            seconds = seconds or time.perf_counter() - begun
            management = f"http://localhost:{found.ports['management']}/management"
            doors.append(Door(management, counterpart.KEY, found.protocol, name, found.pid))
        yield Pair(doors[0], doors[1], seconds)


@contextlib.asynccontextmanager
async def ours(folder: Path, _loop: str) -> AsyncIterator[Pair]:
    """Run a space of ours."""
    async with space(folder) as made:
        provider = made.people["provider"]
        await provider.stop()  # the first start of a data directory draws its keys' proofs and its tables
        begun = time.perf_counter()
        await provider.start()
        seconds = time.perf_counter() - begun
        doors = []
        for role in ("provider", "buyer"):
            base = made.did(role).removeprefix("did:web:").replace("%3A", ":")
            key = (made.people[role].data / TOKEN_FILE).read_text().strip()
            doors.append(Door(f"http://{base}/management", key, f"http://{base}/dsp", made.did(role), made.pid(role)))
        yield Pair(doors[0], doors[1], seconds)


async def offered(pair: Pair, session: aiohttp.ClientSession, source: str) -> dict[str, Any]:
    """Offer the asset; return what a buyer negotiates with as soon as it sees it."""
    policy = {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Set", "permission": [{"action": "use"}]}
    address = {"@type": "DataAddress", "type": "HttpData", "baseUrl": source}
    selector = [{"@type": "Criterion", "operandLeft": NS + "id", "operator": "=", "operandRight": ASSET}]
    definition = {"accessPolicyId": ASSET, "contractPolicyId": ASSET, "assetsSelector": selector}
    for path, body in (
        ("assets", {"properties": {"name": "Bench"}, "dataAddress": address}),
        ("policydefinitions", {"policy": policy}),
        ("contractdefinitions", definition),
    ):
        await pair.provider.call(session, "POST", path, {"@id": ASSET, **body})
    async with asyncio.timeout(60):
        while not (listed := _listed(await catalogue(pair, session))):
            await asyncio.sleep(0.1)
    said = listed[0].get("odrl:hasPolicy", listed[0].get("hasPolicy"))
    [offer] = said if isinstance(said, list) else [said]
    named = {"@id": offer["@id"], "assigner": pair.provider.did, "target": ASSET}
    told = {"counterPartyAddress": pair.provider.dsp, "counterPartyId": pair.provider.did, "protocol": PROTOCOL}
    return told | {"@type": "ContractRequest", "policy": policy | {"@type": "odrl:Offer"} | named}


async def catalogue(pair: Pair, session: aiohttp.ClientSession) -> Any:
    """Ask the buyer for the provider's catalogue."""
    told = {"counterPartyAddress": pair.provider.dsp, "counterPartyId": pair.provider.did, "protocol": PROTOCOL}
    return await pair.buyer.call(session, "POST", "catalog/request", {"@type": "CatalogRequest", **told})


def _listed(found: dict[str, Any]) -> list[dict[str, Any]]:
    listed = found.get("dcat:dataset", found.get("dataset", []))
    return listed if isinstance(listed, list) else [listed]


async def negotiated(pair: Pair, session: aiohttp.ClientSession, request: dict[str, Any]) -> float | None:
    """Negotiate to the end as the buyer's client sees it; return the seconds, None where that was no agreement."""
    begun = time.perf_counter()
    pid = (await pair.buyer.call(session, "POST", "contractnegotiations", request))["@id"]
    while True:
        state = (await pair.buyer.call(session, "GET", f"contractnegotiations/{pid}"))["state"]
        if state == "FINALIZED":
            return time.perf_counter() - begun
        if state == "TERMINATED":
            return None
        await asyncio.sleep(POLL_SECONDS)


async def measured(pair: Pair, source: str, rounds: int, at_once: int) -> dict[str, float]:
    """Return the figures of a pair."""
    figures = {START: pair.started, IDLE: report.memory_bytes(pair.provider.pid) / MIB}
    pids = (pair.provider.pid, pair.buyer.pid)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        request = await offered(pair, session, source)
        for _ in range(WARM):
            await negotiated(pair, session, request)
        alone = [await negotiated(pair, session, request) for _ in range(rounds)]
        figures[ONE] = statistics.median([seconds for seconds in alone if seconds is not None])
        before, begun = sum(map(report.cpu_seconds, pids)), time.perf_counter()
        together = await asyncio.gather(*(negotiated(pair, session, request) for _ in range(at_once)))
        agreed = [seconds for seconds in together if seconds is not None]
        figures[MANY] = len(agreed) / (time.perf_counter() - begun)
        figures[SPENT] = (sum(map(report.cpu_seconds, pids)) - before) / len(agreed)
        figures[LOST] = len(alone) + len(together) - len(agreed) - sum(seconds is not None for seconds in alone)
        asked = []
        for _ in range(rounds * 5):
            begun = time.perf_counter()
            await catalogue(pair, session)
            asked.append(time.perf_counter() - begun)
        figures[CATALOGUE] = statistics.median(asked)
    return figures


@contextlib.asynccontextmanager
async def table() -> AsyncIterator[str]:
    """Serve what the asset is made of."""
    app = web.Application()

    async def give(_request: web.Request) -> web.Response:
        return web.Response(body=b"a,b\n" + b"1,2\n" * 1_000, content_type="text/csv")

    app.router.add_get("/table.csv", give)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "localhost", 0).start()
        yield f"http://localhost:{runner.addresses[0][1]}/table.csv"
    finally:
        await runner.cleanup()


async def compared(folder: Path, rounds: int, at_once: int) -> dict[str, dict[str, float]]:
    """Return each make's figures."""
    found = {}
    async with table() as source:
        for make, loop in MAKES.items():
            at = folder / (loop or "ours")
            at.mkdir()
            async with (edc if loop else ours)(at, loop) as pair:
                found[make] = await measured(pair, source, rounds, at_once)
    return found


def figures(found: dict[str, dict[str, float]]) -> dict[str, tuple[float, str]]:
    """Return the figures of all makes, and the ratios that have targets."""
    units = {
        ONE: (1_000, "ms"),
        CATALOGUE: (1_000, "ms"),
        SPENT: (1_000, "ms"),
        START: (1, "s"),
        IDLE: (1, "MiB"),
        LOST: (1, ""),
    }
    told = {}
    for make, values in found.items():
        for work, value in values.items():
            factor, unit = units.get(work, (1, "a second"))
            told[f"{work}: {make}"] = (value * factor, unit)
    for work in FASTER:
        mine, theirs = found[OURS][work], found[TUNED][work]
        told[f"{work}: {OURS} ÷ {TUNED}, times faster"] = (mine / theirs if work == MANY else theirs / mine, "times")
    for work in LESS:
        told[f"{work}: {OURS} ÷ {DEFAULT}"] = (found[OURS][work] / found[DEFAULT][work], "times")
    return told


def main(asked: Sequence[str] | None = None) -> None:
    """Measure, print and write the results."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--rounds", type=int, default=20)
    told.add_argument("--at-once", type=int, default=64)
    wanted = told.parse_args(asked)
    print(machine())
    with workshop() as folder:
        found = asyncio.run(compared(folder, wanted.rounds, wanted.at_once))
    rows = report.rows(figures(found), TARGETS)
    print(report.table(rows))
    print(f"written to {report.write('peers', rows)}")


if __name__ == "__main__":
    main()
