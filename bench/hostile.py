"""What hostile traffic costs an honest peer: its latency with and without, and what a hostile body costs us.

`python -m bench.hostile [--seconds 6] [--rounds 3] [--rate 40] [--bodies 20] [--slow 200]`

The participant is a process with a product on offer. An honest peer asks it `rate` times a second, whether the last
answer has come or not: for a negotiation of its own and for the catalogue, each with a fresh token that is used up on
disk. Hostile peers, proven ones too, send `bodies` a second that take long to read and are refused, while `slow`
connections send a byte now and then. Quiet and hostile rounds alternate.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from bench import report
from bench.space import machine, workshop
from connector.cli.init import initialise
from connector.cli.server import ADDRESS_FILE, Server
from connector.demo.processes import Participant, free_ports
from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.identity import tokens
from connector.limits import BODY_BYTES_MAX, MESSAGE_BYTES_MAX
from connector.outbound import Outbound
from connector.protocol import messages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

ROLES = ("provider", "buyer", "exchange")
PRODUCT = "flights"
RATIO_MAX, CPU_SECONDS_MAX, RISE_MIB_MAX = 2.0, 1.0, 32.0
DRIP_SECONDS = 5.0
MIB = 2**20
NEGOTIATE, CHANNEL, SUBMIT = "/dsp/negotiations/request", f"/channel/{'0c' * 32}/resume", "/exchange/products"


def _filled(before: bytes, piece: bytes, after: bytes, limit: int) -> bytes:
    return before + piece * ((limit - len(before) - len(after)) // len(piece)) + after


def _keys(limit: int) -> bytes:
    return b"{" + b",".join(b'"%x":0' % number for number in range(limit // 11)) + b',"0":1}'


def _rules(limit: int) -> bytes:
    head = b'{"@context":["https://w3id.org/dspace/2025/1/context.jsonld"],"@type":"ContractRequestMessage","offer":'
    return _filled(head + b'{"permission":[', b'{"action":1},', b"0]}}", limit)


# the bodies that took longest to read before they were bounded
BODIES: dict[str, Callable[[int], bytes]] = {
    "a key twice among many": _keys,
    "rules that are none": _rules,
    "empty objects": lambda limit: _filled(b"[", b"{},", b"{}]", limit),
    "deep lists": lambda limit: _filled(b"[", b"[" * 60 + b"]" * 60 + b",", b"0]", limit),
    "numbers": lambda limit: _filled(b"[", b"1,", b"1]", limit),
    "one text": lambda limit: _filled(b'"', b"x", b'"', limit),
}
TARGETS = ((NEGOTIATE, MESSAGE_BYTES_MAX), (CHANNEL, BODY_BYTES_MAX), (SUBMIT, BODY_BYTES_MAX))


class Party:
    """A participant that the benchmark plays: a document and keys of its own."""

    def __init__(self, folder: Path) -> None:
        self.keys = key_files.create(folder) or key_files.load(folder)

    async def start(self) -> None:
        """Serve the document; every message is answered 200."""
        app = web.Application()
        app.router.add_get("/.well-known/did.json", self._document)
        app.router.add_route("*", "/{tail:.*}", self._hear)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        self.url, self.did = f"http://localhost:{port}", f"did:web:localhost%3A{port}"

    async def stop(self) -> None:
        """Stop serving."""
        await self._runner.cleanup()

    def bearer(self, audience: str) -> dict[str, str]:
        """Return the header of one request."""
        return {"Authorization": tokens.SCHEME + tokens.issue(self.keys.token, self.did, audience, datetime.now(UTC))}

    async def _document(self, _request: web.Request) -> web.Response:
        return web.json_response(dids.build(self.did, self.url, self.keys, None, exchange=False))

    async def _hear(self, _request: web.Request) -> web.Response:
        return web.json_response({})


@dataclass(slots=True)
class Stage:
    """The participant under attack, and who plays the others."""

    url: str
    did: str
    pid: int
    honest: Party
    hostile: list[Party]
    session: aiohttp.ClientSession
    negotiation: str = ""
    quiet: list[float] = field(default_factory=list)
    loud: list[float] = field(default_factory=list)
    refused: int = 0

    async def ask(self, number: int) -> float:
        """Return the milliseconds of one honest request."""
        header = self.honest.bearer(self.did)
        body = messages.document("CatalogRequestMessage")
        get = number % 2 == 0
        begun = time.perf_counter()
        method, path = ("GET", f"/dsp/negotiations/{self.negotiation}") if get else ("POST", "/dsp/catalog/request")
        async with self.session.request(method, self.url + path, headers=header, json=None if get else body) as answer:
            await answer.read()
            assert answer.status == 200, f"{path} answered {answer.status}"
        return 1000 * (time.perf_counter() - begun)

    async def offend(self, number: int) -> None:
        """Send one hostile body; what has no answer to read was refused before it was sent."""
        (path, limit), make = TARGETS[number % len(TARGETS)], list(BODIES.values())[number % len(BODIES)]
        header = self.hostile[number % len(self.hostile)].bearer(self.did)
        with contextlib.suppress(aiohttp.ClientOSError):
            async with self.session.post(self.url + path, headers=header, data=make(limit)) as answer:
                assert 400 <= answer.status < 500, f"{path} answered {answer.status}"
        self.refused += 1


async def paced(rate: float, seconds: float, act: Callable[[int], Any]) -> list[Any]:
    """Begin `act` so often, whether the last one has ended or not; return what all of them returned."""
    loop, begun = asyncio.get_running_loop(), time.perf_counter()
    tasks = []
    for number in itertools.count():
        if (due := number / rate) >= seconds:
            break
        await asyncio.sleep(max(0.0, begun + due - time.perf_counter()))
        tasks.append(loop.create_task(act(number)))
    return await asyncio.gather(*tasks)


@contextlib.asynccontextmanager
async def dripping(url: str, count: int) -> AsyncIterator[None]:
    """Keep `count` connections that never end their request; one that is closed is opened again."""
    host, port = url.removeprefix("http://").split(":")

    async def drip() -> None:
        while True:
            with contextlib.suppress(OSError):
                _reader, writer = await asyncio.open_connection(host, int(port))
                try:
                    writer.write(b"POST /rpc HTTP/1.1\r\nHost: x\r\nX: ")
                    while not writer.is_closing():
                        await asyncio.sleep(DRIP_SECONDS)
                        writer.write(b"1")
                        await writer.drain()
                finally:
                    writer.close()

    tasks = [asyncio.create_task(drip()) for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """Start everybody; the honest peer has begun a negotiation."""
    data = folder / "provider"
    port = free_ports(1)[0]
    fixed: dict[str, Any] = {"name": "bench", "region": "US-NY", "exchange": "", "development": True}
    initialise(data, roles=ROLES, port=port, **fixed)
    participant = Participant(data)
    parties = [Party(folder / name) for name in ("honest", "first", "second")]
    async with Outbound(development=True) as outbound, aiohttp.ClientSession() as session:
        await participant.start()
        try:
            for party in parties:
                await party.start()
            door = Server(data, outbound)
            told = await door.call("GET", "status")
            await door.call("POST", "products", _brief(folder))
            pid = int((await _json(data / ADDRESS_FILE))["pid"])
            stage = Stage(told["url"], told["did"], pid, parties[0], parties[1:], session)
            stage.negotiation = await _begun(stage)
            yield stage
        finally:
            await participant.stop()
            for party in parties:
                await party.stop()


async def _json(path: Path) -> Any:
    import orjson

    return orjson.loads(await asyncio.to_thread(path.read_bytes))


def _brief(folder: Path) -> dict[str, Any]:
    path = folder / "file.bin"
    path.write_bytes(bytes(range(256)) * 400)
    about = {"id": PRODUCT, "title": PRODUCT, "files": [str(path)], "keywords": [], "pieceKiB": 64}
    price = {"price": "10", "floor": "5", "unit": "MiB", "tier": "kept", "openings": None}
    return about | price | {"purpose": "Research", "region": "US", "until": "2099-01-31T00:00:00+00:00"}


async def _begun(stage: Stage) -> str:
    """Ask for the product's offer; return the participant's id of the negotiation."""
    base, header = stage.url + "/dsp", lambda: stage.honest.bearer(stage.did)
    async with stage.session.get(f"{base}/catalog/datasets/{PRODUCT}", headers=header()) as answer:
        offer = (await answer.json())["hasPolicy"][0] | {"target": PRODUCT}
    body = messages.contract_request(consumer_pid="urn:uuid:1", offer=offer, callback=stage.honest.url)
    async with stage.session.post(base + "/negotiations/request", headers=header(), json=body) as answer:
        return str((await answer.json())["providerPid"])


def forget_peak(pid: int) -> None:
    """Let the kernel count the largest size from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def rows(stage: Stage, cpu: float, rise: float) -> Iterator[report.Row]:
    """Yield the figures of all rounds."""
    for name, taken in (("quiet", stage.quiet), ("hostile", stage.loud)):
        for percent in (50, 99):
            yield report.row(f"honest request, {name}, p{percent}", report.percentile(taken, percent), "ms")
    ratio = report.percentile(stage.loud, 99) / report.percentile(stage.quiet, 99)
    yield report.row("honest p99, hostile by quiet", ratio, "times", at_most=RATIO_MAX)
    yield report.row("hostile bodies refused", stage.refused, "bodies")
    yield report.row("CPU of a hostile body, mean", cpu / stage.refused, "s", at_most=CPU_SECONDS_MAX)
    yield report.row("memory above quiet, peak", rise, "MiB", at_most=RISE_MIB_MAX)


async def measure(told: argparse.Namespace, folder: Path) -> list[report.Row]:
    """Alternate quiet and hostile rounds and return the figures."""
    cpu, rise = 0.0, 0.0
    async with staged(folder) as stage:
        await paced(told.rate, 1, stage.ask)  # what is loaded late is loaded now
        for _ in range(told.rounds):
            begun = report.cpu_seconds(stage.pid)
            stage.quiet += await paced(told.rate, told.seconds, stage.ask)
            quiet = report.cpu_seconds(stage.pid) - begun
            forget_peak(stage.pid)
            before = report.memory_bytes(stage.pid)
            async with dripping(stage.url, told.slow):
                begun = report.cpu_seconds(stage.pid)
                honest, _ = await asyncio.gather(
                    paced(told.rate, told.seconds, stage.ask), paced(told.bodies, told.seconds, stage.offend)
                )
                cpu += report.cpu_seconds(stage.pid) - begun - quiet
            stage.loud += honest
            rise = max(rise, (report.memory_bytes(stage.pid, peak=True) - before) / MIB)
        return list(rows(stage, cpu, rise))


def main() -> None:
    """Measure, print, write bench/results/hostile.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=40.0)
    parser.add_argument("--bodies", type=float, default=20.0)
    parser.add_argument("--slow", type=int, default=200)
    told = parser.parse_args()
    print(machine())
    with workshop() as folder:
        found = asyncio.run(measure(told, folder))
    print(report.table(found))
    print("written to", report.write("hostile", found))


if __name__ == "__main__":
    main()
