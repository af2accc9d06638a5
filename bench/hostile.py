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
from connector.client.server import ADDRESS_FILE, Server
from connector.demo.processes import Participant, free_ports
from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.identity import tokens
from connector.identity.keys import Signer
from connector.negotiation.protocol import messages
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime.limits import BODY_BYTES_MAX, MESSAGE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bench.report import Figures

ROLES = ("provider", "buyer", "exchange")
PRODUCT = "flights"
SECONDS, ROUNDS, RATE, BODIES_RATE, SLOW = 6.0, 3, 40.0, 20.0, 200
TARGETS = {
    "honest p99, hostile by quiet": {"at_most": 2.0},
    "CPU of a hostile body, mean": {"at_most": 1.0},
    "memory above quiet, peak": {"at_most": 32.0},
}
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
PATHS = ((NEGOTIATE, MESSAGE_BYTES_MAX), (CHANNEL, BODY_BYTES_MAX), (SUBMIT, BODY_BYTES_MAX))


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
        signer = Signer(self.keys.token, self.did + "#token")
        return {"Authorization": tokens.SCHEME + tokens.issue(signer, audience, datetime.now(UTC))}

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
        (path, limit), make = PATHS[number % len(PATHS)], list(BODIES.values())[number % len(BODIES)]
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


def figures_of(stage: Stage, cpu: float, rise: float) -> Figures:
    """Return the figures of all rounds."""
    kinds = {"quiet": stage.quiet, "hostile": stage.loud}
    p50, p99 = ({name: report.percentile(taken, percent) for name, taken in kinds.items()} for percent in (50, 99))
    return {
        "honest request, quiet, p50": (p50["quiet"], "ms"),
        "honest request, quiet, p99": (p99["quiet"], "ms"),
        "honest request, hostile, p50": (p50["hostile"], "ms"),
        "honest request, hostile, p99": (p99["hostile"], "ms"),
        "honest p99, hostile by quiet": (p99["hostile"] / p99["quiet"], "times"),
        "hostile bodies refused": (stage.refused, "bodies"),
        "CPU of a hostile body, mean": (cpu / stage.refused, "s"),
        "memory above quiet, peak": (rise, "MiB"),
    }


async def measure(
    seconds: float = SECONDS,
    rounds: int = ROUNDS,
    rate: float = RATE,
    bodies: float = BODIES_RATE,
    slow: int = SLOW,
) -> list[report.Row]:
    """Alternate quiet and hostile rounds and return the figures."""
    cpu, rise = 0.0, 0.0
    with workshop() as folder:
        async with staged(folder) as stage:
            await paced(rate, 1, stage.ask)  # what is loaded late is loaded now
            for _ in range(rounds):
                begun = report.cpu_seconds(stage.pid)
                stage.quiet += await paced(rate, seconds, stage.ask)
                quiet = report.cpu_seconds(stage.pid) - begun
                forget_peak(stage.pid)
                before = report.memory_bytes(stage.pid)
                async with dripping(stage.url, slow):
                    begun = report.cpu_seconds(stage.pid)
                    honest, _ = await asyncio.gather(
                        paced(rate, seconds, stage.ask), paced(bodies, seconds, stage.offend)
                    )
                    cpu += report.cpu_seconds(stage.pid) - begun - quiet
                stage.loud += honest
                rise = max(rise, (report.memory_bytes(stage.pid, peak=True) - before) / MIB)
    return report.rows(figures_of(stage, cpu, rise), TARGETS)


def main() -> None:
    """Measure, print, write bench/results/hostile.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--bodies", type=float, default=BODIES_RATE)
    parser.add_argument("--slow", type=int, default=SLOW)
    told = parser.parse_args()
    print(machine())
    rows = asyncio.run(measure(**vars(told)))
    print(report.table(rows))
    print("written to", report.write("hostile", rows))


if __name__ == "__main__":
    main()
