"""Two processes that negotiate with each other: two connectors, or the bare prototype twice."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
from aiohttp import web

from bench import report
from bench.rounds import side_by_side
from connector.api.server import build
from connector.app.app import Connector
from connector.cli.serve import settle
from connector.runtime import settings
from connector.store.rows.protocol import ProcessRow, ProcessState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.store.transaction import Tx

ROOT = Path(__file__).parent.parent
ROUNDS = 8
FINAL = frozenset({"FINALIZED", "TERMINATED"})
SIDES = ("provider", "buyer")


class Pair(Protocol):
    """Two processes that negotiate, and what they cost since they started."""

    async def negotiate(self, count: int, concurrent: int) -> tuple[float, list[float]]:
        """Negotiate so often, `concurrent` at once; return the seconds of all and the milliseconds of each."""
        ...

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of both."""
        ...

    def peak_bytes(self) -> dict[str, int]:
        """Return the largest resident size of each of `SIDES`."""
        ...


class Connectors:
    """A provider's process, and this one as the buyer: its connector, with an ear on its negotiations."""

    def __init__(self, connector: Connector, provider: int) -> None:
        self.connector = connector
        self._provider = provider
        self._ended: dict[str, asyncio.Future[str | None]] = {}
        self._base = self._did = ""
        self._offer: dict[str, Any] = {}
        for each in (connector.engine.negotiations, connector.engine.transfers):
            each._doors = dataclasses.replace(each._doors, moved=self._moved)  # noqa: SLF001  # the bench listens in

    async def meet(self, did: str, product: str) -> None:
        """Take the provider's own offer of a product from its catalogue."""
        member = await self.connector.space.require(did)
        self._did, self._base = did, member.url + "/dsp"
        headers = self.connector.peers.authorization(did)
        url = f"{self._base}/catalog/datasets/{product}"
        dataset = (await self.connector.outbound.get(url, headers=headers)).json()
        self._offer = {**dataset["hasPolicy"][0], "target": dataset["@id"]}

    async def negotiate(self, count: int, concurrent: int) -> tuple[float, list[float]]:
        """Negotiate at the asked price."""
        return await side_by_side(self._once, count, concurrent)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of both."""
        return report.cpu_seconds(self._provider) + time.process_time()

    def peak_bytes(self) -> dict[str, int]:
        """Return the largest resident sizes; the buyer's is that of the benchmark, too."""
        sizes = (report.memory_bytes(pid, peak=True) for pid in (self._provider, os.getpid()))
        return dict(zip(SIDES, sizes, strict=True))

    async def _once(self) -> None:
        """Return when a negotiation is final on our side."""
        mandate = {"bid": "1", "limit": "1", "rounds": ROUNDS}
        pid = await self.connector.engine.start_negotiation(self._did, self._base, self._offer, mandate)
        reason = await self._end(pid)
        del self._ended[pid]
        if reason is not None:
            raise SystemExit(f"negotiation {pid} was terminated, which no figure may hide: {reason}")

    def _end(self, pid: str) -> asyncio.Future[str | None]:
        return self._ended.setdefault(pid, asyncio.get_running_loop().create_future())

    def _moved(self, tx: Tx, process: str, row: ProcessRow) -> None:
        if process == "negotiation" and row.state in FINAL:
            reason = None if row.state == ProcessState.FINALIZED else row.reason
            tx.after(lambda: self._tell(row.id, reason))

    def _tell(self, pid: str, reason: str | None) -> None:
        if not (ended := self._end(pid)).done():
            ended.set_result(reason)


@contextlib.asynccontextmanager
async def connectors(data: Path, provider: int) -> AsyncIterator[Connectors]:
    """Run the buyer's connector with its HTTP surface, as `penstock serve` does."""
    told = settings.load(data, {}, {})
    connector = await Connector.start(data, told)
    runner = web.AppRunner(build(connector.parts), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, told.server.host, told.server.port).start()
    await connector.recover()
    settle()
    try:
        yield Connectors(connector, provider)
    finally:
        await runner.cleanup()
        await connector.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Prototypes:
    """The bare prototype twice; each is its process and its address."""

    provider: tuple[Process, str]
    buyer: tuple[Process, str]
    session: aiohttp.ClientSession

    async def negotiate(self, count: int, concurrent: int) -> tuple[float, list[float]]:
        """Have the buyer negotiate."""
        told = {"peer": self.provider[1], "count": count, "concurrent": concurrent}
        async with self.session.post(f"{self.buyer[1]}/run", json=told, raise_for_status=True) as answer:
            seconds, times = await answer.json()
        return seconds, times

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of both."""
        return sum(report.cpu_seconds(process.pid) for process, _ in (self.provider, self.buyer))

    def peak_bytes(self) -> dict[str, int]:
        """Return the largest resident sizes."""
        sizes = (report.memory_bytes(process.pid, peak=True) for process, _ in (self.provider, self.buyer))
        return dict(zip(SIDES, sizes, strict=True))


@contextlib.asynccontextmanager
async def prototypes(folder: Path, module: str = "bench.bare") -> AsyncIterator[Prototypes]:
    """Run the bare prototype (or another `module` like it) twice, with databases below `folder`."""
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        provider, buyer = [await stack.enter_async_context(_bare(folder / side, module)) for side in SIDES]
        yield Prototypes(provider, buyer, session)


@contextlib.asynccontextmanager
async def _bare(folder: Path, module: str) -> AsyncIterator[tuple[Process, str]]:
    command = (sys.executable, "-m", module, "serve", "0", str(folder))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()
