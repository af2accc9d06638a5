"""Negotiations between two processes, every step durable: how long one takes, how many a second.

`python -m bench.negotiation [--count 200] [--concurrent 64] [--profile]`

The provider is a real `penstock serve`; this process is the buyer: the same composition root on the same HTTP surface,
with negotiations started directly in its engine because no management call starts many at once. Each negotiation is
request, agreement, verification and finalisation over HTTP, a fresh token on each, both EIP-712 signatures made and
verified, eight transitions committed with synchronous=FULL on both sides together. The licences are queued for the
chain in the same transactions; while figures are taken the exchange, which hosts the chain, is down, because it would
share the cores of the two participants. It is started again at the end, and how fast the queue drains is a row, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import uvloop
from aiohttp import web

from bench import report
from bench.sampling import Sampler, top
from bench.space import Space, machine, space, workshop
from connector import settings
from connector.app import Connector
from connector.web.server import build

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from connector.store.transaction import Tx

PRODUCT = "bench-negotiation"
PIECE_KIB = 64
DATA_BYTES = 2**20
WARM_UP = 30
ROUNDS = 8
CHAIN_BACK_SECONDS = 1.5  # the provider asks for its chain twice a second
DRAIN_SECONDS = 5.0
P50_MS, P99_MS, PER_SECOND = 8.0, 25.0, 500.0
FINAL = frozenset({"FINALIZED", "TERMINATED"})


class Buyer:
    """The buyer's connector in this process, with an ear on its negotiations."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self._ended: dict[str, asyncio.Future[str | None]] = {}
        self._base = self._provider = ""
        self._offer: dict[str, Any] = {}
        for each in (connector.engine.negotiations, connector.engine.transfers):
            each._doors = dataclasses.replace(each._doors, moved=self._moved)  # noqa: SLF001  # the bench listens in

    async def meet(self, provider: str) -> None:
        """Take the provider's own offer from its catalogue."""
        member = await self.connector.space_view.require(provider)
        self._provider, self._base = provider, member.url + "/dsp"
        headers = self.connector.authorization(provider)
        url = f"{self._base}/catalog/datasets/{PRODUCT}"
        dataset = (await self.connector.outbound.get(url, headers=headers)).json()
        self._offer = {**dataset["hasPolicy"][0], "target": dataset["@id"]}

    async def negotiate(self) -> float:
        """Negotiate once, at the asked price; return the seconds until it is final on our side."""
        begun = time.perf_counter()
        mandate = {"bid": "1", "limit": "1", "rounds": ROUNDS}
        engine = self.connector.engine
        pid = await engine.start_negotiation(self._provider, self._base, self._offer, mandate)
        ended = self._ended.setdefault(pid, asyncio.get_running_loop().create_future())
        reason = await ended
        seconds = time.perf_counter() - begun
        del self._ended[pid]
        if reason is not None:
            raise SystemExit(f"negotiation {pid} was terminated, which no figure may hide: {reason}")
        return seconds

    def _moved(self, tx: Tx, process: str, row: dict[str, Any]) -> None:
        if process == "negotiation" and row["state"] in FINAL:
            reason = None if row["state"] == "FINALIZED" else row["reason"]
            tx.after(lambda: self._tell(row["id"], reason))

    def _tell(self, pid: str, reason: str | None) -> None:
        ended = self._ended.setdefault(pid, asyncio.get_running_loop().create_future())
        if not ended.done():
            ended.set_result(reason)


@contextlib.asynccontextmanager
async def buying(data: Path) -> AsyncIterator[Buyer]:
    """Run the buyer's connector with its HTTP surface, as `penstock serve` does."""
    told = settings.load(data, {}, {})
    connector = await Connector.start(data, told)
    runner = web.AppRunner(build(connector), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, told.server.host, told.server.port).start()
    await connector.recover()
    try:
        yield Buyer(connector)
    finally:
        await runner.cleanup()
        await connector.close()


async def one_after_the_other(buyer: Buyer, count: int) -> list[float]:
    """Return the milliseconds of each of `count` negotiations."""
    return [1000 * await buyer.negotiate() for _ in range(count)]


async def side_by_side(buyer: Buyer, count: int, concurrent: int) -> tuple[float, list[float]]:
    """Return negotiations per second with `concurrent` under way at any time, and the milliseconds of each."""
    left = count
    taken: list[float] = []

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            taken.append(1000 * await buyer.negotiate())

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrent)))
    return count / (time.perf_counter() - begun), taken


async def figures(made: Space, buyer: Buyer, count: int, concurrent: int) -> list[report.Row]:
    """Take every figure."""
    rows = []
    provider = made.pid("provider")
    cpu = report.cpu_seconds(provider) + time.process_time()
    times = await one_after_the_other(buyer, count)
    spent = (report.cpu_seconds(provider) + time.process_time() - cpu) / count
    rows += [
        report.row("one after the other, p50", report.percentile(times, 50), "ms", at_most=P50_MS),
        report.row("one after the other, p99", report.percentile(times, 99), "ms", at_most=P99_MS),
        report.row("one after the other, CPU of both sides", 1000 * spent, "ms"),
    ]
    cpu = report.cpu_seconds(provider) + time.process_time()
    many = max(count, 10 * concurrent)
    rate, times = await side_by_side(buyer, many, concurrent)
    spent = (report.cpu_seconds(provider) + time.process_time() - cpu) / many
    rows += [
        report.row(f"{concurrent} at once", rate, "1/s", at_least=PER_SECOND),
        report.row(f"{concurrent} at once, p50", report.percentile(times, 50), "ms"),
        report.row(f"{concurrent} at once, p99", report.percentile(times, 99), "ms"),
        report.row(f"{concurrent} at once, CPU of both sides", 1000 * spent, "ms"),
    ]
    return rows


async def licences_per_second(made: Space, buyer: Buyer) -> float:
    """Start the exchange again and return how many of the queued licences come on chain in a second."""

    async def granted() -> int:
        return len(await buyer.connector.programs.events("licences", "LicenceGranted", 0))

    await made.people["exchange"].start()
    await asyncio.sleep(CHAIN_BACK_SECONDS)
    begun, before = time.perf_counter(), await granted()
    await asyncio.sleep(DRAIN_SECONDS)
    return (await granted() - before) / (time.perf_counter() - begun)


async def measure(count: int, concurrent: int, *, profiled: bool) -> tuple[list[report.Row], dict[str, Any]]:
    """Set up, warm up, take the figures; return them with the profiles of both sides, if asked for."""
    with workshop() as folder:
        source = folder / "data.bin"
        source.write_bytes(os.urandom(DATA_BYTES))
        out = folder / "profile.json"
        sampled = {"provider": (sys.executable, "-m", "bench.sampling", str(out), "serve")} if profiled else None
        sampler = Sampler()
        async with space(folder, hosted=("buyer",), commands=sampled) as made, buying(folder / "buyer") as buyer:
            await made.admit("buyer")
            await made.offer(PRODUCT, [source], PIECE_KIB)
            await buyer.meet(made.did("provider"))
            await side_by_side(buyer, WARM_UP, 4)
            await made.people["exchange"].stop()
            if profiled:
                os.kill(made.pid("provider"), signal.SIGUSR1)
                sampler.start()
            rows = await figures(made, buyer, count, concurrent)
            sampler.stop()
            rows.append(report.row("queued licences on chain", await licences_per_second(made, buyer), "1/s"))
        profiles = {}
        if profiled:
            profiles = {"buyer": sampler.document(), "provider": json.loads(out.read_text())}
    return rows, profiles


def main() -> None:
    """Measure, print, write bench/results/negotiation.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.negotiation")
    parser.add_argument("--count", type=int, default=200, help="negotiations one after the other")
    parser.add_argument("--concurrent", type=int, default=64)
    parser.add_argument("--profile", action="store_true", help="say where the time goes; write no figures")
    told = parser.parse_args()
    print(machine())
    rows, profiles = uvloop.run(measure(told.count, told.concurrent, profiled=told.profile))
    print(report.table(rows))
    for side, profile in profiles.items():
        print(f"\n{side}: {top(profile)}")
    if not told.profile:
        print("written to", report.write("negotiation", rows))


if __name__ == "__main__":
    main()
